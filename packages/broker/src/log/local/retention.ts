// Which segments may go, as Kafka decides it, and their going.
//
//   decide the new start -> make it durable -> tell the observer -> checkpoint -> rename to .deleted -> (file.delete.delay.ms) -> remove
//
// Must stay true: whole segments go, the oldest first; nothing goes that is not below a durable start offset; a checkpoint that does not
// name a file is durable before the file is touched.
import type { LocalPartitionLog } from './local-partition-log.ts';
import type { Segment } from './segment.ts';

/** Drops what retention allows; resolves to how many segments. */
export async function applyRetention(log: LocalPartitionLog, nowMs: number): Promise<number> {
  await log.segments.load();
  if (log.config.deletes) {
    const start = Math.max(await startBySize(log), await startByTime(log, nowMs));
    if (start > log.startOffset) await log.moveStart(start);
  }
  return log.dropBelowStart();
}

/** Size: the oldest segments go as long as what is left is not smaller than `retention.bytes`. */
async function startBySize(log: LocalPartitionLog): Promise<number> {
  const { retentionBytes } = log.config;
  if (retentionBytes < 0) return 0;
  let excess = log.sizeInBytes - retentionBytes;
  return startAfter(log, async (segment) => {
    excess -= segment.planned.size;
    return excess >= 0;
  });
}

/**
 * Time: a segment goes once its largest timestamp is older than `retention.ms`. A timestamp in the future keeps its segment, as in
 * Kafka. Without any timestamp the time since the log was opened counts.
 */
async function startByTime(log: LocalPartitionLog, nowMs: number): Promise<number> {
  const { retentionMs } = log.config;
  if (retentionMs < 0) return 0;
  return startAfter(log, async (segment) => {
    const known = segment.planned.maxTimestamp;
    const largest = known >= 0 ? known : (await segment.largestTimestamp()).timestamp;
    return nowMs - (largest >= 0 ? largest : log.openedMs) > retentionMs;
  });
}

/** The offset behind the run of oldest segments that may go. When that is all of them, another one begins first. */
async function startAfter(
  log: LocalPartitionLog,
  mayGo: (segment: Segment) => Promise<boolean>,
): Promise<number> {
  let start = 0;
  for (const segment of log.segments.known) {
    const size = segment.planned.size;
    const next = log.segments.after(segment);
    // One that compaction has emptied goes with those before it.
    if (size === 0 ? next === undefined : !(await mayGo(segment))) break;
    const end = next?.baseOffset ?? log.endOffset;
    // Only what is durable may go, and only what has been judged: the active segment may have grown meanwhile.
    if (end > log.durableEndOffset || segment.planned.size !== size) break;
    if (next === undefined) log.sealActive();
    start = end;
  }
  return start;
}

export async function hasSegmentBelowStart(log: LocalPartitionLog): Promise<boolean> {
  const segments = await log.segments.load();
  const second = segments[1];
  return second !== undefined && second.baseOffset <= log.startOffset;
}

/** Takes the segments below `start` out of the log, which a checkpoint has covered since it was the start. To be called as a piece of the log's file work. */
export async function dropSegments(log: LocalPartitionLog, start: number): Promise<number> {
  const { context } = log;
  const gone: Segment[] = [];
  await log.writer.flush();
  for (
    let [segment, next] = log.segments.known;
    segment !== undefined && next !== undefined;
    [segment, next] = log.segments.known
  ) {
    if (next.baseOffset > start) break;
    log.segments.remove(segment);
    context.cache.forget(segment);
    await segment.retire();
    log.segmentDropped(segment.planned.size);
    gone.push(segment);
  }
  destroyLater(log, gone);
  return gone.length;
}

/** Frees the disk space of segments that are out of the log, once readers had time to end. */
export function destroyLater({ context, config }: LocalPartitionLog, segments: readonly Segment[]): void {
  if (segments.length === 0) return;
  context.clock.setTimer(config.fileDeleteDelayMs, () => {
    for (const segment of segments) {
      // What stays goes when the folder is looked through the next time.
      segment.destroy().catch((error: unknown) => {
        context.logger?.warn(
          { file: segment.log.path },
          `A deleted segment could not be removed: ${(error as Error).message}`,
        );
      });
    }
  });
}
