// Which segments compaction puts together: neighbours that fit into one by their present sizes, so that a log does not end as many small files.
//
// Must stay true: a group's segments follow one another; its bytes and index entries stay within the limits of one segment, and its offsets within the 31 bits of
// an index entry, unless it is a single segment.
import type { LogConfig } from '../../partition-log.ts';
import { OFFSET_INDEX_ENTRY_BYTES } from '../offset-index.ts';
import type { Segment } from '../segment.ts';

const MAX_RELATIVE_OFFSET = 0x7fffffff;

export interface Sealed {
  readonly segment: Segment;
  /** Where the next segment begins. */
  readonly end: number;
}

type GroupLimits = Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes' | 'indexIntervalBytes'>;

export function groupSegments(segments: readonly Sealed[], limits: GroupLimits): Sealed[][] {
  const groups: Sealed[][] = [];
  let bytes = 0;
  for (const sealed of segments) {
    const group = groups.at(-1);
    const size = sealed.segment.written.size;
    const fits =
      group !== undefined &&
      bytes + size <= limits.segmentBytes &&
      indexBytes(bytes + size, limits) <= limits.segmentIndexBytes &&
      sealed.end - 1 - group[0]!.segment.baseOffset <= MAX_RELATIVE_OFFSET;
    if (fits) {
      group.push(sealed);
      bytes += size;
    } else {
      groups.push([sealed]);
      bytes = size;
    }
  }
  return groups;
}

/** At most so much: an entry stands for more than `index.interval.bytes`. */
function indexBytes(size: number, limits: GroupLimits): number {
  return Math.ceil(size / Math.max(1, limits.indexIntervalBytes)) * OFFSET_INDEX_ENTRY_BYTES;
}
