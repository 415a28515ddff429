// The state of one partition of `__transaction_state`: the transactional ids that hash to it, as a state machine for CoordinatorShard.
//
// Must stay true:
//   - what records say is changed by `apply` alone; what is memory only (time-outs, the epoch before) by `applyChange`;
//   - a decision (PrepareCommit, PrepareAbort) is followed by nothing but its own end;
//   - whenever a decision has become durable its markers are asked for, once: by an effect of the step that made it, or of loading.
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { CoordinatorState, Decision, DecisionContext } from '../coordinator-shard.ts';
import { DeadlineQueue } from '../deadline-queue.ts';
import { UndoMap } from '../undo-log.ts';
import type { UndoLog } from '../undo-log.ts';
import { expireIds } from './id-expiration.ts';
import { abortTimedOut } from './timed-out-transactions.ts';
import { NO_TIMEOUT, type Transaction } from './transaction.ts';
import { readTransactionRecord } from './transaction-records.ts';
import type { TransactionSettings } from './transaction-settings.ts';
import { isPrepared } from './transaction-status.ts';

/** What changes without a record. */
export type TransactionChange =
  /** What the record of the transaction does not say. */
  | {
      readonly kind: 'unstored';
      readonly transactionalId: string;
      readonly lastProducerEpoch: number;
      readonly deadlineMs: number | undefined;
    }
  | { readonly kind: 'timeouts-checked'; readonly nextCheckMs: number }
  | { readonly kind: 'ids-checked'; readonly nextCheckMs: number };

/** A decision is durable: its markers are to be written. */
export interface MarkersNeeded {
  readonly kind: 'markers';
  readonly transaction: Transaction;
}

export type TransactionDecision = Decision<TransactionChange>;

/** What the coordinator is told by the rest of the broker, at the moment of a decision. */
export interface TransactionEnvironment {
  readonly settings: TransactionSettings;
  /** The finalized level of the feature `transaction.version`. */
  transactionVersion(): number;
  /** A producer id that nobody had before; undefined while none is at hand: more are on their way then. */
  takeProducerId(): number | undefined;
}

export class TransactionState implements CoordinatorState<TransactionChange> {
  readonly environment: TransactionEnvironment;
  readonly #transactions: UndoMap<string, Transaction>;
  /** When each open transaction runs out of time, monotonic. */
  #deadlines = new DeadlineQueue<string>();
  #nextTimeoutCheckMs = -Infinity;
  #nextIdCheckMs = Infinity;

  constructor(environment: TransactionEnvironment, undo: UndoLog) {
    this.environment = environment;
    this.#transactions = new UndoMap(undo);
  }

  get size(): number {
    return this.#transactions.size;
  }

  transaction(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId);
  }

  transactions(): Iterable<Transaction> {
    return this.#transactions.values();
  }

  apply(record: CoordinatorRecord): void {
    const read = readTransactionRecord(record);
    if (read.kind !== 'transaction') return;
    if (read.transaction === undefined) this.#transactions.delete(read.transactionalId);
    else this.#transactions.set(read.transactionalId, read.transaction);
    this.#deadlines.delete(read.transactionalId);
  }

  applyChange(change: TransactionChange): void {
    switch (change.kind) {
      case 'unstored': {
        const { transactionalId, lastProducerEpoch, deadlineMs } = change;
        const transaction = this.#transactions.get(transactionalId);
        if (transaction === undefined) return;
        this.#transactions.set(transactionalId, { ...transaction, lastProducerEpoch, deadlineMs });
        if (deadlineMs === undefined) this.#deadlines.delete(transactionalId);
        else this.#deadlines.set(transactionalId, deadlineMs);
        return;
      }
      case 'timeouts-checked':
        this.#nextTimeoutCheckMs = change.nextCheckMs;
        return;
      case 'ids-checked':
        this.#nextIdCheckMs = change.nextCheckMs;
    }
  }

  loaded({ nowMs, monotonicMs }: DecisionContext): TransactionDecision {
    const changes: TransactionChange[] = [
      { kind: 'ids-checked', nextCheckMs: monotonicMs + this.environment.settings.removeExpiredIntervalMs },
      {
        kind: 'timeouts-checked',
        nextCheckMs: monotonicMs + this.environment.settings.abortTimedOutIntervalMs,
      },
    ];
    const effects: MarkersNeeded[] = [];
    for (const transaction of this.#transactions.values()) {
      if (isPrepared(transaction.status)) effects.push({ kind: 'markers', transaction });
      if (transaction.status !== 'Ongoing' || transaction.timeoutMs === NO_TIMEOUT) continue;
      // A clock that was set back meanwhile must not make it wait longer than it could ever have.
      const leftMs = transaction.startMs + transaction.timeoutMs - nowMs;
      const { transactionalId, lastProducerEpoch } = transaction;
      changes.push({
        kind: 'unstored',
        transactionalId,
        lastProducerEpoch,
        deadlineMs: monotonicMs + Math.min(Math.max(0, leftMs), transaction.timeoutMs),
      });
    }
    return { records: [], changes, replies: [], effects };
  }

  rolledBack(): void {
    this.#deadlines = new DeadlineQueue();
    for (const { transactionalId, deadlineMs } of this.#transactions.values())
      if (deadlineMs !== undefined) this.#deadlines.set(transactionalId, deadlineMs);
  }

  nextDeadline(): number | undefined {
    const timeoutMs = this.#deadlines.earliest()?.atMs ?? Infinity;
    const next = Math.min(Math.max(timeoutMs, this.#nextTimeoutCheckMs), this.#nextIdCheckMs);
    return next === Infinity ? undefined : next;
  }

  expire(context: DecisionContext): TransactionDecision {
    return context.monotonicMs >= this.#nextIdCheckMs
      ? expireIds(this, context)
      : abortTimedOut(this, context);
  }
}
