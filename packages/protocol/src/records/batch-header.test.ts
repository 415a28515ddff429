// The header view against DataView, and what patching may and may not change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  RECORD_BATCH_OVERHEAD,
  addToSequence,
  batchAttributes,
  batchBaseOffset,
  batchBaseSequence,
  batchBaseTimestamp,
  batchCodecId,
  batchComputedCrc,
  batchCrc,
  batchDeleteHorizon,
  batchIsControl,
  batchIsTransactional,
  batchLastOffset,
  batchLastOffsetDelta,
  batchLastSequence,
  batchLeaderEpoch,
  batchMagic,
  batchMaxTimestamp,
  batchNextOffset,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  batchSizeInBytes,
  batchTimestampType,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchMaxTimestamp,
  writeBatchHeader,
} from './batch-header.ts';
import { buildBatch } from './record-writer.ts';

const value = new TextEncoder().encode('Vltava');
const sample = () =>
  buildBatch({
    codec: 'gzip',
    baseOffset: 7,
    transactional: true,
    producerId: 9,
    producerEpoch: 1,
    baseSequence: 2 ** 31 - 1,
    records: [
      { timestamp: 1000, value },
      { timestamp: 900, value },
    ],
  });

test('every field is read where it lies', () => {
  const at = 3;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 70, maxLength: 70 }), (bytes) => {
      const view = new DataView(bytes.buffer, at);
      assert.equal(batchBaseOffset(bytes, at), Number(view.getBigInt64(0)));
      assert.equal(batchSizeInBytes(bytes, at), view.getInt32(8) + 12);
      assert.equal(batchLeaderEpoch(bytes, at), view.getInt32(12));
      assert.equal(batchMagic(bytes, at), view.getInt8(16));
      assert.equal(batchCrc(bytes, at), view.getUint32(17));
      assert.equal(batchAttributes(bytes, at), view.getInt16(21));
      assert.equal(batchLastOffsetDelta(bytes, at), view.getInt32(23));
      assert.equal(batchBaseTimestamp(bytes, at), Number(view.getBigInt64(27)));
      assert.equal(batchMaxTimestamp(bytes, at), Number(view.getBigInt64(35)));
      assert.equal(batchProducerId(bytes, at), Number(view.getBigInt64(43)));
      assert.equal(batchProducerEpoch(bytes, at), view.getInt16(51));
      assert.equal(batchBaseSequence(bytes, at), view.getInt32(53));
      assert.equal(batchRecordCount(bytes, at), view.getInt32(57));
      const attributes = view.getInt16(21);
      assert.equal(batchCodecId(bytes, at), attributes & 7);
      assert.equal(batchTimestampType(bytes, at), (attributes & 8) === 0 ? 'CreateTime' : 'LogAppendTime');
      assert.equal(batchIsTransactional(bytes, at), (attributes & 16) !== 0);
      assert.equal(batchIsControl(bytes, at), (attributes & 32) !== 0);
      assert.equal(
        batchDeleteHorizon(bytes, at),
        (attributes & 64) === 0 ? undefined : Number(view.getBigInt64(27)),
      );
    }),
  );
});

test('what is derived from the fields', () => {
  const batch = sample();
  assert.equal(batchLastOffset(batch, 0), 8);
  assert.equal(batchNextOffset(batch, 0), 9);
  assert.equal(batchLastSequence(batch, 0), 0, 'sequences wrap to 0');
  assert.equal(addToSequence(2 ** 31 - 2, 1), 2 ** 31 - 1);
  assert.equal(batchMaxTimestamp(batch, 0), 1000);
  assert.equal(batchLastSequence(buildBatch({ records: [{ value }] }), 0), -1);
});

test('base offset and leader epoch change without touching the CRC or anything else', () => {
  const batch = sample();
  const before = batch.slice();
  setBatchBaseOffset(batch, 0, Number.MAX_SAFE_INTEGER);
  setBatchLeaderEpoch(batch, 0, 2 ** 31 - 1);
  assert.equal(batchBaseOffset(batch, 0), Number.MAX_SAFE_INTEGER);
  assert.equal(batchLeaderEpoch(batch, 0), 2 ** 31 - 1);
  assert.equal(batchCrc(batch, 0), batchComputedCrc(batch, 0));
  assert.deepEqual(batch.subarray(16), before.subarray(16));
  assert.deepEqual(batch.subarray(8, 12), before.subarray(8, 12));
});

test('LogAppendTime: type, timestamp and CRC change, in the middle of a buffer too', () => {
  const batch = sample();
  const bytes = new Uint8Array(batch.length + 10).fill(0xaa);
  bytes.set(batch, 5);
  setBatchMaxTimestamp(bytes, 5, 'LogAppendTime', 1_700_000_000_000);
  assert.equal(batchTimestampType(bytes, 5), 'LogAppendTime');
  assert.equal(batchMaxTimestamp(bytes, 5), 1_700_000_000_000);
  assert.equal(batchIsTransactional(bytes, 5), true);
  assert.equal(batchCodecId(bytes, 5), 1);
  assert.equal(batchCrc(bytes, 5), batchComputedCrc(bytes, 5));
  assert.notEqual(batchCrc(bytes, 5), batchCrc(batch, 0));
  setBatchMaxTimestamp(bytes, 5, 'CreateTime', 1000);
  assert.deepEqual(bytes.subarray(5, 5 + batch.length), batch, 'and back again');
  assert.ok(
    bytes.subarray(0, 5).every((byte) => byte === 0xaa) && bytes.subarray(-5).every((byte) => byte === 0xaa),
  );
});

test('an int64 that is no safe integer, and a batch beyond its bytes, are refused', () => {
  const batch = sample();
  assert.throws(() => setBatchBaseOffset(batch, 0, 2 ** 53), RangeError);
  assert.throws(() => setBatchBaseOffset(batch, 0, 0.5), RangeError);
  const header = {
    baseOffset: 0,
    sizeInBytes: RECORD_BATCH_OVERHEAD,
    leaderEpoch: 0,
    attributes: 0,
    lastOffsetDelta: 0,
    baseTimestamp: 0,
    maxTimestamp: 0,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    recordCount: 0,
  };
  assert.throws(() => writeBatchHeader(new Uint8Array(60), 0, header), RangeError);
  writeBatchHeader(new Uint8Array(61), 0, header);
});
