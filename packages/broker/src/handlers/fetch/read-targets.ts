// One pass of a fetch over its partitions: what is there now, within the limits of the request.
//
// Must stay true (KIP-74): the first partition with data gives at least one whole batch, however large; all else fits the limits;
// a partition is read up to its high watermark (read_uncommitted) or last stable offset (read_committed), never beyond.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { batchNextOffset, batchSizeInBytes } from '@moldau/protocol/records/batch-header.ts';
import type { AbortedTransaction } from '../../log/aborted-transaction.ts';
import type { LogSlice, ReadLimits } from '../../log/partition-log.ts';
import { LogError } from '../../log/partition-log.ts';
import type { Partition } from '../../partition/partition.ts';
import { leaderEpochError, ledPartition, type LedPartition } from '../led-partition.ts';
import type { Services } from '../services.ts';
import type { FetchTarget } from './fetch-session.ts';

export interface FetchLimits {
  readonly maxBytes: number;
  readonly readCommitted: boolean;
  /** Whether the client may read the topic, now: a session remembers partitions longer than rules last. */
  mayRead(topic: string): boolean;
}

export interface TargetRead {
  readonly target: FetchTarget;
  readonly error: ErrorCode;
  readonly led: LedPartition;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly diverging: { readonly epoch: number; readonly endOffset: number } | undefined;
  readonly slice: LogSlice;
  /** With read_committed: the transactions whose records in the slice do not count. */
  readonly aborted: readonly AbortedTransaction[];
}

export interface FetchPass {
  readonly reads: readonly TargetRead[];
  readonly byteLength: number;
  /** Something must be said at once: an error or a divergence. */
  readonly urgent: boolean;
}

const EMPTY: LogSlice = { buffers: [], byteLength: 0 };
const NONE_ABORTED: readonly AbortedTransaction[] = [];

/** Reads every target once, in order. */
export async function readTargets(
  services: Services,
  targets: Iterable<FetchTarget>,
  limits: FetchLimits,
): Promise<FetchPass> {
  const reads: TargetRead[] = [];
  let byteLength = 0;
  let urgent = false;
  for (const target of targets) {
    const checked = checkTarget(services, target, limits);
    if (checked.partition === undefined) {
      reads.push(checked.read);
      urgent ||= checked.read.error !== ErrorCode.NONE || checked.read.diverging !== undefined;
      continue;
    }
    const { partition, read } = checked;
    const upToOffset = limits.readCommitted ? partition.lastStableOffset : partition.highWatermark;
    const room = Math.min(target.maxBytes, limits.maxBytes - byteLength);
    if (target.fetchOffset >= upToOffset || (room <= 0 && byteLength > 0)) {
      reads.push(read);
      continue;
    }
    const readLimits = { maxBytes: room, atLeastOneBatch: byteLength === 0, upToOffset };
    const outcome = await readSlice(
      services,
      partition,
      target.fetchOffset,
      readLimits,
      limits.readCommitted,
    );
    reads.push({ ...read, ...outcome });
    urgent ||= outcome.error !== ErrorCode.NONE;
    byteLength += outcome.slice.byteLength;
  }
  return { reads, byteLength, urgent };
}

/** Lets go of what the pass has read: it was answered, or will not be. */
export function releasePass(pass: FetchPass): void {
  for (const read of pass.reads) for (const memory of read.slice.memory ?? []) memory.release();
}

async function readSlice(
  services: Services,
  partition: Partition,
  offset: number,
  limits: ReadLimits,
  readCommitted: boolean,
): Promise<Pick<TargetRead, 'error' | 'slice' | 'aborted'>> {
  let slice = EMPTY;
  try {
    const answer = partition.read(offset, limits);
    slice = answer instanceof Promise ? await answer : answer;
    if (!readCommitted || slice.byteLength === 0)
      return { error: ErrorCode.NONE, slice, aborted: NONE_ABORTED };
    const aborted = partition.log.abortedTransactions(offset, endOf(slice));
    return { error: ErrorCode.NONE, slice, aborted: aborted instanceof Promise ? await aborted : aborted };
  } catch (error) {
    for (const memory of slice.memory ?? []) memory.release();
    if (!(error instanceof LogError)) throw error;
    services.logger.error(
      { topic: partition.id.topic, partition: partition.id.partition, offset, err: error },
      'a fetch could not be read',
    );
    return {
      error: error.code === 'CORRUPT' ? ErrorCode.CORRUPT_MESSAGE : ErrorCode.KAFKA_STORAGE_ERROR,
      slice: EMPTY,
      aborted: NONE_ABORTED,
    };
  }
}

/** The offset behind the last batch of the slice, by the headers of its last buffer. */
function endOf(slice: LogSlice): number {
  const last = slice.buffers.at(-1) as Uint8Array;
  let at = 0;
  for (let size = batchSizeInBytes(last, at); at + size < last.length; size = batchSizeInBytes(last, at))
    at += size;
  return batchNextOffset(last, at);
}

type CheckedTarget =
  | { readonly partition: Partition; readonly read: TargetRead }
  | { readonly partition: undefined; readonly read: TargetRead };

function checkTarget(services: Services, target: FetchTarget, limits: FetchLimits): CheckedTarget {
  const led = locate(services, target, limits);
  if (led.partition === undefined) return { partition: undefined, read: failed(target, led, led.error) };
  const { partition, image } = led;
  const epochError = leaderEpochError(target.currentLeaderEpoch, image.leaderEpoch);
  if (epochError !== ErrorCode.NONE) return { partition: undefined, read: failed(target, led, epochError) };
  const read: TargetRead = {
    target,
    error: ErrorCode.NONE,
    led,
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.logStartOffset,
    diverging: undefined,
    slice: EMPTY,
    aborted: NONE_ABORTED,
  };
  const diverging = divergence(partition, target);
  if (diverging === 'unknown-epoch')
    return { partition: undefined, read: failed(target, led, ErrorCode.OFFSET_OUT_OF_RANGE) };
  if (diverging !== undefined) return { partition: undefined, read: { ...read, diverging } };
  if (target.fetchOffset < partition.logStartOffset || target.fetchOffset > partition.log.endOffset) {
    return {
      partition: undefined,
      read: failed(target, led, ErrorCode.OFFSET_OUT_OF_RANGE),
    };
  }
  return { partition, read };
}

function locate(services: Services, target: FetchTarget, limits: FetchLimits): LedPartition {
  const refused = (error: ErrorCode): LedPartition => ({
    error,
    partition: undefined,
    image: undefined,
    topic: undefined,
  });
  if (target.topicIdText === '') {
    return limits.mayRead(target.topic)
      ? ledPartition(services, target.topic, target.index)
      : refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  }
  const name = services.metadata.image.topicNamesById.get(target.topicIdText);
  if (name === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_ID);
  if (!limits.mayRead(name)) return refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  return ledPartition(services, name, target.index);
}

/** Where the client's log parts from this one (KIP-595): it last saw an epoch that ended here before its fetch offset. */
function divergence(
  partition: Partition,
  target: FetchTarget,
): { epoch: number; endOffset: number } | 'unknown-epoch' | undefined {
  if (target.lastFetchedEpoch < 0) return undefined;
  const known = partition.log.endOffsetOfEpoch(target.lastFetchedEpoch);
  if (known === undefined) return 'unknown-epoch';
  const parted = known.epoch < target.lastFetchedEpoch || known.endOffset < target.fetchOffset;
  return parted ? { epoch: known.epoch, endOffset: known.endOffset } : undefined;
}

function failed(target: FetchTarget, led: LedPartition, error: ErrorCode): TargetRead {
  return {
    target,
    error,
    led,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    diverging: undefined,
    slice: EMPTY,
    aborted: NONE_ABORTED,
  };
}
