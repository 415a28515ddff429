// Finds the aborted transactions of one segment in the log itself, for an index that is missing or damaged. A transaction may have begun in any segment
// before, so that the walk begins with the oldest: slow, and needed only after a file was lost.
import {
  batchBaseOffset,
  batchIsControl,
  batchIsTransactional,
  batchProducerId,
} from '@moldau/protocol/records/batch-header.ts';
import type { AbortedTransaction } from '../aborted-transaction.ts';
import { loggedMarker } from '../logged-marker.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import type { Segment } from './segment.ts';
import { scanSegment } from './segment-scan.ts';

/** The aborted transactions whose markers lie in `segment` and below `endOffset`. @throws LogError CORRUPT, when the log itself is damaged */
export async function scanAborted(
  log: LocalPartitionLog,
  segment: Segment,
  endOffset: number,
): Promise<AbortedTransaction[]> {
  const open = new Map<number, number>();
  const aborted: AbortedTransaction[] = [];
  const visit = (bytes: Uint8Array, at: number): boolean => {
    const offset = batchBaseOffset(bytes, at);
    if (offset >= endOffset) return false;
    const producerId = batchProducerId(bytes, at);
    if (!batchIsTransactional(bytes, at) || producerId < 0) return true;
    if (!batchIsControl(bytes, at)) {
      if (!open.has(producerId)) open.set(producerId, offset);
      return true;
    }
    const marker = loggedMarker(bytes, at);
    const firstOffset = open.get(producerId);
    if (marker === undefined || firstOffset === undefined) return true;
    open.delete(producerId);
    if (!marker.committed && offset >= segment.baseOffset) {
      const lastStableOffset = open.size === 0 ? offset + 1 : Math.min(...open.values());
      aborted.push({ producerId, firstOffset, lastOffset: offset, lastStableOffset });
    }
    return true;
  };
  for (const each of await log.segments.load()) {
    if (each.baseOffset > segment.baseOffset) break;
    await scanSegment(each, {
      from: { position: 0, lastOffset: undefined, baseOffset: each.baseOffset },
      whole: true,
      onBatch: visit,
    });
  }
  return aborted;
}
