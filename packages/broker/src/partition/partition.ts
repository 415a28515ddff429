// One partition as its leader sees it: what may be appended, what may be read, who waits for what.
//
//   produce --> checks (--> recompression, appends behind it wait) --> offsets, epoch and timestamps patched in --> log.append        (nothing observable has moved)
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
  batchIsControl,
  batchIsTransactional,
  batchLastOffsetDelta,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  setBatchMaxTimestamp,
  type TimestampType,
} from '@moldau/protocol/records/batch-header.ts';
import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import type { Clock } from '@moldau/runtime';
import type { AbortedTransaction } from '../log/aborted-transaction.ts';
import type { BatchMemory } from '../log/batch-memory.ts';
import { loggedMarker } from '../log/logged-marker.ts';
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
import { refusal, success, type AppendOutcome } from './append-outcome.ts';
import { checkProduced } from './check-produced.ts';
import { PendingAppends } from './pending-appends.ts';
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts';
import { ProducerState } from './producer-state.ts';
import { RecompressingAppends } from './recompressing-appends.ts';
import { Recompressor } from './recompressor.ts';
import type { TransactionMarker } from './transaction-marker.ts';
import {
  ENDED,
  TransactionVerifications,
  type TransactionGate,
  type Verified,
} from './transaction-verifications.ts';

export type { AppendOutcome } from './append-outcome.ts';

/** Something that waits for records: told (often) that there may be some, it looks for itself. */
export interface PartitionWaiter {
  wake(): void;
}

const SAFE_END = Number.MAX_SAFE_INTEGER;

export class Partition implements LogObserver {
  readonly id: PartitionId;
  readonly producers = new ProducerState();
  readonly verifications = new TransactionVerifications(({ producerId, producerEpoch }) =>
    this.producers.isInTransaction(producerId, producerEpoch),
  );
  readonly #clock: Clock;
  #config: TopicConfig;
  #log: PartitionLog | undefined;
  #highWatermark = 0;
  /** The newest that was appended with. */
  #leaderEpoch = 0;
  readonly #appends: RecompressingAppends;
  readonly #pending = new PendingAppends();
  /** Found by recovery's replay: the log is told once it is there. */
  #replayedAborts: AbortedTransaction[] = [];
  readonly #waiters = new Set<PartitionWaiter>();
  #closed = false;

  constructor(id: PartitionId, config: TopicConfig, clock: Clock, recompressor = new Recompressor()) {
    this.id = id;
    this.#config = config;
    this.#clock = clock;
    this.#appends = new RecompressingAppends({
      recompressor,
      config: () => this.#config,
      append: ({ records, memory, leaderEpoch, done, verified }) => {
        if (verified?.() === false) done(refusal(ErrorCode.INVALID_TXN_STATE, ENDED));
        else this.#appendVerified(records, memory, leaderEpoch, done);
      },
    });
  }

  /** Binds the log that was opened with this partition as its observer; before that only recovery calls are allowed. */
  attach(log: PartitionLog): void {
    assert(this.#log === undefined, 'a partition has one log');
    this.#log = log;
    this.#highWatermark = log.durableEndOffset;
    this.producers.durable(this.#highWatermark);
    for (const aborted of this.#replayedAborts) log.noteAborted(aborted);
    this.#replayedAborts = [];
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
    const unstable = this.producers.transactions.firstUnstableOffset;
    if (unstable === undefined) return this.#highWatermark;
    // What was deleted of an open transaction holds nothing back.
    return Math.min(this.#highWatermark, Math.max(unstable, this.logStartOffset));
  }

  configure(config: TopicConfig): void {
    this.#config = config;
    this.log.configure(config.log);
  }

  /**
   * Appends the record batch of one produce request. `records` becomes the partition's: it is patched in place and kept, as is `memory`, in which it
   * lies if that is used again.
   * With a `gate` the first batch of a transaction waits until its coordinator knows that the partition is part of it.
   * `done` is called exactly once: at once for most refusals, else when the batch is durable or has failed.
   */
  append(
    records: Uint8Array,
    memory: BatchMemory | undefined,
    leaderEpoch: number,
    done: (outcome: AppendOutcome) => void,
    gate?: TransactionGate,
  ): void {
    const nowMs = this.#clock.now();
    const problem = checkProduced(records, this.#config, nowMs);
    if (problem !== undefined) {
      done(refusal(problem.error, problem.message, problem.records));
      return;
    }
    if (gate === undefined || !batchIsTransactional(records, 0)) {
      this.#appends.append({ records, memory, leaderEpoch, done });
      return;
    }
    const batch = sequencedBatch(records, 0);
    const fenced = this.producers.checkEpoch(batch);
    if (fenced !== undefined) {
      done(refusal(fenced.error, fenced.message));
      return;
    }
    const settle = (error: ErrorCode, message: string | null, verified: Verified): void => {
      if (error === ErrorCode.NONE) this.#appends.append({ records, memory, leaderEpoch, done, verified });
      else done(refusal(error, message));
    };
    this.verifications.verify({ batch, gate, settle }, nowMs);
  }

  #appendVerified(
    records: Uint8Array,
    memory: BatchMemory | undefined,
    leaderEpoch: number,
    done: (outcome: AppendOutcome) => void,
  ): void {
    if (batchProducerId(records, 0) >= 0 && !this.#checkSequence(records, done)) return;
    const timestampType = this.#config.messageTimestampType;
    this.#appendChecked(records, memory, leaderEpoch, timestampType, this.#clock.now(), done);
  }

  /**
   * Appends a batch that a coordinator of this broker built. Of a transaction's batch (offsets to commit: no sequence) the producer's epoch is checked;
   * of others nothing.
   */
  appendOwn(records: Uint8Array, leaderEpoch: number, done: (outcome: AppendOutcome) => void): void {
    if (batchProducerId(records, 0) >= 0 && !this.#checkSequence(records, done)) return;
    this.#appendChecked(records, undefined, leaderEpoch, 'CreateTime', this.#clock.now(), done);
  }

  /**
   * Ends a producer's transaction: appends its marker as a control batch. The last stable offset moves once that is durable. A marker that ends nothing is
   * appended as well, since its epoch fences what may still come.
   */
  appendMarker(marker: TransactionMarker, leaderEpoch: number, done: (outcome: AppendOutcome) => void): void {
    const refused = this.producers.checkMarker(marker);
    if (refused !== undefined) {
      done(refusal(refused.error, refused.message));
      return;
    }
    const nowMs = this.#clock.now();
    const { producerId, producerEpoch, coordinatorEpoch, committed } = marker;
    const type = committed ? 'commit' : 'abort';
    const batch = buildEndTransactionBatch({
      type,
      coordinatorEpoch,
      producerId,
      producerEpoch,
      timestamp: nowMs,
    });
    const offset = this.#appendBytes(batch, undefined, leaderEpoch, 'CreateTime', nowMs, done);
    if (offset === undefined) return;
    this.verifications.appended(producerId);
    const aborted = this.producers.appendMarker(marker, offset, nowMs, nowMs);
    if (aborted !== undefined) this.log.noteAborted(aborted);
  }

  /** False when the batch was answered (or will be, by the one that it repeats). */
  #checkSequence(records: Uint8Array, done: (outcome: AppendOutcome) => void): boolean {
    const batch = sequencedBatch(records, 0);
    const verdict = this.producers.check(batch, this.verifications.of(batch.producerId));
    if (verdict.kind === 'next') return true;
    if (verdict.kind === 'refused') {
      done(refusal(verdict.error, verdict.message));
      return false;
    }
    const appendTime = this.#config.messageTimestampType === 'LogAppendTime' ? verdict.of.timestamp : -1;
    const outcome = success(verdict.of.baseOffset, appendTime);
    const { lastOffset } = verdict.of;
    if (lastOffset < this.#highWatermark) done(outcome);
    else this.#pending.addDuplicate({ lastOffset, outcome, done });
    return false;
  }

  /** Appends a batch that has been checked. */
  #appendChecked(
    records: Uint8Array,
    memory: BatchMemory | undefined,
    leaderEpoch: number,
    timestampType: TimestampType,
    nowMs: number,
    done: (outcome: AppendOutcome) => void,
  ): void {
    const baseOffset = this.#appendBytes(records, memory, leaderEpoch, timestampType, nowMs, done);
    if (batchProducerId(records, 0) < 0) return;
    const batch = sequencedBatch(records, 0);
    if (baseOffset === undefined) {
      this.producers.refused(batch);
      return;
    }
    this.producers.append(batch, baseOffset, batchMaxTimestamp(records, 0), nowMs);
    if (batch.transactional) this.verifications.appended(batch.producerId);
  }

  /** Returns the offset of the first record; undefined when the batch was refused (and `done` was called). */
  #appendBytes(
    records: Uint8Array,
    memory: BatchMemory | undefined,
    leaderEpoch: number,
    timestampType: TimestampType,
    nowMs: number,
    done: (outcome: AppendOutcome) => void,
  ): number | undefined {
    if (this.#closed) {
      done(refusal(ErrorCode.NOT_LEADER_OR_FOLLOWER, 'The partition is closed on this broker.'));
      return undefined;
    }
    if (leaderEpoch < this.#leaderEpoch) {
      done(refusal(ErrorCode.NOT_LEADER_OR_FOLLOWER, 'The partition got another leader meanwhile.'));
      return undefined;
    }
    this.#leaderEpoch = leaderEpoch;
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
      return undefined;
    }
    const outcome = success(baseOffset, timestampType === 'LogAppendTime' ? nowMs : -1);
    this.#pending.add({ lastOffset, outcome, done });
    return baseOffset;
  }

  /**
   * Whole batches from `offset` on, below `limits.upToOffset`. The caller has made sure that the offset lies from the log start offset to the high
   * watermark.
   */
  read(offset: number, limits: ReadLimits): LogSlice | Promise<LogSlice> {
    return this.log.read(offset, limits);
  }

  /** Resolves when everything that has been appended is durable, or discarded. */
  settled(): Promise<void> {
    const lastOffset = this.log.endOffset - 1;
    if (lastOffset < this.#highWatermark) return Promise.resolve();
    return new Promise((resolve) => {
      this.#pending.addDuplicate({ lastOffset, outcome: success(-1, -1), done: () => resolve() });
    });
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
    const oldestMs = this.#clock.now() - expirationMs;
    this.producers.expire(oldestMs);
    this.verifications.expire(oldestMs);
  }

  // --- LogObserver -------------------------------------------------------------------------------------------------

  durable(endOffset: number): void {
    if (endOffset <= this.#highWatermark) return;
    this.#highWatermark = endOffset;
    this.producers.durable(endOffset);
    this.#pending.durable(endOffset);
    this.wake();
  }

  discarded(endOffset: number, error: LogError): void {
    this.producers.discard(endOffset);
    this.#pending.discarded(endOffset, error);
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
    this.#replayedAborts = [];
    if (snapshot === undefined) return true;
    const entries = decodeProducerSnapshot(snapshot);
    if (entries === undefined) return false;
    for (const [producerId, entry] of entries) this.producers.load(producerId, entry);
    return true;
  }

  replay(bytes: Uint8Array, at: number): void {
    if (batchProducerId(bytes, at) < 0) return;
    const timestamp = batchMaxTimestamp(bytes, at);
    const offset = batchBaseOffset(bytes, at);
    if (!batchIsControl(bytes, at)) {
      this.producers.replay(sequencedBatch(bytes, at), offset, timestamp, timestamp);
      return;
    }
    const marker = loggedMarker(bytes, at);
    if (marker === undefined) return;
    const aborted = this.producers.replayMarker(marker, offset, timestamp, timestamp);
    if (aborted !== undefined) this.#replayedAborts.push(aborted);
  }

  // ------------------------------------------------------------------------------------------------------------------

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
    transactional: batchIsTransactional(bytes, at),
  };
}
