// Whether stored bytes are the batch that was written: structure first, then the CRC.
import {
  BATCH_MAGIC,
  LOG_OVERHEAD,
  RECORD_BATCH_OVERHEAD,
  batchBaseOffset,
  batchComputedCrc,
  batchCrc,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchMagic,
  batchRecordCount,
  batchSizeInBytes,
} from '@moldau/protocol/records/batch-header.ts';

import type { FrameBatchEntry } from './wal-frame.ts';

/** True when `bytes[at...]` is the very batch that `entry` describes, every byte of it. */
export function isBatchOf(bytes: Uint8Array, at: number, entry: FrameBatchEntry): boolean {
  return (
    at + entry.length <= bytes.length &&
    batchSizeInBytes(bytes, at) === entry.length &&
    batchMagic(bytes, at) === BATCH_MAGIC &&
    batchBaseOffset(bytes, at) === entry.baseOffset &&
    batchLastOffset(bytes, at) === entry.lastOffset &&
    batchLeaderEpoch(bytes, at) === entry.leaderEpoch &&
    batchCrc(bytes, at) === entry.crc &&
    batchComputedCrc(bytes, at) === entry.crc
  );
}

/** The size of the batch at `at` if its header can be one and it begins at `minOffset` or later; undefined otherwise. */
export function plausibleBatchSize(bytes: Uint8Array, at: number, minOffset: number): number | undefined {
  if (at + RECORD_BATCH_OVERHEAD > bytes.length) {
    return undefined;
  }
  const size = batchSizeInBytes(bytes, at);
  const base = batchBaseOffset(bytes, at);
  if (
    size < RECORD_BATCH_OVERHEAD ||
    size > LOG_OVERHEAD + 0x7fffffff ||
    batchMagic(bytes, at) !== BATCH_MAGIC ||
    base < minOffset ||
    batchLastOffset(bytes, at) < base
  ) {
    return undefined;
  }
  return size;
}

/** True when the CRC of the batch at `at`, which lies whole in `bytes`, is right. */
export function hasGoodCrc(bytes: Uint8Array, at: number): boolean {
  return batchCrc(bytes, at) === batchComputedCrc(bytes, at);
}

/** The largest timestamp of the records in the batch at `at`: -1 for one that compaction has emptied, though its header keeps the old one. */
export function recordsMaxTimestamp(bytes: Uint8Array, at: number): number {
  return batchRecordCount(bytes, at) === 0 ? -1 : batchMaxTimestamp(bytes, at);
}
