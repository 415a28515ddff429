// Kafka's small text files: read exactly, or not believed at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseEpochsFile, parseOffsetsFile } from './kafka-text-files.ts';

test('offsets of partitions', () => {
  const parse = (text: string): object | undefined => {
    const parsed = parseOffsetsFile(Buffer.from(text));
    return parsed === undefined ? undefined : Object.fromEntries(parsed);
  };
  assert.deepEqual(parse('0\n2\norders 0 1500\na-b.c 12 0\n'), { 'orders-0': 1500, 'a-b.c-12': 0 });
  assert.deepEqual(parse('0\n0\n'), {});
  const broken = [
    '',
    '1\n0\n',
    '0\n2\norders 0 1\n',
    '0\n1\norders 0 -1\n',
    '0\n1\norders x 1\n',
    '0\n1\norders 0 99999999999999999999\n',
  ];
  for (const text of broken) assert.equal(parse(text), undefined, JSON.stringify(text));
});

test('epochs, which grow', () => {
  const parse = (text: string): object | undefined => parseEpochsFile(Buffer.from(text));
  assert.deepEqual(parse('0\n2\n3 0\n7 20\n'), [
    { epoch: 3, startOffset: 0 },
    { epoch: 7, startOffset: 20 },
  ]);
  for (const text of ['0\n2\n7 0\n3 20\n', '0\n2\n3 20\n7 0\n', '0\n1\n3\n', 'x'])
    assert.equal(parse(text), undefined, JSON.stringify(text));
});

test('any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      parseOffsetsFile(bytes);
      parseEpochsFile(bytes);
    }),
  );
});
