// Reads of one partition: from memory at once, from segments with a promise.
import type { BatchMemory } from '../batch-memory.ts';
import { LogError, type LogSlice, type ReadLimits } from '../partition-log.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import { NOTHING, sliceOf } from './piece.ts';
import type { Tail } from './tail.ts';

/** The durable batches of a tail from number `from` on, as far as the limits allow. */
export function readTail(tail: Tail, from: number, limits: ReadLimits): LogSlice {
  const buffers: Uint8Array[] = [];
  const memory: BatchMemory[] = [];
  let byteLength = 0;
  for (let i = from; i < tail.durable; i++) {
    const batch = tail.at(i);
    if (batch.baseOffset >= limits.upToOffset) break;
    const next = byteLength + batch.bytes.length;
    if (next > limits.maxBytes && !(buffers.length === 0 && limits.atLeastOneBatch)) break;
    buffers.push(batch.bytes);
    byteLength = next;
    if (batch.memory !== undefined) {
      batch.memory.retain();
      memory.push(batch.memory);
    }
  }
  return { buffers, byteLength, memory };
}

/** @throws LogError CORRUPT, IO */
export async function readSegments(
  log: LocalPartitionLog,
  offset: number,
  limits: ReadLimits,
): Promise<LogSlice> {
  await log.segments.load();
  for (;;) {
    const slice = await readKnownSegments(log, offset, limits);
    if (slice !== undefined) return slice;
  }
}

/** Undefined: compaction has replaced a segment under the reader, or batches have gone from memory to a segment; to be tried again. */
async function readKnownSegments(
  log: LocalPartitionLog,
  offset: number,
  limits: ReadLimits,
): Promise<LogSlice | undefined> {
  const { evicted } = log.tail;
  for (
    let segment = log.segments.find(offset);
    segment !== undefined;
    segment = log.segments.after(segment)
  ) {
    try {
      const known = log.context.cache.find(segment, offset);
      const piece = known ?? (await log.context.cache.load(segment, offset));
      if (piece !== undefined) {
        const { slice, complete } = sliceOf(piece, offset, limits);
        if (complete) log.context.cache.readAhead(piece);
        if (known === undefined) piece.memory?.release();
        return slice;
      }
    } catch (error) {
      if (segment.replaced && !log.closed) return undefined;
      // Retention took the segment away under the reader: there is nothing at this offset any more.
      if (segment.deleted || offset < log.startOffset || log.closed) return NOTHING;
      throw error instanceof LogError
        ? error
        : new LogError('IO', `Cannot read ${log.folder}: ${(error as Error).message}`, { cause: error });
    }
  }
  // Compaction may leave a gap at the end of a segment, and the next batch may be in no segment yet.
  if (log.closed) return NOTHING;
  if (log.tail.evicted !== evicted) return undefined;
  return evicted === log.tail.end ? NOTHING : readTail(log.tail, evicted, limits);
}
