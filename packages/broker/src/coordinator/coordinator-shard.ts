// The runtime of a coordinator: one replicated state machine kept in one partition of an internal topic.
//
//   request --decide--> Decision { records, changes, replies }        synchronous and pure, on the newest state
//                          |
//                          +-> log.append(records)                     in memory, not durable yet
//                          +-> state.apply(record) ...                 the same code that recovery uses
//                          +-> state.applyChange(change) ...           what is not stored: members that wait, timers
//                          +-> replies wait until every append made so far is durable
//
//   loading --load resolved--> active --close--> unloaded
//      +------load rejected--> failed
//
// Must stay true:
//   - no answer, not even a refusal or a read, leaves before all that it was decided on is durable;
//   - a discarded append takes back every change made since, and every request that arrived since is answered UNAVAILABLE; a request that was
//     waiting before stays where it was, waiting in the restored state: nothing that happened in between can be seen by anyone;
//   - time acts through `expire`, a decision like any other; nothing else changes the state.
import assert from 'node:assert/strict';
import type { Clock, Random } from '@moldau/runtime';
import { CoordinatorError } from './coordinator-error.ts';
import type { TransactionMarker } from '../partition/transaction-marker.ts';
import { batchSizeBound, recordSizeBound } from './coordinator-log.ts';
import type { CoordinatorLog, CoordinatorRecord, TransactionalProducer } from './coordinator-log.ts';
import { EarliestTimer } from './earliest-timer.ts';
import { UndoLog } from './undo-log.ts';

/** Names a request that has not been answered. Grows with each request of a shard; a state may keep it and reply later. */
export type ReplyId = number;

export interface Reply {
  readonly to: ReplyId;
  readonly answer: unknown;
}

/** What a decision may know besides the state. */
export interface DecisionContext {
  /** Wall-clock time in milliseconds since 1970, for what is stored. */
  readonly nowMs: number;
  /** Milliseconds that never go back, for deadlines. */
  readonly monotonicMs: number;
  readonly random: Random;
  /** The request that is decided on; a number that nobody waits for when time or leadership is the cause. */
  readonly reply: ReplyId;
}

export interface Decision<Change> {
  readonly records: readonly CoordinatorRecord[];
  /** Changes of the state that are not stored; applied after the records. */
  readonly changes: readonly Change[];
  /** Answers to this request and to others that were waiting. Without one for itself the request stays waiting. */
  readonly replies: readonly Reply[];
  /** What follows in the world outside (markers to be sent, ...), handed to `onEffect` once all that was appended so far is durable. */
  readonly effects?: readonly unknown[];
  /** The records are part of this producer's open transaction. */
  readonly producer?: TransactionalProducer;
  /** Ends a transaction, instead of `records`. */
  readonly marker?: TransactionMarker;
  /** The records do not depend on each other and may be appended as several batches. Otherwise they are atomic. Effects need `parts` then. */
  readonly splittable?: boolean;
  /** Decisions that have nothing to do with each other, enacted before this one: each keeps its effects whatever becomes of those behind it. */
  readonly parts?: readonly Decision<Change>[];
}

/** A state machine. Whatever requests can observe in it lives in UndoMaps over the UndoLog that it was made with. */
export interface CoordinatorState<Change> {
  /** Applies one record, at recovery or after it was appended. Must not fail on any record that was ever written. */
  apply(record: CoordinatorRecord, offset: number, producer: TransactionalProducer | undefined): void;
  /** Ends the producer's transaction: what its records said counts from now on, or never. Only for states whose records may be part of one. */
  applyMarker?(producerId: number, committed: boolean): void;
  applyChange(change: Change): void;
  /** All of the log has been applied; the shard becomes active. */
  loaded(context: DecisionContext): Decision<Change>;
  /** The changes since some position were undone: what is derived from them (deadlines) must be derived again. */
  rolledBack(monotonicMs: number): void;
  /** The earliest monotonic time at which `expire` has something to do. */
  nextDeadline(): number | undefined;
  /** What the earliest deadline that is due brings about. */
  expire(context: DecisionContext): Decision<Change>;
}

export interface CoordinatorShardOptions {
  readonly log: CoordinatorLog;
  readonly clock: Clock;
  readonly random: Random;
  /** Requests that may wait for an answer at once, waiting for other members included. */
  readonly maxPendingRequests: number;
  /** How long until a deadline whose records could not be stored is tried again. */
  readonly retryDelayMs: number;
  /** Told of failures that no request is answered with: a timer's records could not be stored. */
  readonly onError: (error: unknown) => void;
  /** Carries out an effect of a decision, which is durable by now. Must not throw; may make requests. */
  readonly onEffect?: (effect: unknown) => void;
}

export type ShardStatus = 'loading' | 'active' | 'failed' | 'unloaded';

interface Waiter {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A batch that was appended and has not settled. */
interface OpenAppend {
  /** The UndoLog's position before the batch was applied. */
  readonly position: number;
  /** Requests from this one on may depend on the batch. */
  readonly firstDependent: ReplyId;
  /** To be sent once the batch is durable. */
  readonly replies: Reply[];
  readonly effects: unknown[];
}

export class CoordinatorShard<Change, State extends CoordinatorState<Change>> {
  readonly #options: CoordinatorShardOptions;
  readonly #undo = new UndoLog();
  readonly #state: State;
  readonly #waiting = new Map<ReplyId, Waiter>();
  /** Oldest first. */
  #open: OpenAppend[] = [];
  #lastReply: ReplyId = 0;
  #status: ShardStatus = 'loading';
  readonly #timer: EarliestTimer;
  #notBefore = -Infinity;

  constructor(options: CoordinatorShardOptions, createState: (undo: UndoLog) => State) {
    this.#options = options;
    this.#timer = new EarliestTimer(options.clock, () => this.#expire());
    this.#state = createState(this.#undo);
  }

  get status(): ShardStatus {
    return this.#status;
  }

  /** Requests without an answer so far. */
  get pendingRequests(): number {
    return this.#waiting.size;
  }

  /** The newest state, which may be ahead of what is durable: for tests and gauges, never for answers. */
  get state(): State {
    return this.#state;
  }

  /** @throws CoordinatorError when no request could be decided now */
  assertActive(): void {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
  }

  /** Reads the state from the log. Until it resolves requests are refused as LOADING; if it rejects the shard has failed. */
  async load(): Promise<void> {
    assert(this.#status === 'loading', 'a shard loads once');
    let applied = 0;
    try {
      await this.#options.log.load({
        record: (record, offset, _timestampMs, producer) => {
          if (this.#status !== 'loading') return;
          this.#state.apply(record, offset, producer);
          if (++applied % 1024 === 0) this.#undo.forgetBefore(this.#undo.position);
        },
        marker: (producerId, committed) => {
          if (this.#status === 'loading') this.#state.applyMarker?.(producerId, committed);
        },
      });
    } catch (error) {
      if (this.#status === 'loading') this.#status = 'failed';
      throw error;
    }
    if (this.#status !== 'loading') return;
    this.#undo.forgetBefore(this.#undo.position);
    this.#status = 'active';
    this.#decideByItself((context) => this.#state.loaded(context));
    this.#arm();
  }

  /**
   * Decides a request on the newest state.
   * @returns its answer, once it may be seen
   * @throws CoordinatorError (rejects) when there is none; the state is then as if the request had never come
   */
  request<Answer>(decide: (state: State, context: DecisionContext) => Decision<Change>): Promise<Answer> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const id = ++this.#lastReply;
    return new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject });
      try {
        this.#enact(decide(this.#state, this.#context(id)), id);
      } catch (error) {
        this.#waiting.delete(id);
        reject(error);
      }
      this.#arm();
    });
  }

  /** Leadership is over or the broker stops: every request that waits is answered NOT_COORDINATOR. */
  close(): void {
    if (this.#status === 'unloaded') return;
    this.#status = 'unloaded';
    this.#timer.cancel();
    this.#open = [];
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.reject(noLongerCoordinator());
  }

  /** Why no request can be decided now. */
  #refusal(): CoordinatorError | undefined {
    switch (this.#status) {
      case 'loading':
        return new CoordinatorError('LOADING', 'the coordinator is reading its state');
      case 'failed':
        return new CoordinatorError('NOT_COORDINATOR', "the coordinator's state could not be read");
      case 'unloaded':
        return noLongerCoordinator();
      case 'active':
        break;
    }
    const { size } = this.#waiting;
    if (size < this.#options.maxPendingRequests) return undefined;
    return new CoordinatorError('UNAVAILABLE', `${size} requests wait for the coordinator already`);
  }

  #context(reply: ReplyId): DecisionContext {
    const { clock, random } = this.#options;
    return { nowMs: clock.now(), monotonicMs: clock.monotonic(), random, reply };
  }

  #enact(decision: Decision<Change>, cause: ReplyId): void {
    const { marker, producer, parts } = decision;
    if (parts !== undefined) this.#enactEach(parts, cause);
    for (const batch of this.#batches(decision)) this.#appendRecords(batch, producer, cause);
    if (marker !== undefined) this.#appendMarker(marker, cause);
    for (const change of decision.changes) this.#state.applyChange(change);
    const last = this.#open.at(-1);
    if (last !== undefined) {
      last.replies.push(...decision.replies);
      last.effects.push(...(decision.effects ?? []));
      return;
    }
    this.#undo.forgetBefore(this.#undo.position);
    this.#send(decision.replies);
    this.#carryOut(decision.effects ?? []);
  }

  /** @throws what the first that failed did, once all others are enacted */
  #enactEach(parts: readonly Decision<Change>[], cause: ReplyId): void {
    const failures: unknown[] = [];
    for (const part of parts) {
      try {
        this.#enact(part, cause);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  #batches(decision: Decision<Change>): readonly (readonly CoordinatorRecord[])[] {
    const { records } = decision;
    if (records.length === 0) return [];
    const { maxBatchBytes } = this.#options.log;
    const size = batchSizeBound(records);
    if (size <= maxBatchBytes) return [records];
    const tooLarge = (): CoordinatorError =>
      new CoordinatorError(
        'TOO_LARGE',
        `${records.length} records of ${size} bytes do not fit into a batch of ${maxBatchBytes} bytes`,
      );
    if (decision.splittable !== true) throw tooLarge();
    assert(
      (decision.effects ?? []).length === 0,
      'it is not known of which of the records they are the effects',
    );
    const batches: CoordinatorRecord[][] = [];
    let room = 0;
    for (const record of records) {
      if (recordSizeBound(record) > room) {
        batches.push([]);
        room = maxBatchBytes - batchSizeBound([]);
        if (recordSizeBound(record) > room) throw tooLarge();
      }
      batches.at(-1)?.push(record);
      room -= recordSizeBound(record);
    }
    return batches;
  }

  #appendRecords(
    records: readonly CoordinatorRecord[],
    producer: TransactionalProducer | undefined,
    cause: ReplyId,
  ): void {
    const { log, clock } = this.#options;
    let offset = this.#append(cause, (settled) => log.append(records, clock.now(), settled, producer));
    for (const record of records) this.#state.apply(record, offset++, producer);
  }

  #appendMarker(marker: TransactionMarker, cause: ReplyId): void {
    const { log, clock } = this.#options;
    assert(this.#state.applyMarker !== undefined, 'a state whose records may be part of transactions');
    this.#append(cause, (settled) => log.appendMarker(marker, clock.now(), settled));
    this.#state.applyMarker(marker.producerId, marker.committed);
  }

  /** Returns the offset of what `append` has appended. */
  #append(cause: ReplyId, append: (settled: (error?: Error) => void) => number): number {
    const open: OpenAppend = {
      position: this.#undo.position,
      firstDependent: cause,
      replies: [],
      effects: [],
    };
    let offset: number;
    try {
      offset = append((error) => this.#settled(open, error));
    } catch (error) {
      throw new CoordinatorError(
        'UNAVAILABLE',
        `the coordinator's log takes no records: ${(error as Error).message}`,
        { cause: error },
      );
    }
    this.#open.push(open);
    return offset;
  }

  #settled(append: OpenAppend, error: Error | undefined): void {
    const index = this.#open.indexOf(append);
    // Closed, or an append before it was discarded and took this one with it.
    if (index === -1) return;
    if (error !== undefined) {
      this.#rollBack(append, index, error);
      return;
    }
    assert(index === 0, 'appends settle in the order in which they were made');
    this.#open.shift();
    this.#undo.forgetBefore(this.#open[0]?.position ?? this.#undo.position);
    this.#send(append.replies);
    this.#carryOut(append.effects);
  }

  #carryOut(effects: readonly unknown[]): void {
    for (const effect of effects) {
      if (this.#status !== 'active') return;
      this.#options.onEffect?.(effect);
    }
  }

  #rollBack(append: OpenAppend, index: number, cause: Error): void {
    this.#open.length = index;
    this.#undo.rollBackTo(append.position);
    const { clock, retryDelayMs } = this.#options;
    this.#notBefore = clock.monotonic() + retryDelayMs;
    this.#state.rolledBack(clock.monotonic());
    this.#arm();
    const failure = new CoordinatorError(
      'UNAVAILABLE',
      `the records could not be made durable: ${cause.message}`,
      { cause },
    );
    const dependents = [...this.#waiting].filter(([id]) => id >= append.firstDependent);
    for (const [id, waiter] of dependents) {
      this.#waiting.delete(id);
      waiter.reject(failure);
    }
  }

  #send(replies: readonly Reply[]): void {
    for (const { to, answer } of replies) {
      const waiter = this.#waiting.get(to);
      assert(waiter !== undefined, 'a request is answered once');
      this.#waiting.delete(to);
      waiter.resolve(answer);
    }
  }

  /** A decision that no request asked for. */
  #decideByItself(decide: (context: DecisionContext) => Decision<Change>): boolean {
    const id = ++this.#lastReply;
    try {
      this.#enact(decide(this.#context(id)), id);
      return true;
    } catch (error) {
      this.#notBefore = this.#options.clock.monotonic() + this.#options.retryDelayMs;
      this.#options.onError(error);
      return false;
    }
  }

  /** Sets the one timer to the state's earliest deadline. */
  #arm(): void {
    if (this.#status !== 'active') return;
    const deadline = this.#state.nextDeadline();
    this.#timer.setTo(deadline === undefined ? Infinity : Math.max(deadline, this.#notBefore));
  }

  #expire(): void {
    if (this.#status !== 'active') return;
    for (;;) {
      const now = this.#options.clock.monotonic();
      const deadline = this.#state.nextDeadline();
      if (deadline === undefined || deadline > now || this.#notBefore > now) break;
      if (!this.#decideByItself((context) => this.#state.expire(context))) break;
    }
    this.#arm();
  }
}

const noLongerCoordinator = (): CoordinatorError =>
  new CoordinatorError('NOT_COORDINATOR', 'this broker coordinates the partition no longer');
