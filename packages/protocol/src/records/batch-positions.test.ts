import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchEnd, batchPositions, hasWholeHeader, wholeBatchesSize } from './batch-positions.ts';
import { buildBatch } from './record-writer.ts';

const first = buildBatch({ records: [{ value: new Uint8Array(10) }] });
const second = buildBatch({ records: [{ value: new Uint8Array(1000) }] });
const both = Buffer.concat([first, second]);

test('whole batches are found, one behind the other', () => {
  assert.deepEqual([...batchPositions(both)], [0, first.length]);
  assert.deepEqual([...batchPositions(both, first.length)], [first.length]);
  assert.equal(batchEnd(both, 0), first.length);
  assert.equal(batchEnd(both, first.length), both.length);
  assert.equal(wholeBatchesSize(both), both.length);
});

test('the walk ends at a batch that is not whole, wherever it is cut', () => {
  for (let end = 0; end < both.length; end++) {
    const whole = end < first.length ? 0 : first.length;
    assert.equal(wholeBatchesSize(both, 0, end), whole);
    assert.equal(wholeBatchesSize(both.subarray(0, end)), whole);
    assert.equal([...batchPositions(both, 0, end)].length, whole === 0 ? 0 : 1);
  }
});

test('a length that cannot be true ends the walk', () => {
  for (const length of [-1, 0, 4, -(2 ** 31), 2 ** 31 - 1]) {
    const bytes = Buffer.concat([both, first]);
    bytes.writeInt32BE(length, first.length + 8);
    assert.deepEqual([...batchPositions(bytes)], [0], String(length));
  }
});

test('any bytes: positions go forward and stay inside', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(50), (bytes, at) => {
      let last = at - 1;
      for (const position of batchPositions(bytes, at)) {
        assert.ok(position > last && position < bytes.length);
        last = position;
      }
    }),
  );
});

test('the smallest batch that can be read has 61 bytes', () => {
  assert.equal(hasWholeHeader(10, 71), true);
  assert.equal(hasWholeHeader(10, 70), false);
});
