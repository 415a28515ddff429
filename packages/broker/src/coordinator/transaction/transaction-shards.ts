// Which transactional ids this broker coordinates: one shard for each partition of `__transaction_state` that it leads. Finds the shard of an id, says
// in Kafka's terms why there is no answer when there is none, and sees to it that each decision gets its markers and its end:
//
//   Prepare* durable --effect--> MarkerSender --every marker durable--> complete decided --> Complete* durable
//                                                                          ^     | could not be stored, too many requests wait
//                                                                          +-----+ again after `retryDelayMs`, while the shard is led
import type { Clock, Random } from '@moldau/runtime';
import { CoordinatorError } from '../coordinator-error.ts';
import type { CoordinatorLog } from '../coordinator-log.ts';
import { coordinatorPartition } from '../coordinator-partition.ts';
import { CoordinatorShard } from '../coordinator-shard.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import { completeTransaction } from './complete-transaction.ts';
import type { MarkerSender } from './marker-sender.ts';
import type { Transaction } from './transaction.ts';
import { TransactionEnds } from './transaction-ends.ts';
import { TransactionState } from './transaction-state.ts';
import { isPrepared } from './transaction-status.ts';
import type {
  MarkersNeeded,
  TransactionChange,
  TransactionDecision,
  TransactionEnvironment,
} from './transaction-state.ts';

type TransactionShard = CoordinatorShard<TransactionChange, TransactionState>;

export interface TransactionShardsOptions extends TransactionEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  /** Partitions of `__transaction_state`. */
  partitions(): number;
  readonly markers: MarkerSender;
  /** Told of failures that no client is: what a timer decided could not be stored. */
  readonly onError: (error: unknown) => void;
}

/** A decision on the state of one shard. */
export type Decide = (state: TransactionState, context: DecisionContext) => TransactionDecision;

interface Held {
  readonly epoch: number;
  readonly shard: TransactionShard;
}

export class TransactionShards {
  readonly #options: TransactionShardsOptions;
  readonly #shards = new Map<number, Held>();
  readonly #ends: TransactionEnds;

  constructor(options: TransactionShardsOptions) {
    this.#options = options;
    this.#ends = new TransactionEnds(options.clock);
  }

  /** The partition of `__transaction_state` that keeps the id. */
  partitionFor(transactionalId: string): number {
    return coordinatorPartition(transactionalId, this.#options.partitions());
  }

  /** This broker leads the partition in `epoch`: reads its transactions, and resumes those that are decided. */
  async lead(partition: number, epoch: number, log: CoordinatorLog): Promise<void> {
    const before = this.#shards.get(partition);
    if (before !== undefined) {
      if (before.epoch >= epoch) return;
      this.resign(partition);
    }
    const { clock, random, settings, onError } = this.#options;
    const { maxPendingRequests, retryDelayMs } = settings;
    const onEffect = (effect: unknown): void => this.#sendMarkers(partition, held, effect as MarkersNeeded);
    const shard: TransactionShard = new CoordinatorShard(
      { log, clock, random, maxPendingRequests, retryDelayMs, onError, onEffect },
      (undo) => new TransactionState(this.#options, undo),
    );
    const held: Held = { epoch, shard };
    this.#shards.set(partition, held);
    await shard.load();
  }

  /** This broker leads the partition no longer: whoever leads it now finishes what is decided. */
  resign(partition: number): void {
    const held = this.#shards.get(partition);
    if (held === undefined) return;
    this.#shards.delete(partition);
    held.shard.close();
    this.#options.markers.forget(held);
  }

  /** Decides something about an id. @throws CoordinatorError (rejects) when there is no answer */
  decide<Answer>(transactionalId: string, decide: Decide): Promise<Answer> {
    const partition = this.partitionFor(transactionalId);
    const held = this.#shards.get(partition);
    if (held !== undefined) return held.shard.request<Answer>(decide);
    return Promise.reject(
      new CoordinatorError(
        'NOT_COORDINATOR',
        `this broker does not lead partition ${partition} of __transaction_state`,
      ),
    );
  }

  /**
   * `decide`, again whenever the answer is that a transaction has to end first and it does so within `waitMs`.
   * @throws CoordinatorError (rejects) when there is no answer
   */
  async decideAfterEnd<Answer>(
    transactionalId: string,
    waitMs: number,
    isTooEarly: (answer: Answer) => boolean,
    decide: Decide,
  ): Promise<Answer> {
    const { clock } = this.#options;
    const untilMs = clock.monotonic() + waitMs;
    for (;;) {
      const answer = await this.decide<Answer>(transactionalId, decide);
      if (!isTooEarly(answer)) return answer;
      const leftMs = untilMs - clock.monotonic();
      if (leftMs <= 0) return answer;
      // It may have ended while the answer waited for its turn.
      if (this.#isEnding(transactionalId) && !(await this.#ends.next(transactionalId, leftMs))) return answer;
    }
  }

  /** Decides the same in each partition that this broker leads. @throws CoordinatorError (rejects) when one of them has no answer */
  decideInAll<Answer>(decide: Decide): Promise<Answer[]> {
    return Promise.all([...this.#shards.values()].map(({ shard }) => shard.request<Answer>(decide)));
  }

  close(): void {
    for (const partition of this.#shards.keys()) this.resign(partition);
  }

  /** By the newest state: a reason to wait or not, never an answer. */
  #isEnding(transactionalId: string): boolean {
    const held = this.#shards.get(this.partitionFor(transactionalId));
    const transaction = held?.shard.state.transaction(transactionalId);
    return transaction !== undefined && isPrepared(transaction.status);
  }

  #sendMarkers(partition: number, held: Held, { transaction }: MarkersNeeded): void {
    this.#options.markers.send({
      owner: held,
      transaction,
      coordinatorEpoch: held.epoch,
      written: () => this.#complete(partition, held, transaction),
    });
  }

  #complete(partition: number, held: Held, transaction: Transaction): void {
    if (this.#shards.get(partition) !== held) return;
    held.shard
      .request<void>((state, context) => completeTransaction(state, context, transaction))
      .catch((error: unknown) => {
        if (this.#shards.get(partition) !== held) return;
        this.#options.onError(error);
        const { clock, settings } = this.#options;
        clock.setTimer(settings.retryDelayMs, () => this.#complete(partition, held, transaction));
      });
    // Decided by now: what is decided next comes behind it in the log.
    this.#ends.ended(transaction.transactionalId);
  }
}
