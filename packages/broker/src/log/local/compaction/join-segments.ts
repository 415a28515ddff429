// Whether what is left of a segment goes behind what is left of those before it, so that a log does not end as many small files.
//
//   read:     [ 1000 bytes ][ 1000 bytes ][ 1000 bytes ][ 1000 bytes ]
//   left:     [ 100 + 250 + 20 + ...                    ][ ...
//
// A segment joins when all of it would still fit: how much of it is left shows only once it has been read. (Kafka goes by the sizes before compaction for
// all of them, and puts segments together a round later.)
//
// Must stay true: bytes and index entries of what comes out stay within the limits of one segment, and its offsets within the 31 bits of an index entry, unless
// it was made from a single one.
import type { LogConfig } from '../../partition-log.ts';
import { OFFSET_INDEX_ENTRY_BYTES } from '../offset-index.ts';
import type { Segment } from '../segment.ts';

const MAX_RELATIVE_OFFSET = 0x7fffffff;

/** A segment to which nothing is appended any more. */
export interface Sealed {
  readonly segment: Segment;
  /** Where the next segment begins. */
  readonly end: number;
}

type Limits = Pick<LogConfig, 'segmentBytes' | 'segmentIndexBytes' | 'indexIntervalBytes'>;

/** `bytes` are left of the segments before, of which the first begins at `baseOffset`. */
export function mayJoin(bytes: number, baseOffset: number, next: Sealed, limits: Limits): boolean {
  const all = bytes + next.segment.written.size;
  return (
    all <= limits.segmentBytes &&
    indexBytes(all, limits) <= limits.segmentIndexBytes &&
    next.end - 1 - baseOffset <= MAX_RELATIVE_OFFSET
  );
}

/** At most so much: an entry stands for more than `index.interval.bytes`. */
function indexBytes(size: number, limits: Limits): number {
  return Math.ceil(size / Math.max(1, limits.indexIntervalBytes)) * OFFSET_INDEX_ENTRY_BYTES;
}
