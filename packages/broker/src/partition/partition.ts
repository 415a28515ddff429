// One partition as its leader sees it: what may be appended, what may be read, who waits for what.
//
//   produce --> checks --> offsets, epoch and timestamps patched in --> log.append        (nothing observable has moved)
//   log says durable   --> producer window, high watermark move --> producers are answered, waiting fetches wake
//   log says discarded --> everything since is taken back       --> producers get KAFKA_STORAGE_ERROR (retriable)
//
// Must stay true:
//   - the high watermark is the durable end offset: what a consumer has seen survives a power cut;
//   - every append is answered exactly once, in the order of its offsets;
//   - a repeated batch of an idempotent producer is answered with the first one's offset, once that one is durable.
import assert from 'node:assert';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  batchBaseSequence,
  batchBaseOffset,
  batchLastOffsetDelta,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchMaxTimestamp,
  type TimestampType,
} from '@moldau/protocol/records/batch-header.ts';
import type { Clock } from '@moldau/runtime';
import type { BatchMemory } from '../log/batch-memory.ts';
import {
  LogError,
  type LastOfProducer,
  type LogObserver,
  type LogSlice,
  type PartitionId,
  type PartitionLog,
  type ReadLimits,
} from '../log/partition-log.ts';
import type { TopicConfig } from '../settings/topic-config.ts';
import { checkProduced, type RecordProblem } from './check-produced.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerState } from './producer-state.ts';

/** How an append ended, in the terms of a produce answer. */
export interface AppendOutcome {
  readonly error: ErrorCode;
  readonly message: string | null;
  /** Of the first record; -1 when nothing was appended. */
  readonly baseOffset: number;
  /** Milliseconds since 1970 with LogAppendTime, else -1. */
  readonly logAppendTimeMs: number;
  /** The records that are to blame for a refusal (KIP-467); empty when it is not about single records. */
  readonly recordProblems: readonly RecordProblem[];
}

const NO_RECORDS: readonly RecordProblem[] = [];

/** Something that waits for records: told (often) that there may be some, it looks for itself. */
export interface PartitionWaiter {
  wake(): void;
}

interface PendingAppend {
  readonly lastOffset: number;
  readonly outcome: AppendOutcome;
  readonly done: (outcome: AppendOutcome) => void;
}

const SAFE_END = Number.MAX_SAFE_INTEGER;

export class Partition implements LogObserver {
  readonly id: PartitionId;
  readonly producers = new ProducerState();
  readonly #clock: Clock;
  #config: TopicConfig;
  #log: PartitionLog | undefined;
  #highWatermark = 0;
  /** Oldest first; answered from the front as the log becomes durable. */
  #pending: PendingAppend[] = [];
  #pendingStart = 0;
  /** Repeated batches whose first arrival is not durable yet. */
  #duplicates: PendingAppend[] = [];
  readonly #waiters = new Set<PartitionWaiter>();
  #closed = false;

  constructor(id: PartitionId, config: TopicConfig, clock: Clock) {
    this.id = id;
    this.#config = config;
    this.#clock = clock;
  }

  /** Binds the log that was opened with this partition as its observer; before that only recovery calls are allowed. */
  attach(log: PartitionLog): void {
    assert(this.#log === undefined, 'a partition has one log');
    this.#log = log;
    this.#highWatermark = log.durableEndOffset;
  }

  get log(): PartitionLog {
    assert(this.#log !== undefined, 'the log is open');
    return this.#log;
  }

  get config(): TopicConfig {
    return this.#config;
  }

  /** The first offset that can be read. */
  get logStartOffset(): number {
    return this.log.startOffset;
  }

  /** The offset behind the last record that a consumer may see. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** The offset up to which every transaction is decided; what read_committed may see. */
  get lastStableOffset(): number {
    return this.#highWatermark;
  }

  configure(config: TopicConfig): void {
    this.#config = config;
    this.log.configure(config.log);
  }

  /**
   * Appends the record batch of one produce request. `records` becomes the partition's: it is patched in place and kept, as is `memory`, in which it
   * lies if that is used again.
   * `done` is called exactly once: at once for a refusal, else when the batch is durable or has failed.
   */
  append(
    records: Uint8Array,
    memory: BatchMemory | undefined,
    leaderEpoch: number,
    done: (outcome: AppendOutcome) => void,
  ): void {
    const nowMs = this.#clock.now();
    const problem = checkProduced(records, this.#config, nowMs);
    if (problem !== undefined) {
      done(refusal(problem.error, problem.message, problem.records));
      return;
    }
    if (batchProducerId(records, 0) >= 0 && !this.#checkSequence(records, done)) return;
    const logAppendTime = this.#config.messageTimestampType === 'LogAppendTime';
    this.#appendChecked(
      records,
      memory,
      leaderEpoch,
      logAppendTime ? 'LogAppendTime' : 'CreateTime',
      nowMs,
      done,
    );
  }

  /** Appends a batch that the broker built itself (coordinators): nothing is checked. */
  appendOwn(records: Uint8Array, leaderEpoch: number, done: (outcome: AppendOutcome) => void): void {
    this.#appendChecked(records, undefined, leaderEpoch, 'CreateTime', this.#clock.now(), done);
  }

  /** False when the batch was answered (or will be, by the one that it repeats). */
  #checkSequence(records: Uint8Array, done: (outcome: AppendOutcome) => void): boolean {
    const verdict = this.producers.check(sequencedBatch(records, 0));
    if (verdict.kind === 'next') return true;
    if (verdict.kind === 'refused') {
      done(refusal(verdict.error, verdict.message));
      return false;
    }
    const appendTime = this.#config.messageTimestampType === 'LogAppendTime' ? verdict.of.timestamp : -1;
    const outcome = success(verdict.of.baseOffset, appendTime);
    if (verdict.of.lastOffset < this.#highWatermark) done(outcome);
    else this.#duplicates.push({ lastOffset: verdict.of.lastOffset, outcome, done });
    return false;
  }

  #appendChecked(
    records: Uint8Array,
    memory: BatchMemory | undefined,
    leaderEpoch: number,
    timestampType: TimestampType,
    nowMs: number,
    done: (outcome: AppendOutcome) => void,
  ): void {
    if (this.#closed) {
      done(refusal(ErrorCode.NOT_LEADER_OR_FOLLOWER, 'The partition is closed on this broker.'));
      return;
    }
    const log = this.log;
    const baseOffset = log.endOffset;
    const lastOffset = baseOffset + batchLastOffsetDelta(records, 0);
    assert(lastOffset < SAFE_END, 'offsets stay safe integers');
    setBatchBaseOffset(records, 0, baseOffset);
    setBatchLeaderEpoch(records, 0, leaderEpoch);
    if (timestampType === 'LogAppendTime') setBatchMaxTimestamp(records, 0, timestampType, nowMs);
    const maxTimestamp = batchMaxTimestamp(records, 0);
    try {
      log.append([{ bytes: records, memory, baseOffset, lastOffset, leaderEpoch, maxTimestamp }]);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      done(refusal(ErrorCode.KAFKA_STORAGE_ERROR, error.message));
      return;
    }
    if (batchProducerId(records, 0) >= 0)
      this.producers.append(sequencedBatch(records, 0), baseOffset, maxTimestamp, nowMs);
    this.#pending.push({
      lastOffset,
      outcome: success(baseOffset, timestampType === 'LogAppendTime' ? nowMs : -1),
      done,
    });
  }

  /**
   * Whole batches from `offset` on, below `limits.upToOffset`. The caller has made sure that the offset lies from the log start offset to the high
   * watermark.
   */
  read(offset: number, limits: ReadLimits): LogSlice | Promise<LogSlice> {
    return this.log.read(offset, limits);
  }

  addWaiter(waiter: PartitionWaiter): void {
    this.#waiters.add(waiter);
  }

  removeWaiter(waiter: PartitionWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** Answers whoever waits: the partition is led elsewhere, or gone. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Forgets producers that were silent for `expirationMs`. */
  expireProducers(expirationMs: number): void {
    this.producers.expire(this.#clock.now() - expirationMs);
  }

  // --- LogObserver -------------------------------------------------------------------------------------------------

  durable(endOffset: number): void {
    if (endOffset <= this.#highWatermark) return;
    this.#highWatermark = endOffset;
    this.producers.durable(endOffset);
    while (this.#pendingStart < this.#pending.length) {
      const next = this.#pending[this.#pendingStart] as PendingAppend;
      if (next.lastOffset >= endOffset) break;
      this.#pendingStart += 1;
      next.done(next.outcome);
    }
    this.#trimPending();
    if (this.#duplicates.length > 0) this.#settleDuplicates((pending) => pending.lastOffset < endOffset);
    this.wake();
  }

  discarded(endOffset: number, error: LogError): void {
    this.producers.discard(endOffset);
    const gone = this.#pending.slice(this.#pendingStart);
    this.#pending = [];
    this.#pendingStart = 0;
    const lost = [...gone, ...this.#duplicates.splice(0)];
    for (const pending of lost) {
      if (pending.lastOffset < endOffset) pending.done(pending.outcome);
      else pending.done(refusal(ErrorCode.KAFKA_STORAGE_ERROR, error.message));
    }
  }

  startMoved(): void {
    this.wake();
  }

  stableEndOffset(): number {
    return this.lastStableOffset;
  }

  lastOfProducer(producerId: number): LastOfProducer | undefined {
    const entry = this.producers.get(producerId);
    return entry && { lastDataOffset: entry.batches.at(-1)?.lastOffset ?? -1, epoch: entry.epoch };
  }

  takeSnapshot(): Uint8Array | undefined {
    return encodeProducerSnapshot(this.producers);
  }

  restore(snapshot: Uint8Array | undefined): boolean {
    this.producers.clear();
    if (snapshot === undefined) return true;
    const entries = decodeProducerSnapshot(snapshot);
    if (entries === undefined) return false;
    for (const [producerId, entry] of entries) this.producers.load(producerId, entry);
    return true;
  }

  replay(bytes: Uint8Array, at: number): void {
    if (batchProducerId(bytes, at) < 0 || batchBaseSequence(bytes, at) < 0) return;
    const timestamp = batchMaxTimestamp(bytes, at);
    this.producers.replay(sequencedBatch(bytes, at), batchBaseOffset(bytes, at), timestamp, timestamp);
  }

  // ------------------------------------------------------------------------------------------------------------------

  #settleDuplicates(settled: (pending: PendingAppend) => boolean): void {
    const waiting: PendingAppend[] = [];
    for (const pending of this.#duplicates) {
      if (settled(pending)) pending.done(pending.outcome);
      else waiting.push(pending);
    }
    this.#duplicates = waiting;
  }

  #trimPending(): void {
    if (this.#pendingStart === this.#pending.length) {
      this.#pending.length = 0;
      this.#pendingStart = 0;
    } else if (this.#pendingStart > 1024) {
      this.#pending = this.#pending.slice(this.#pendingStart);
      this.#pendingStart = 0;
    }
  }

  /** Tells whoever waits to look again. */
  wake(): void {
    for (const waiter of this.#waiters) waiter.wake();
  }
}

function sequencedBatch(bytes: Uint8Array, at: number) {
  return {
    producerId: batchProducerId(bytes, at),
    producerEpoch: batchProducerEpoch(bytes, at),
    baseSequence: batchBaseSequence(bytes, at),
    lastOffsetDelta: batchLastOffsetDelta(bytes, at),
  };
}

function success(baseOffset: number, logAppendTimeMs: number): AppendOutcome {
  return { error: ErrorCode.NONE, message: null, baseOffset, logAppendTimeMs, recordProblems: NO_RECORDS };
}

function refusal(error: ErrorCode, message: string | null, recordProblems = NO_RECORDS): AppendOutcome {
  return { error, message, baseOffset: -1, logAppendTimeMs: -1, recordProblems };
}
