// The verdicts, one by one, and that there is always one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchComputedCrc, batchSizeInBytes } from './batch-header.ts';
import { BATCH_FAILURE_ERRORS, checkBatch, checkBatchHeader } from './check-batch.ts';
import type { BatchFailure, BatchOrigin } from './check-batch.ts';
import { buildBatch } from './record-writer.ts';
import type { BatchOptions } from './record-writer.ts';

const value = new TextEncoder().encode('value');
const idempotent = { producerId: 5, producerEpoch: 0, baseSequence: 0 };

function batch(options: BatchOptions = {}): Buffer {
  return Buffer.from(buildBatch({ records: [{ value }, { value }, { value }], ...options }));
}

/** A batch with something changed and the CRC made right again. */
function changed(change: (bytes: Buffer) => void, options: BatchOptions = {}): Buffer {
  const bytes = batch(options);
  change(bytes);
  bytes.writeUInt32BE(batchComputedCrc(bytes, 0), 17);
  return bytes;
}

function verdicts(bytes: Uint8Array): (BatchFailure | undefined)[] {
  return (['producer', 'log'] as const).map((origin) => checkBatch(bytes, 0, bytes.length, origin));
}

test('good batches', () => {
  assert.deepEqual(verdicts(batch()), [undefined, undefined]);
  assert.deepEqual(verdicts(batch({ ...idempotent, transactional: true, codec: 'zstd' })), [
    undefined,
    undefined,
  ]);
  assert.deepEqual(verdicts(batch({ ...idempotent, baseSequence: 2 ** 31 - 1 })), [undefined, undefined]);
});

const bad: readonly (readonly [string, Uint8Array, BatchFailure, BatchFailure | undefined])[] = [
  ['magic 0', changed((bytes) => bytes.writeInt8(0, 16)), 'old-magic', 'old-magic'],
  ['magic 1, shorter than a header', Buffer.from([...new Uint8Array(16), 1, 0]), 'old-magic', 'old-magic'],
  ['magic 3', changed((bytes) => bytes.writeInt8(3, 16)), 'unknown-magic', 'unknown-magic'],
  ['magic -1', changed((bytes) => bytes.writeInt8(-1, 16)), 'unknown-magic', 'unknown-magic'],
  [
    'length of 48',
    changed((bytes) => bytes.writeInt32BE(48, 8)),
    'length-out-of-bounds',
    'length-out-of-bounds',
  ],
  [
    'length below 0',
    changed((bytes) => bytes.writeInt32BE(-9, 8)),
    'length-out-of-bounds',
    'length-out-of-bounds',
  ],
  ['length beyond the end', batch().subarray(0, -1), 'too-short', 'too-short'],
  ['a flipped bit', batch().fill(1, 70, 71), 'crc-mismatch', 'crc-mismatch'],
  ['codec 5', changed((bytes) => bytes.writeInt16BE(5, 21)), 'unknown-codec', 'unknown-codec'],
  [
    '-1 records',
    changed((bytes) => bytes.writeInt32BE(-1, 57)),
    'negative-record-count',
    'negative-record-count',
  ],
  [
    'more records than offsets',
    changed((bytes) => bytes.writeInt32BE(4, 57)),
    'offset-range',
    'offset-range',
  ],
  ['last offset before base', changed((bytes) => bytes.writeInt32BE(-1, 23)), 'offset-range', 'offset-range'],
  [
    'timestamp 2^53',
    changed((bytes) => bytes.writeBigInt64BE(2n ** 53n, 35)),
    'unsafe-int64',
    'unsafe-int64',
  ],
  [
    'producer id 2^60',
    changed((bytes) => bytes.writeBigInt64BE(2n ** 60n, 43)),
    'unsafe-int64',
    'unsafe-int64',
  ],
  // From here on only a producer is refused.
  ['no records', changed((bytes) => bytes.writeInt32BE(0, 57)), 'no-records', undefined],
  ['gaps', changed((bytes) => bytes.writeInt32BE(2, 57)), 'record-count-mismatch', undefined],
  ['control batch', batch({ ...idempotent, control: true, transactional: true }), 'control-batch', undefined],
  ['LogAppendTime', batch({ logAppendTime: 5 }), 'log-append-time', undefined],
  ['no sequence', batch({ ...idempotent, baseSequence: -1 }), 'missing-sequence', undefined],
  ['no epoch', batch({ ...idempotent, producerEpoch: -1 }), 'missing-producer-epoch', undefined],
  ['transaction of nobody', batch({ transactional: true }), 'missing-producer-id', undefined],
];

for (const [name, bytes, fromProducer, inLog] of bad) {
  test(`${name}: ${fromProducer}`, () => {
    assert.deepEqual(verdicts(bytes), [fromProducer, inLog]);
    assert.ok(BATCH_FAILURE_ERRORS[fromProducer]);
  });
}

test('base offsets count in the log only: those of producers are overwritten', () => {
  const bytes = batch();
  bytes.writeBigInt64BE(2n ** 53n - 2n, 0);
  assert.deepEqual(verdicts(bytes), [undefined, 'unsafe-int64']);
});

test('without the CRC the rest is still checked', () => {
  const flipped = batch().fill(1, 70, 71);
  assert.equal(checkBatchHeader(flipped, 0, flipped.length, 'producer'), undefined);
  assert.equal(checkBatchHeader(flipped, 0, flipped.length - 1, 'producer'), 'too-short');
  assert.equal(
    checkBatchHeader(batch({ logAppendTime: 1 }), 0, flipped.length, 'producer'),
    'log-append-time',
  );
});

test('a batch cut anywhere is too short', () => {
  const bytes = batch();
  for (let end = 0; end < bytes.length; end++) assert.equal(checkBatch(bytes, 0, end, 'log'), 'too-short');
});

test('a flipped bit is found wherever it is, except in base offset and leader epoch', () => {
  const good = batch();
  for (let bit = 8 * 8; bit < good.length * 8; bit++) {
    const position = bit >> 3;
    if (position >= 12 && position < 16) continue;
    const bytes = Buffer.from(good);
    bytes[position]! ^= 1 << (bit & 7);
    assert.notEqual(checkBatch(bytes, 0, bytes.length, 'log'), undefined, `bit ${bit}`);
  }
});

test('any bytes get a verdict', () => {
  const origin = fc.constantFrom<BatchOrigin>('producer', 'log');
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 150 }),
      fc.nat(160),
      fc.nat(160),
      origin,
      (bytes, at, end, from) => {
        assert.notEqual(checkBatch(bytes, at, end, from), undefined);
      },
    ),
  );
  // A header that passes for one up to its fields.
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 61, maxLength: 100 }), origin, (bytes, from) => {
      const batch = changedHeader(bytes);
      const verdict = checkBatch(batch, 0, batch.length, from);
      assert.ok(verdict === undefined || verdict in BATCH_FAILURE_ERRORS);
    }),
  );
});

function changedHeader(bytes: Uint8Array): Buffer {
  const header = Buffer.from(bytes);
  header.writeInt32BE(header.length - 12, 8);
  header.writeInt8(2, 16);
  header.writeUInt32BE(batchComputedCrc(header, 0), 17);
  assert.equal(batchSizeInBytes(header, 0), header.length);
  return header;
}
