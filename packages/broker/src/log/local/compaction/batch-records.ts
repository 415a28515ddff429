// The records of one batch, decompressed once and walked over more than once. Small ones are decompressed at once: to hand them to another thread
// and back takes longer.
import { decompress, decompressAsync } from '@moldau/protocol/compression/compression.ts';
import {
  RECORD_BATCH_OVERHEAD,
  batchCodecId,
  batchRecordCount,
  batchSizeInBytes,
} from '@moldau/protocol/records/batch-header.ts';
import { RecordCursor } from '@moldau/protocol/records/record-reader.ts';

/** Records as they lie in memory, decompressed. */
export interface RecordBytes {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly end: number;
}

/** Records that take more bytes are (de)compressed off the event loop. */
export const SMALL_BYTES = 16 * 1024;

/** The records of the batch at `at`. Rejects with CompressionError. */
export async function recordsOf(bytes: Uint8Array, at: number): Promise<RecordBytes> {
  const start = at + RECORD_BATCH_OVERHEAD;
  const end = at + batchSizeInBytes(bytes, at);
  const codec = batchCodecId(bytes, at);
  // An empty batch may name a codec though it has nothing to decompress.
  if (codec === 0 || batchRecordCount(bytes, at) === 0) return { bytes, at: start, end };
  const stored = bytes.subarray(start, end);
  const records =
    end - start <= SMALL_BYTES ? decompress(codec, stored) : await decompressAsync(codec, stored);
  return { bytes: records, at: 0, end: records.length };
}

/** Walks over them; as often as is wanted. */
export function cursorOver(bytes: Uint8Array, at: number, records: RecordBytes): RecordCursor {
  return new RecordCursor(bytes, at, records.bytes, records.at, records.end);
}
