// What a checkpoint may say of one partition: as much of the log as lies in its segments.
//
//   segments  [0 ...][1000 ... written]      memory  [....]
//                              ^ endOffset, sizeInBytes, the active segment's progress: up to here
//
// Must stay true: it names no segment that lies below the start, since that one is about to go.
import type { PartitionCheckpoint } from './checkpoint-file.ts';
import type { EpochEntry } from './leader-epochs.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';

export function writtenCheckpoint(
  log: LocalPartitionLog,
  epochs: readonly EpochEntry[],
): Omit<PartitionCheckpoint, 'snapshot' | 'aborted'> {
  const { id, startOffset, writtenEndOffset: endOffset, segments } = log;
  let active: PartitionCheckpoint['active'];
  let unwritten = 0;
  for (const segment of segments.known) {
    const next = segments.after(segment)?.baseOffset ?? Infinity;
    if (segment.created && next > startOffset)
      active = { baseOffset: segment.baseOffset, progress: segment.written.state() };
    unwritten += segment.planned.size - segment.written.size;
  }
  return {
    id,
    startOffset,
    endOffset,
    sizeInBytes: log.sizeInBytes - unwritten,
    active,
    epochs: epochs.filter((entry) => entry.startOffset < endOffset),
    compaction: log.compaction.mark,
  };
}
