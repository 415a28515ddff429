// Batches by timestamp. The index brings near, then headers are compared; the caller decodes the batch to find the record.
import { batchBaseOffset, batchLastOffset } from '@moldau/protocol/records/batch-header.ts';

import type { AppendedBatch, FoundBatch } from '../partition-log.ts';
import { recordsMaxTimestamp } from './batch-check.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import type { Segment } from './segment.ts';
import { scanSegment } from './segment-scan.ts';

/** The first batch from the log's start on that has a record of `timestamp` or later. */
export async function findByTimestamp(
  log: LocalPartitionLog,
  timestamp: number,
): Promise<FoundBatch | undefined> {
  // What is in no segment now may be in one when the segments have been searched: take hold of it first.
  const tail = unwritten(log);
  for (const segment of await log.segments.load()) {
    if (segment.deleted || segment.written.size === 0) continue;
    try {
      if ((await segment.largestTimestamp()).timestamp < timestamp) continue;
      const found = await findInSegment(log, segment, timestamp);
      if (found !== undefined) return found;
    } catch (error) {
      // Compaction has replaced it, and it is gone.
      if (segment.replaced) return findByTimestamp(log, timestamp);
      throw error;
    }
  }
  const batch = tail.find((batch) => batch.maxTimestamp >= timestamp && batch.lastOffset >= log.startOffset);
  return batch === undefined ? undefined : { bytes: batch.bytes, baseOffset: batch.baseOffset };
}

/** The first batch that has the largest timestamp of all. */
export async function findMaxTimestamp(log: LocalPartitionLog): Promise<FoundBatch | undefined> {
  const tail = unwritten(log);
  let best = { timestamp: -1, offset: -1 };
  for (const segment of await log.segments.load()) {
    const largest = await largestOf(segment);
    if (largest === undefined) return findMaxTimestamp(log);
    if (largest.timestamp > best.timestamp && largest.offset >= log.startOffset) best = largest;
  }
  for (const batch of tail) {
    if (batch.maxTimestamp > best.timestamp)
      best = { timestamp: batch.maxTimestamp, offset: batch.lastOffset };
  }
  if (best.offset < 0) return undefined;
  const { buffers } = await log.read(best.offset, {
    maxBytes: 1,
    atLeastOneBatch: true,
    upToOffset: log.durableEndOffset,
  });
  const bytes = buffers[0];
  return bytes === undefined ? undefined : { bytes, baseOffset: batchBaseOffset(bytes, 0) };
}

/** Undefined: compaction has replaced the segment, and it is gone. */
async function largestOf(
  segment: Segment,
): Promise<{ readonly timestamp: number; readonly offset: number } | undefined> {
  try {
    return await segment.largestTimestamp();
  } catch (error) {
    if (segment.replaced) return undefined;
    throw error;
  }
}

function unwritten(log: LocalPartitionLog): AppendedBatch[] {
  const batches: AppendedBatch[] = [];
  for (let i = log.tail.written; i < log.tail.durable; i++) {
    const batch = log.tail.at(i);
    // Held for good: what is found is decoded by the caller at some later time.
    batch.memory?.retain();
    batches.push(batch);
  }
  return batches;
}

async function findInSegment(
  log: LocalPartitionLog,
  segment: Segment,
  timestamp: number,
): Promise<FoundBatch | undefined> {
  let found: { position: number; size: number } | undefined;
  await scanSegment(segment, {
    from: await segment.indexes.locateTime(timestamp),
    whole: false,
    onBatch: (bytes, at, position, size) => {
      if (recordsMaxTimestamp(bytes, at) < timestamp || batchLastOffset(bytes, at) < log.startOffset)
        return true;
      found = { position, size };
      return false;
    },
  });
  if (found === undefined) return undefined;
  const bytes = new Uint8Array(found.size);
  await segment.log.read(bytes, found.position);
  return { bytes, baseOffset: batchBaseOffset(bytes, 0) };
}
