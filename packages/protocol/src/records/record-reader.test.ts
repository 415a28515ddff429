// Records: what was appended is read back, views are views, and bytes that are no records give RecordError and nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CODEC_NAMES, CompressionError } from '../compression/codec.ts';
import { batchComputedCrc, batchRecordCount, RECORD_BATCH_OVERHEAD } from './batch-header.ts';
import { checkBatch } from './check-batch.ts';
import { RecordError } from './record-error.ts';
import { openBatch, openBatchAsync, readRecords } from './record-reader.ts';
import { BatchBuilder, buildBatch } from './record-writer.ts';
import type { NewRecord } from './record-writer.ts';

const utf8 = new TextEncoder();
const bytes = fc.uint8Array({ maxLength: 40 });
const header = fc.record({ key: fc.string({ unit: 'binary', maxLength: 8 }), value: fc.option(bytes) });
const newRecord = fc.record({
  timestamp: fc.oneof(fc.constant(-1), fc.nat(1000), fc.nat(2 ** 52)),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(header, { maxLength: 3 }),
});
const codec = fc.constantFrom(...CODEC_NAMES);
const baseOffset = fc.nat(2 ** 52);

function plain(record: NewRecord): unknown {
  const copy = (field: Uint8Array | null | undefined) => (field ? [...field] : null);
  const headers = record.headers?.map(({ key, value }) => [key, copy(value)]);
  return [record.offset, record.timestamp, copy(record.key), copy(record.value), headers];
}

test('what was written is read, in every codec, at any place of a buffer', () => {
  fc.assert(
    fc.property(
      fc.array(newRecord, { maxLength: 20 }),
      codec,
      baseOffset,
      fc.nat(9),
      (records, codec, baseOffset, at) => {
        const batch = buildBatch({ records, codec, baseOffset });
        const buffer = new Uint8Array(batch.length + at + 5);
        buffer.set(batch, at);
        const origin = records.length > 0 ? 'producer' : 'log';
        if (records.length > 0) assert.equal(checkBatch(buffer, at, buffer.length, origin), undefined);
        const expected = records.map((record, index) => plain({ ...record, offset: baseOffset + index }));
        assert.deepEqual([...readRecords(buffer, at)].map(plain), expected);
      },
    ),
  );
});

test('gaps left by compaction, and the last offset of the original batch', () => {
  const value = utf8.encode('v');
  const records = [3, 8, 9].map((offset) => ({ offset: 100 + offset, timestamp: 5, value }));
  const batch = buildBatch({ baseOffset: 100, lastOffset: 120, records, deleteHorizon: 4000 });
  assert.equal(checkBatch(batch, 0, batch.length, 'log'), undefined);
  assert.deepEqual(
    [...readRecords(batch)].map(({ offset, timestamp }) => [offset, timestamp]),
    [
      [103, 5],
      [108, 5],
      [109, 5],
    ],
  );
});

test('with LogAppendTime every record has the timestamp of the batch', () => {
  const batch = buildBatch({ logAppendTime: 777, records: [{ timestamp: 1 }, { timestamp: 2 }] });
  assert.deepEqual(
    [...readRecords(batch)].map(({ timestamp }) => timestamp),
    [777, 777],
  );
});

test('an uncompressed batch is not copied', () => {
  const batch = buildBatch({
    records: [{ key: utf8.encode('key'), headers: [{ key: 'h', value: utf8.encode('x') }] }],
  });
  const [record] = [...readRecords(batch)];
  assert.equal(record?.key?.buffer, batch.buffer);
  assert.equal(record.headers[0]?.value?.buffer, batch.buffer);
});

test('a cursor gives fields only when asked, headers twice if asked twice', () => {
  const headers = [
    { key: 'a', value: null },
    { key: 'ä', value: utf8.encode('2') },
  ];
  const cursor = openBatch(buildBatch({ records: [{ headers }, { key: new Uint8Array(0) }] }));
  assert.ok(cursor.next());
  assert.deepEqual([cursor.hasKey, cursor.hasValue, cursor.headerCount], [false, false, 2]);
  assert.deepEqual(cursor.headers, headers);
  assert.deepEqual(cursor.headers, headers);
  assert.ok(cursor.next());
  assert.deepEqual([cursor.hasKey, cursor.key?.length, cursor.headers.length], [true, 0, 0]);
  assert.equal(cursor.next(), false);
  assert.equal(cursor.next(), false);
});

test('decompression off the event loop reads the same', async () => {
  for (const codec of CODEC_NAMES) {
    const batch = buildBatch({ codec, records: [{ value: new Uint8Array(1000) }] });
    const cursor = await openBatchAsync(batch);
    assert.ok(cursor.next());
    assert.equal(cursor.value?.length, 1000);
  }
});

test('a batch that would decompress beyond the limit is refused', async () => {
  for (const codec of CODEC_NAMES.slice(1)) {
    const batch = buildBatch({ codec, records: [{ value: new Uint8Array(100_000) }] });
    const tooLarge = (error: unknown) => error instanceof CompressionError && error.code === 'TOO_LARGE';
    assert.throws(() => openBatch(batch, 0, { maxDecompressedSize: 99_999 }), tooLarge, codec);
    await assert.rejects(openBatchAsync(batch, 0, { maxDecompressedSize: 99_999 }), tooLarge, codec);
    assert.ok(openBatch(batch, 0, { maxDecompressedSize: 100_100 }).next());
  }
});

/** A batch whose records are exactly these bytes. */
function batchOf(records: readonly number[], count: number): Uint8Array {
  const batch = Buffer.concat([buildBatch({ records: [] }), Uint8Array.from(records)]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(Math.max(count - 1, 0), 23);
  batch.writeInt32BE(count, 57);
  batch.writeUInt32BE(batchComputedCrc(batch, 0), 17);
  assert.equal(checkBatch(batch, 0, batch.length, 'log'), undefined);
  return batch;
}

// size, attributes, timestamp delta, offset delta, key null, value null, no headers
const smallest = [12, 0, 0, 0, 1, 1, 0];

test('the smallest record', () => {
  assert.equal([...readRecords(batchOf(smallest, 1))].length, 1);
});

const malformed: readonly (readonly [string, readonly number[], number])[] = [
  ['no record where one is announced', [], 1],
  ['bytes behind the last record', [...smallest, 0], 1],
  ['a size of 0', [0], 1],
  ['a negative size', [11, 0, 0, 0, 1, 1, 0], 1],
  ['a size beyond the batch', [14, 0, 0, 0, 1, 1, 0], 1],
  ['a size beyond what the record needs', [14, 0, 0, 0, 1, 1, 0, 0], 1],
  ['a record within what the size of another covers', [26, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 1, 0], 2],
  ['a size below what the record needs', [10, 0, 0, 0, 1, 1, 0], 1],
  ['a size that does not end', [0x80, 0x80], 1],
  ['a size of 6 bytes', [0x8c, 0x80, 0x80, 0x80, 0x80, 0x00, 0, 0, 0, 1, 1, 0], 1],
  ['a size beyond 32 bits', [0x8c, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 1, 1, 0], 1],
  ['an offset beyond the last', [12, 0, 0, 2, 1, 1, 0], 1],
  ['an offset before the first', [12, 0, 0, 1, 1, 1, 0], 1],
  ['the same offset twice', [...smallest, ...smallest], 2],
  ['a key beyond the record', [12, 0, 0, 0, 8, 1, 0], 1],
  ['a value beyond the record', [12, 0, 0, 0, 1, 4, 0], 1],
  ['-1 headers', [12, 0, 0, 0, 1, 1, 1], 1],
  ['more headers than bytes', [16, 0, 0, 0, 1, 1, 4, 0, 1], 1],
  ['a header without a key', [16, 0, 0, 0, 1, 1, 2, 1, 1], 1],
  ['a header key beyond the record', [16, 0, 0, 0, 1, 1, 2, 4, 1], 1],
  ['a header value beyond the record', [16, 0, 0, 0, 1, 1, 2, 0, 2], 1],
  ['a timestamp beyond 53 bits', [26, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0, 1, 1, 0], 1],
  ['a timestamp that does not end', [6, 0, 0x80, 0x80], 1],
  ['no timestamp', [2, 0], 1],
  ['a timestamp of 11 bytes', [32, 0, ...Array.from({ length: 10 }, () => 0x80), 0, 0, 1, 1, 0], 1],
];

for (const [name, records, count] of malformed) {
  test(`RecordError: ${name}`, () => {
    assert.throws(() => [...readRecords(batchOf(records, count))], RecordError);
  });
}

test('numbers longer than they need to be are read', () => {
  const padded = [0x8e, 0, 0, 0x80, 0, 0, 1, 1, 0];
  assert.equal([...readRecords(batchOf(padded, 1))].length, 1);
});

test('fuzz: mutated records behind a right CRC give records, RecordError or CompressionError', () => {
  const mutation = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(
      fc.array(newRecord, { minLength: 1, maxLength: 5 }),
      codec,
      fc.array(mutation),
      fc.nat(4),
      (...drawn) => {
        const [records, codec, mutations, cut] = drawn;
        const whole = Buffer.from(buildBatch({ records, codec }));
        const batch = whole.subarray(0, Math.max(whole.length - cut, RECORD_BATCH_OVERHEAD));
        const size = batch.length - RECORD_BATCH_OVERHEAD;
        for (const [place, byte] of mutations)
          if (size > 0) batch[RECORD_BATCH_OVERHEAD + (place % size)] = byte;
        batch.writeInt32BE(batch.length - 12, 8);
        batch.writeUInt32BE(batchComputedCrc(batch, 0), 17);
        assert.equal(checkBatch(batch, 0, batch.length, 'producer'), undefined);
        try {
          const read = [...readRecords(batch, 0, { maxDecompressedSize: 1_000_000 })];
          assert.equal(read.length, batchRecordCount(batch, 0));
        } catch (error) {
          assert.ok(error instanceof RecordError || error instanceof CompressionError, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('the builder knows its size as it grows, and is used once', async () => {
  const builder = new BatchBuilder({ baseOffset: 5 });
  assert.equal(builder.sizeInBytes, RECORD_BATCH_OVERHEAD);
  for (let index = 0; index < 100; index++) builder.append(1000 + index, utf8.encode(`key ${index}`), null);
  const { sizeInBytes } = builder;
  assert.equal(builder.recordCount, 100);
  const batch = builder.build();
  assert.equal(batch.length, sizeInBytes);
  assert.throws(() => builder.append(0, null, null), /has been built/);
  assert.throws(() => builder.build(), /built already/);
  await assert.rejects(builder.buildAsync(), /built already/);
});

test('a batch built off the event loop reads the same, and holds no more memory than it needs', async () => {
  for (const codec of CODEC_NAMES) {
    const builder = new BatchBuilder({ codec }, 100_000);
    builder.append(1, null, utf8.encode('value '.repeat(100)));
    const batch = await builder.buildAsync();
    assert.equal(checkBatch(batch, 0, batch.length, 'producer'), undefined);
    assert.equal([...readRecords(batch)][0]?.value?.length, 600);
    assert.ok(batch.buffer.byteLength <= batch.length * 1.25);
  }
});

test('what the format cannot carry is refused, and the builder goes on', () => {
  const builder = new BatchBuilder({ baseOffset: 5 });
  builder.append(0, null, null, [], 9);
  assert.throws(() => builder.append(0, null, null, [], 9), RangeError);
  assert.throws(() => builder.append(0, null, null, [], 5 + 2 ** 31), RangeError);
  assert.throws(() => builder.append(2 ** 53, null, null), RangeError);
  assert.throws(() => builder.append(0.5, null, null), RangeError);
  builder.append(0, null, null);
  assert.deepEqual(
    [...readRecords(builder.build())].map(({ offset }) => offset),
    [9, 10],
  );
});
