import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  array,
  assert as holds,
  constantFrom,
  property,
  record,
  uint8Array,
  option,
  integer,
  boolean,
  asyncProperty,
} from 'fast-check';
import { CODEC_NAMES, CompressionError } from '@moldau/protocol/compression/codec.ts';
import {
  BATCH_CRC_AT,
  BATCH_RECORD_COUNT_AT,
  BATCH_LAST_OFFSET_DELTA_AT,
  batchCodecId,
  batchComputedCrc,
  batchIsTransactional,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchBaseSequence,
  RECORD_BATCH_OVERHEAD,
} from '@moldau/protocol/records/batch-header.ts';
import { checkBatch } from '@moldau/protocol/records/check-batch.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { readRecords } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import { recompress, recompressAtOnce, recompressionOf } from './recompress.ts';

const settings = (compressionType: Parameters<typeof recompressionOf>[1]['compressionType']) => ({
  compressionType,
  compressionGzipLevel: 9,
  compressionZstdLevel: -5,
});

const codecs = constantFrom(...CODEC_NAMES);
const bytes = uint8Array({ maxLength: 40 });
const records = array(
  record({
    timestamp: integer({ min: -1, max: 2 ** 40 }),
    key: option(bytes, { nil: null }),
    value: option(bytes, { nil: null }),
    headers: array(record({ key: constantFrom('a', 'h', ''), value: option(bytes, { nil: null }) }), {
      maxLength: 2,
    }),
  }),
  { minLength: 1, maxLength: 20 },
);

/** All that is in the records, as text. */
const recordsOf = (batch: Uint8Array): unknown =>
  [...readRecords(batch)].map(({ offset, timestamp, key, value, headers }) => ({
    offset,
    timestamp,
    key: key && Buffer.from(key).toString('hex'),
    value: value && Buffer.from(value).toString('hex'),
    headers: headers.map((header) => [header.key, header.value && Buffer.from(header.value).toString('hex')]),
  }));

/** Makes the CRC right again after a change. */
function resealed(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer, batch.byteOffset).setInt32(BATCH_CRC_AT, batchComputedCrc(batch, 0));
  return batch;
}

describe('a batch in another codec', () => {
  it('is asked for when the topic names one that the batch is not in', () => {
    const gzip = buildBatch({ codec: 'gzip', records: [{ timestamp: 1 }] });
    const plain = buildBatch({ records: [{ timestamp: 1 }] });
    assert.equal(recompressionOf(gzip, settings('producer')), undefined);
    assert.equal(recompressionOf(gzip, settings('gzip')), undefined);
    assert.equal(recompressionOf(plain, settings('uncompressed')), undefined);
    assert.deepEqual(recompressionOf(gzip, settings('uncompressed')), { codec: 'none', level: undefined });
    assert.deepEqual(recompressionOf(plain, settings('gzip')), { codec: 'gzip', level: 9 });
    assert.deepEqual(recompressionOf(plain, settings('zstd')), { codec: 'zstd', level: -5 });
    assert.deepEqual(recompressionOf(plain, settings('lz4')), { codec: 'lz4', level: undefined });
  });

  it('holds the same records and the same producer, whichever codecs they are, at once and later', () =>
    holds(
      asyncProperty(codecs, codecs, records, boolean(), async (from, codec, list, transactional) => {
        const batch = buildBatch({
          codec: from,
          producerId: 77,
          producerEpoch: 3,
          baseSequence: 2 ** 31 - 2,
          transactional,
          records: list,
        });
        const to = { codec, level: undefined };
        const now = recompressAtOnce(batch, to);
        assert.ok(now !== undefined);
        // Not byte by byte: a library may compress otherwise in a thread of its own.
        for (const made of [now, await recompress(batch, to)]) {
          assert.equal(checkBatch(made, 0, made.length, 'producer'), undefined);
          assert.equal(CODEC_NAMES[batchCodecId(made, 0)], codec);
          assert.deepEqual(recordsOf(made), recordsOf(batch));
          assert.equal(batchProducerId(made, 0), 77);
          assert.equal(batchProducerEpoch(made, 0), 3);
          assert.equal(batchBaseSequence(made, 0), 2 ** 31 - 2);
          assert.equal(batchIsTransactional(made, 0), transactional);
          assert.equal(batchMaxTimestamp(made, 0), Math.max(...list.map(({ timestamp }) => timestamp)));
        }
      }),
      { numRuns: 60 },
    ));

  it('is left for later when it is large, or would be when decompressed', () => {
    const large = buildBatch({ records: [{ timestamp: 1, value: Buffer.alloc(2000) }] });
    const packed = buildBatch({ codec: 'gzip', records: [{ timestamp: 1, value: Buffer.alloc(2000) }] });
    assert.ok(packed.length < 200);
    for (const batch of [large, packed])
      assert.equal(recompressAtOnce(batch, { codec: 'zstd', level: undefined }, 1000), undefined);
    assert.ok(recompressAtOnce(packed, { codec: 'zstd', level: undefined }, 3000) !== undefined);
  });

  it('is refused when it does not decompress', async () => {
    for (const codec of CODEC_NAMES.slice(1)) {
      const batch = buildBatch({ codec, records: [{ timestamp: 1, value: Buffer.alloc(300, 'abc') }] });
      batch.fill(0xff, RECORD_BATCH_OVERHEAD + 9, RECORD_BATCH_OVERHEAD + 20);
      const damaged = (error: unknown) => error instanceof CompressionError || error instanceof RecordError;
      assert.throws(() => recompressAtOnce(batch, { codec: 'none', level: undefined }), damaged, codec);
      await assert.rejects(recompress(batch, { codec: 'none', level: undefined }), damaged, codec);
    }
  });

  it('is refused when its header counts other records than there are', () => {
    for (const count of [1, 3]) {
      const batch = buildBatch({ codec: 'zstd', records: [{ timestamp: 1 }, { timestamp: 2 }] });
      const view = new DataView(batch.buffer, batch.byteOffset);
      view.setInt32(BATCH_RECORD_COUNT_AT, count);
      view.setInt32(BATCH_LAST_OFFSET_DELTA_AT, count - 1);
      assert.throws(
        () => recompressAtOnce(resealed(batch), { codec: 'none', level: undefined }),
        RecordError,
      );
    }
  });

  it('never gives what is not a batch, whatever the bytes of the records', () => {
    holds(
      property(codecs, codecs, uint8Array({ minLength: 1, maxLength: 200 }), (from, codec, payload) => {
        const batch = new Uint8Array(RECORD_BATCH_OVERHEAD + payload.length);
        batch.set(
          buildBatch({ codec: from, records: [{ timestamp: 1 }] }).subarray(0, RECORD_BATCH_OVERHEAD),
        );
        batch.set(payload, RECORD_BATCH_OVERHEAD);
        new DataView(batch.buffer).setInt32(8, batch.length - 12);
        try {
          const made = recompressAtOnce(resealed(batch), { codec, level: undefined });
          if (made !== undefined) assert.equal([...readRecords(made)].length, 1);
        } catch (error) {
          assert.ok(error instanceof CompressionError || error instanceof RecordError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});
