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
import { DiskError } from '@moldau/runtime';

import type { AbortedTransaction } from '../../aborted-transaction.ts';
import type { LogError } from '../../partition-log.ts';
import type { Segment } from '../segment.ts';
import type { LocalPartitionLog } from '../local-partition-log.ts';
import { DELETED_SUFFIX } from '../partition-files.ts';
import { destroyLater } from '../retention.ts';
import { replaceWhole } from '@moldau/runtime/small-files.ts';
import { encodeSwapRecord, swapRecordPath } from './swap-record.ts';

/** `begun`: the record may be on the disk. */
export type SwapOutcome = 'not begun' | 'begun' | 'done';

/** Old files of several swaps may be waiting at a time. */
let retiredNumber = 0;

/**
 * Does nothing when the segments are not all in the log any more. `aborted`: what the `.txnindex` of `cleaned` holds. `tell` is told how far it
 * has come: not at all, at first. @throws DiskError `NO_SPACE` when it has not begun; LogError `FAILED`
 */
export async function swapIn(
  log: LocalPartitionLog,
  replaced: readonly Segment[],
  end: number,
  cleaned: Segment,
  aborted: readonly AbortedTransaction[],
  tell: (outcome: SwapOutcome) => void,
): Promise<void> {
  const known = new Set(log.segments.known);
  if (log.writer.gone || log.closed || !replaced.every((segment) => known.has(segment))) return;
  await record(log, cleaned, end, () => tell('begun'));
  await moveFiles(log, replaced, cleaned);
  tell('done');
  cleaned.entryDurable = true;
  log.segments.replace(replaced, cleaned);
  log.aborted.compacted(cleaned.baseOffset, end, aborted);
  let before = 0;
  for (const segment of replaced) {
    segment.replaced = true;
    before += segment.written.size;
    log.context.cache.forget(segment);
  }
  // Readers must not be given records from memory of whose transactions the index says nothing any more.
  log.forgetInMemoryBelow(end);
  log.resized(cleaned.written.size - before);
  destroyLater(log, replaced);
}

/** Makes the record durable: from then on the swap counts. */
async function record(
  log: LocalPartitionLog,
  cleaned: Segment,
  end: number,
  begun: () => void,
): Promise<void> {
  const { disk } = log.context;
  const { baseOffset: base } = cleaned;
  const path = swapRecordPath(log.folder, base);
  const files = cleaned.hasAborted === true ? (['.log', '.txnindex'] as const) : (['.log'] as const);
  try {
    await disk.syncDirectory(log.folder);
    await replaceWhole(disk, path, encodeSwapRecord({ base, end, bytes: cleaned.written.size, files }));
  } catch (error) {
    if (error instanceof DiskError && error.code === 'NO_SPACE') {
      await disk.remove(`${path}.tmp`).catch(() => {});
      throw error;
    }
    begun();
    throw failed(log, error);
  }
  begun();
  await disk.syncDirectory(log.folder).catch((error: unknown) => {
    throw failed(log, error);
  });
}

async function moveFiles(
  log: LocalPartitionLog,
  replaced: readonly Segment[],
  cleaned: Segment,
): Promise<void> {
  const { disk } = log.context;
  try {
    for (const segment of replaced) {
      retiredNumber += 1;
      await segment.moveTo(`.${retiredNumber}${DELETED_SUFFIX}`);
    }
    await cleaned.moveTo('');
    await disk.syncDirectory(log.folder);
    await disk.remove(swapRecordPath(log.folder, cleaned.baseOffset));
    await disk.syncDirectory(log.folder);
  } catch (error) {
    throw failed(log, error);
  }
}

/** A failure of the engine, even where the disk was only full. */
function failed(log: LocalPartitionLog, error: unknown): LogError {
  const message = `replacing segments of ${log.folder} failed: ${(error as Error).message}`;
  return log.context.writeFailed(new Error(message, { cause: error }));
}
