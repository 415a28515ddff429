import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarizeProfile } from './cpu-profile.ts';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

test('self time is summed over all call sites of a function, and idle time is kept apart', () => {
  const summary = summarizeProfile(
    {
      nodes: [
        { id: 1, callFrame: frame('(idle)') },
        { id: 2, callFrame: frame('append', 'file:///repo/log.ts', 9) },
        { id: 3, callFrame: frame('append', 'file:///repo/log.ts', 9) },
        { id: 4, callFrame: frame('', 'node:net', 0) },
      ],
      samples: [2, 1, 3, 4],
      timeDeltas: [500, 1_000_000, 4_000_000, 2_000_000, 500_000],
    },
    '/repo',
  );
  assert.deepEqual(summary.functions, [
    { name: 'append', where: 'log.ts:10', seconds: 3 },
    { name: '(anonymous)', where: 'node:net:1', seconds: 0.5 },
  ]);
  assert.equal(summary.idleSeconds, 4);
  assert.equal(summary.busySeconds, 3.5);
});
