// When the next segment begins, as Kafka decides it: by size, by the time between the first record and the new one, by a full index, and
// when an offset would not fit into the index's 32 bits.
import type { LogConfig } from '../partition-log.ts';
import { OFFSET_INDEX_ENTRY_BYTES } from './offset-index.ts';
import type { Segment } from './segment.ts';

const MAX_RELATIVE_OFFSET = 0x7fffffff;

export interface Arriving {
  readonly sizeInBytes: number;
  readonly maxTimestamp: number;
  readonly lastOffset: number;
}

/** `createdMs` stands in for the first record's timestamp where it has none. */
export function shouldRoll(
  segment: Segment,
  arriving: Arriving,
  config: LogConfig,
  nowMs: number,
  createdMs: number,
): boolean {
  const { planned } = segment;
  if (planned.size === 0) return false;
  return (
    planned.size > config.segmentBytes - arriving.sizeInBytes ||
    waited(planned.firstTimestamp, arriving.maxTimestamp, nowMs, createdMs) >
      longest(config) - jitter(segment, config) ||
    planned.indexEntries >= Math.floor(config.segmentIndexBytes / OFFSET_INDEX_ENTRY_BYTES) ||
    arriving.lastOffset - segment.baseOffset > MAX_RELATIVE_OFFSET
  );
}

/** How long a segment may take records: a compacted one not longer than its records may wait for compaction. */
function longest(config: LogConfig): number {
  return config.compacts && config.maxCompactionLagMs > 0
    ? Math.min(config.segmentMs, config.maxCompactionLagMs)
    : config.segmentMs;
}

function waited(firstTimestamp: number, timestamp: number, nowMs: number, createdMs: number): number {
  return firstTimestamp >= 0 ? timestamp - firstTimestamp : nowMs - createdMs;
}

/** Spreads the ends of segments that began together; the same for a segment however often it is asked. */
function jitter(segment: Segment, config: LogConfig): number {
  const range = Math.min(config.segmentJitterMs, longest(config));
  if (range <= 0) return 0;
  let hash = segment.baseOffset | 0;
  for (let i = 0; i < segment.log.path.length; i++)
    hash = (Math.imul(hash, 31) + segment.log.path.charCodeAt(i)) | 0;
  return (hash >>> 0) % range;
}
