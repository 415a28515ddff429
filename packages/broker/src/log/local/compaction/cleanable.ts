// What of a log may be compacted, and whether it is worth it, by Kafka's rules.
//
//   log start            first dirty                 first uncleanable              end
//       |------ clean -------|------- cleanable ----------|---- not yet ------------|
//
//   not yet    the active segment; what lies at or above the last stable offset; segments with a record that is younger than min.compaction.lag.ms
//   worth it   cleanable / (clean + cleanable) bytes > min.cleanable.dirty.ratio, or a record in there is older than max.compaction.lag.ms
//
// Whole segments only: all bounds are bounds of segments. What is durable and not in its segment's file yet counts too: it is written before compaction begins.
import type { LocalPartitionLog } from '../local-partition-log.ts';
import type { Segment } from '../segment.ts';

export interface Cleanable {
  readonly log: LocalPartitionLog;
  readonly firstDirty: number;
  /** Compaction ends here. */
  readonly endOffset: number;
  readonly cleanBytes: number;
  readonly cleanableBytes: number;
  /** 0 to 1; 0 for an empty log. */
  readonly ratio: number;
  readonly isDue: boolean;
}

/** Looks at the log as it is at `nowMs`. @throws DiskError, LogError */
export async function cleanableOf(log: LocalPartitionLog, nowMs: number): Promise<Cleanable> {
  const firstDirty = Math.max(log.startOffset, log.compaction.cleanedTo);
  // Most logs have nothing: they are not even looked for on the disk.
  if ((log.segments.active?.baseOffset ?? 0) <= firstDirty)
    return {
      log,
      firstDirty,
      endOffset: firstDirty,
      cleanBytes: 0,
      cleanableBytes: 0,
      ratio: 0,
      isDue: false,
    };
  await log.segments.load();
  const sealed = sealedSegments(log);
  let cleanBytes = 0;
  let cleanableBytes = 0;
  let endOffset = firstDirty;
  let oldest = Infinity;
  for (const { segment, end } of sealed) {
    if (end <= firstDirty) {
      cleanBytes += segment.planned.size;
      continue;
    }
    if (end > log.stableEndOffset || (await isYoung(log, segment, nowMs))) break;
    cleanableBytes += segment.planned.size;
    endOffset = end;
    const planned = segment.planned.firstTimestamp;
    const first = planned >= 0 ? planned : await segment.firstTimestamp();
    if (first > 0) oldest = Math.min(oldest, first);
  }
  const all = cleanBytes + cleanableBytes;
  const ratio = all === 0 ? 0 : cleanableBytes / all;
  const tooOld = oldest < nowMs - Math.max(0, log.config.maxCompactionLagMs);
  const isDue = cleanableBytes > 0 && (tooOld || ratio > log.config.minCleanableDirtyRatio);
  return { log, firstDirty, endOffset, cleanBytes, cleanableBytes, ratio, isDue };
}

/** All segments but the active one, each with the offset where the next begins. */
export function sealedSegments(
  log: LocalPartitionLog,
): { readonly segment: Segment; readonly end: number }[] {
  const { known } = log.segments;
  return known.slice(0, -1).map((segment, i) => ({ segment, end: known[i + 1]!.baseOffset }));
}

async function isYoung(log: LocalPartitionLog, segment: Segment, nowMs: number): Promise<boolean> {
  const lag = log.config.minCompactionLagMs;
  if (lag <= 0) return false;
  const planned = segment.planned.maxTimestamp;
  const timestamp = planned >= 0 ? planned : (await segment.largestTimestamp()).timestamp;
  return (timestamp >= 0 ? timestamp : log.openedMs) > nowMs - lag;
}
