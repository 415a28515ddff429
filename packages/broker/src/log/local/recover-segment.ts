// Recovery of batches that went straight to a segment: a frame of the write-ahead log says where they lie, and the log goes on behind them.
//
// Must stay true: what is taken follows what the log has, byte and offset; the rest is damage.
import { LogError } from '../partition-log.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import type { SegmentSection } from './wal-scan.ts';

/** A batch that lies in a segment already. */
export type FoundInSegment = SegmentSection['batches'][number] & { readonly maxTimestamp: number };

/** Takes batches that lie in the newest segment, checked and durable; `maxTimestamps` are theirs. @throws LogError CORRUPT, DiskError */
export async function recoverSegment(
  log: LocalPartitionLog,
  section: SegmentSection,
  maxTimestamps: readonly number[],
  sequence: number,
): Promise<void> {
  const last = section.batches.at(-1);
  if (last === undefined || last.lastOffset < log.endOffset) return;
  await log.flush();
  const segment = log.segments.active;
  if (
    segment?.baseOffset !== section.segmentBase ||
    segment.written.size !== section.position ||
    section.batches[0]!.baseOffset !== log.endOffset
  ) {
    throw new LogError(
      'CORRUPT',
      `${segment?.log.path ?? log.folder} goes on at byte ${segment?.written.size ?? 0} with offset ${log.endOffset}, but frame ${sequence} ` +
        `of the write-ahead log says: segment ${section.segmentBase}, byte ${section.position}, offset ${section.batches[0]!.baseOffset}.`,
    );
  }
  await segment.prepareToWrite();
  log.foundWritten(
    segment,
    section.batches.map((batch, i) => ({ ...batch, maxTimestamp: maxTimestamps[i]! })),
    sequence,
  );
}

/**
 * Writes what lies there once more. Where the sync of the last process failed, the system shows bytes that it does not have on the disk and takes for
 * clean: another sync alone would not write them. @throws DiskError
 */
export async function rewriteSegment(log: LocalPartitionLog, section: SegmentSection): Promise<void> {
  const segment = log.segments.active;
  if (segment?.baseOffset !== section.segmentBase) return;
  const bytes = new Uint8Array(section.batches.reduce((sum, batch) => sum + batch.length, 0));
  await segment.log.read(bytes, section.position);
  await segment.log.write([bytes], section.position);
}
