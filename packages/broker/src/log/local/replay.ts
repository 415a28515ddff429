// Brings an observer up to date when a log is opened: its newest usable snapshot, then every batch behind it.
import { LogError, type LogObserver } from '../partition-log.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import { scanSegment } from './segment-scan.ts';
import { batchLastOffset } from '@moldau/protocol/records/batch-header.ts';

/** @throws LogError CORRUPT, IO */
export async function replayInto(log: LocalPartitionLog, observer: LogObserver): Promise<void> {
  const from = await restore(log, observer);
  log.aborted.beginReplay(from);
  if (from >= log.endOffset) return;
  for (const segment of await log.segments.load()) {
    const next = log.segments.after(segment);
    if (next !== undefined && next.baseOffset <= from) continue;
    await scanSegment(segment, {
      from: await segment.indexes.locate(from),
      whole: true,
      onBatch: (bytes, at) => {
        if (batchLastOffset(bytes, at) >= from) observer.replay(bytes, at);
      },
    });
  }
}

/** Returns the offset from which batches have to be replayed. */
async function restore(log: LocalPartitionLog, observer: LogObserver): Promise<number> {
  const newest = log.snapshots.newest;
  if (newest !== undefined && !newest.stored) {
    if (observer.restore(undefined, newest.offset)) return newest.offset;
  }
  if (log.endOffset > 0) {
    for (const offset of await log.snapshots.list()) {
      if (offset > log.endOffset) continue;
      const content = await log.snapshots.read(offset);
      if (content !== undefined && observer.restore(content, offset)) return offset;
    }
  }
  if (!observer.restore(undefined, log.startOffset)) {
    throw new LogError('FAILED', `${log.folder}: the state above the log cannot begin from nothing`);
  }
  return log.startOffset;
}
