import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalLine } from './terminal-format.ts';

test('a line names time, level, what happened and the details', () => {
  const json = JSON.stringify({
    level: 'warn',
    time: '2026-01-02T03:04:05.678Z',
    remote: { host: '127.0.0.1', port: 5123 },
    err: { type: 'Error', message: 'broken', stack: 'long' },
    count: 3,
    msg: 'a connection was refused',
  });
  assert.equal(
    terminalLine(json),
    '03:04:05 WARN  a connection was refused  remote=127.0.0.1:5123 err=broken count=3\n',
  );
});

test('what is no log line stays as it is', () => {
  assert.equal(terminalLine('not json\n'), 'not json\n');
});
