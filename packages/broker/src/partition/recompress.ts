// A batch in another codec (`compression.type` other than `producer`): the records are decompressed, checked and compressed again; header and
// records stay what they were: offsets, timestamps, headers, producer id, epoch and sequence, and whether it is transactional.
//
//   [ header | compressed records ]  -> decompress -> check every record -> compress -> [ header, codec and CRC anew | records ]
//
// A batch that is in the topic's codec already is not touched, whatever level it was compressed at.
//
// Must stay true: what does not decompress to exactly the records that the header counts is refused, never stored.
import { CompressionError, codecId, type CodecName } from '@moldau/protocol/compression/codec.ts';
import {
  compress,
  compressAsync,
  decompress,
  decompressAsync,
  MAX_DECOMPRESSED_SIZE,
} from '@moldau/protocol/compression/compression.ts';
import {
  batchAttributes,
  batchBaseOffset,
  batchBaseSequence,
  batchBaseTimestamp,
  batchCodecId,
  batchLastOffsetDelta,
  batchLeaderEpoch,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  batchSizeInBytes,
  CODEC_MASK,
  NO_TIMESTAMP,
  RECORD_BATCH_OVERHEAD,
  writeBatchHeader,
} from '@moldau/protocol/records/batch-header.ts';
import { RecordCursor } from '@moldau/protocol/records/record-reader.ts';
import type { TopicConfig } from '../settings/topic-config.ts';

/** Up to this size, compressed and decompressed, a batch is done at once; above it off the event loop. */
export const RECOMPRESS_AT_ONCE_BYTES = 64 * 1024;

export interface Recompression {
  readonly codec: CodecName;
  /** Undefined: the codec's own. */
  readonly level: number | undefined;
}

type Compression = Pick<TopicConfig, 'compressionType' | 'compressionGzipLevel' | 'compressionZstdLevel'>;

/** What has to become of the batch by the topic's settings; undefined: it stays as it is. */
export function recompressionOf(batch: Uint8Array, config: Compression): Recompression | undefined {
  const { compressionType } = config;
  if (compressionType === 'producer') return undefined;
  const codec = compressionType === 'uncompressed' ? 'none' : compressionType;
  if (batchCodecId(batch, 0) === codecId(codec)) return undefined;
  return { codec, level: levelOf(codec, config) };
}

/** snappy has no levels, and the library for LZ4 offers none. */
function levelOf(codec: CodecName, config: Compression): number | undefined {
  if (codec === 'gzip') return config.compressionGzipLevel;
  return codec === 'zstd' ? config.compressionZstdLevel : undefined;
}

/**
 * The batch in the other codec, at once.
 * @returns undefined when that is too much work for the event loop
 * @throws CompressionError, RecordError when its records cannot be read
 */
export function recompressAtOnce(
  batch: Uint8Array,
  { codec, level }: Recompression,
  limit = RECOMPRESS_AT_ONCE_BYTES,
): Uint8Array | undefined {
  if (batchSizeInBytes(batch, 0) > limit) return undefined;
  let records: Uint8Array;
  try {
    records = decompress(batchCodecId(batch, 0), payload(batch), Math.min(limit, MAX_DECOMPRESSED_SIZE));
  } catch (error) {
    if (error instanceof CompressionError && error.code === 'TOO_LARGE') return undefined;
    throw error;
  }
  const maxTimestamp = checkRecords(batch, records);
  return rebuilt(batch, codec, compress(codec, records, level), maxTimestamp);
}

/**
 * `recompressAtOnce` for a batch of any size, off the event loop. `batch` must not change until it resolves.
 * @throws CompressionError, RecordError (as a rejection)
 */
export async function recompress(batch: Uint8Array, { codec, level }: Recompression): Promise<Uint8Array> {
  const records = await decompressAsync(batchCodecId(batch, 0), payload(batch));
  const maxTimestamp = checkRecords(batch, records);
  return rebuilt(batch, codec, await compressAsync(codec, records, level), maxTimestamp);
}

function payload(batch: Uint8Array): Uint8Array {
  return batch.subarray(RECORD_BATCH_OVERHEAD, batchSizeInBytes(batch, 0));
}

/** Goes over every record; returns the newest timestamp. @throws RecordError */
function checkRecords(batch: Uint8Array, records: Uint8Array): number {
  const cursor = new RecordCursor(batch, 0, records, 0, records.length);
  let maxTimestamp = NO_TIMESTAMP;
  while (cursor.next()) maxTimestamp = Math.max(maxTimestamp, cursor.timestamp);
  return maxTimestamp;
}

function rebuilt(batch: Uint8Array, codec: CodecName, records: Uint8Array, maxTimestamp: number): Uint8Array {
  const sizeInBytes = RECORD_BATCH_OVERHEAD + records.length;
  const bytes = new Uint8Array(sizeInBytes);
  bytes.set(records, RECORD_BATCH_OVERHEAD);
  writeBatchHeader(bytes, 0, {
    baseOffset: batchBaseOffset(batch, 0),
    sizeInBytes,
    leaderEpoch: batchLeaderEpoch(batch, 0),
    attributes: (batchAttributes(batch, 0) & ~CODEC_MASK) | codecId(codec),
    lastOffsetDelta: batchLastOffsetDelta(batch, 0),
    baseTimestamp: batchBaseTimestamp(batch, 0),
    maxTimestamp,
    producerId: batchProducerId(batch, 0),
    producerEpoch: batchProducerEpoch(batch, 0),
    baseSequence: batchBaseSequence(batch, 0),
    recordCount: batchRecordCount(batch, 0),
  });
  return bytes;
}
