// ListOffsets: from a point in time, or one of its special values, to an offset.
//
// The log finds the batch by its indexes; the record within it is found here, by decoding that one batch.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { batchLeaderEpoch, batchMaxTimestamp } from '@moldau/protocol/records/batch-header.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import type { Partition } from './partition.ts';

/** The end: high watermark or, read_committed, last stable offset. */
export const LATEST_TIMESTAMP = -1;
/** The log start offset. */
export const EARLIEST_TIMESTAMP = -2;
/** The record of the largest timestamp (KIP-734). */
export const MAX_TIMESTAMP = -3;
/** The first offset on local disk (KIP-405); here all offsets are. */
export const EARLIEST_LOCAL_TIMESTAMP = -4;
/** The last offset in tiered storage (KIP-1005): there is none. */
export const LATEST_TIERED_TIMESTAMP = -5;
/** The first offset that waits to be tiered (KIP-1023): there is none. */
export const EARLIEST_PENDING_UPLOAD_TIMESTAMP = -6;

export interface FoundOffset {
  readonly error: ErrorCode;
  /** -1 when nothing was found. */
  readonly offset: number;
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

const NOTHING: FoundOffset = { error: ErrorCode.NONE, offset: -1, timestamp: -1, leaderEpoch: -1 };

/** The offset for `timestamp` (milliseconds since 1970, or one of the values above) in `partition`. */
export async function findOffset(
  partition: Partition,
  timestamp: number,
  readCommitted: boolean,
  leaderEpoch: number,
): Promise<FoundOffset> {
  const log = partition.log;
  const end = readCommitted ? partition.lastStableOffset : partition.highWatermark;
  switch (timestamp) {
    case LATEST_TIMESTAMP:
      return { ...NOTHING, offset: end, leaderEpoch: log.latestEpoch ?? leaderEpoch };
    case EARLIEST_TIMESTAMP:
    case EARLIEST_LOCAL_TIMESTAMP:
      return { ...NOTHING, offset: partition.logStartOffset, leaderEpoch: log.latestEpoch ?? leaderEpoch };
    case MAX_TIMESTAMP: {
      const found = await log.findMaxTimestamp();
      return found === undefined
        ? NOTHING
        : recordAtOrAfter(found.bytes, batchMaxTimestamp(found.bytes, 0), partition.logStartOffset, end);
    }
    case LATEST_TIERED_TIMESTAMP:
    case EARLIEST_PENDING_UPLOAD_TIMESTAMP:
      return NOTHING;
    default: {
      if (timestamp < 0) return { ...NOTHING, error: ErrorCode.UNSUPPORTED_VERSION };
      const found = await log.findByTimestamp(timestamp);
      return found === undefined
        ? NOTHING
        : recordAtOrAfter(found.bytes, timestamp, partition.logStartOffset, end);
    }
  }
}

/** The first record of the batch, from `start` on and below `end`, of `timestamp` or later. */
function recordAtOrAfter(bytes: Uint8Array, timestamp: number, start: number, end: number): FoundOffset {
  const cursor = openBatch(bytes);
  while (cursor.next()) {
    if (cursor.offset < start || cursor.timestamp < timestamp) continue;
    if (cursor.offset >= end) return NOTHING;
    return {
      error: ErrorCode.NONE,
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      leaderEpoch: batchLeaderEpoch(bytes, 0),
    };
  }
  return NOTHING;
}
