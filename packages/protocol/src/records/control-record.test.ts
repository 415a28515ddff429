// Markers that are none. Good ones are compared with Java's in golden-batches.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEndTransactionMarker } from './control-record.ts';
import { RecordError } from './record-error.ts';

const key = (...bytes: number[]) => Uint8Array.from(bytes);
const value = key(0, 0, 0, 0, 0, 7);

test('control records of other types are not markers', () => {
  assert.equal(readEndTransactionMarker(key(0, 0, 0, 2), value), undefined);
  assert.equal(readEndTransactionMarker(key(0, 0, 0xff, 0xff), null), undefined);
});

test('newer versions may only add to the end', () => {
  const marker = readEndTransactionMarker(key(0, 1, 0, 1, 9), key(0, 1, 0, 0, 0, 7, 9));
  assert.deepEqual(marker, { type: 'commit', coordinatorEpoch: 7 });
});

test('RecordError for what is none', () => {
  assert.throws(() => readEndTransactionMarker(null, value), RecordError);
  assert.throws(() => readEndTransactionMarker(key(0, 0, 0), value), RecordError);
  assert.throws(() => readEndTransactionMarker(key(0x80, 0, 0, 1), value), RecordError);
  assert.throws(() => readEndTransactionMarker(key(0, 0, 0, 1), null), RecordError);
  assert.throws(() => readEndTransactionMarker(key(0, 0, 0, 1), value.subarray(1)), RecordError);
  assert.throws(() => readEndTransactionMarker(key(0, 0, 0, 1), key(0xff, 0, 0, 0, 0, 1)), RecordError);
});
