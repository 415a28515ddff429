// Puts the segment that compaction has written in the place of those it was made from, while the log is read and written.
//
//   cleaned files synced -> folder -> record (.swap) -> folder    from here on the swap counts, whatever happens
//   -> old files: .log.7.deleted -> new files: their names -> folder -> record gone -> folder
//   -> the list of segments (in memory: one step) -> the old files go after file.delete.delay.ms
//
// A reader that has an old segment goes on with it: its files are there under other names. One that comes later finds the new one.
//
// Must stay true: to be called as a piece of the log's file work; a durable checkpoint covers all that is replaced, and says that there may be gaps; once the
// record may be on the disk, any failure ends the engine: only a start can tell what became of it.
import type { AbortedTransaction } from '../../aborted-transaction.ts';
import type { Segment } from '../segment.ts';
import type { LocalPartitionLog } from '../local-partition-log.ts';
import { DELETED_SUFFIX } from '../partition-files.ts';
import { destroyLater } from '../retention.ts';
import { replaceWhole } from '@moldau/runtime/small-files.ts';
import { encodeSwapRecord, swapRecordPath } from './swap-record.ts';

/** Old files of several swaps may be waiting at a time. */
let retiredNumber = 0;

/** `aborted`: what its `.txnindex` holds. False when the segments are not all in the log any more: nothing was done then. Failures before the swap counts are thrown as they are. */
export async function swapIn(
  log: LocalPartitionLog,
  replaced: readonly Segment[],
  end: number,
  cleaned: Segment,
  aborted: readonly AbortedTransaction[],
): Promise<boolean> {
  const { disk } = log.context;
  const known = new Set(log.segments.known);
  if (log.writer.gone || log.closed || !replaced.every((segment) => known.has(segment))) return false;
  const record = swapRecordPath(log.folder, cleaned.baseOffset);
  await disk.syncDirectory(log.folder);
  const files = cleaned.hasAborted === true ? (['.log', '.txnindex'] as const) : (['.log'] as const);
  await replaceWhole(disk, record, encodeSwapRecord({ base: cleaned.baseOffset, end, files }));
  try {
    await disk.syncDirectory(log.folder);
    for (const segment of replaced) {
      retiredNumber += 1;
      await segment.moveTo(`.${retiredNumber}${DELETED_SUFFIX}`);
    }
    await cleaned.moveTo('');
    await disk.syncDirectory(log.folder);
    await disk.remove(record);
    await disk.syncDirectory(log.folder);
  } catch (error) {
    // Told as a failure of the engine even where the disk was only full.
    throw log.context.writeFailed(
      new Error(`replacing segments of ${log.folder} failed: ${(error as Error).message}`, { cause: error }),
    );
  }
  cleaned.entryDurable = true;
  log.segments.replace(replaced, cleaned);
  log.aborted.compacted(cleaned.baseOffset, end, aborted);
  let before = 0;
  for (const segment of replaced) {
    segment.replaced = true;
    before += segment.written.size;
    log.context.cache.forget(segment);
  }
  log.resized(cleaned.written.size - before);
  destroyLater(log, replaced);
  return true;
}
