// A transactional id: its producer, and its transaction. An immutable value; what may become of it is in transaction-transitions.ts.
import { NO_PARTITIONS } from './transaction-partitions.ts';
import type { TransactionPartitions } from './transaction-partitions.ts';
import type { TransactionStatus } from './transaction-status.ts';

export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;

/** The largest epoch there is. No producer is ever given it, so that whoever has an epoch can still be fenced. */
const MAX_PRODUCER_EPOCH = 32_767;

/** The transaction time-out that stands for none: the transaction is part of one that somebody else coordinates (KIP-939). */
export const NO_TIMEOUT = 2_147_483_647;

/** `transaction.version` from which the end of each transaction raises the producer's epoch (KIP-890). */
export const EPOCH_BUMP_VERSION = 2;

export interface Transaction {
  readonly transactionalId: string;
  readonly producerId: number;
  /** The producer id before the last step; the same unless that step gave a new one. */
  readonly previousProducerId: number;
  /** The producer id that a prepared transaction will go on with, because the epochs of this one are used up; otherwise -1. */
  readonly nextProducerId: number;
  /** -1 before the first InitProducerId is carried out. */
  readonly producerEpoch: number;
  /** The epoch before the last raise that the producer itself asked for; -1 when there is none. Not stored, as in Kafka. */
  readonly lastProducerEpoch: number;
  readonly timeoutMs: number;
  readonly status: TransactionStatus;
  readonly partitions: TransactionPartitions;
  /** When the transaction began, in ms since 1970; -1 while there is none. */
  readonly startMs: number;
  readonly lastUpdateMs: number;
  /** The `transaction.version` that the client runs this transaction by. */
  readonly clientTransactionVersion: number;
  /** When the transaction runs out of time, monotonic; undefined when it cannot. Not stored. */
  readonly deadlineMs: number | undefined;
}

/** A transactional id that nobody has had before. */
export const newTransaction = (
  transactionalId: string,
  producerId: number,
  timeoutMs: number,
  nowMs: number,
): Transaction => ({
  transactionalId,
  producerId,
  previousProducerId: NO_PRODUCER_ID,
  nextProducerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
  lastProducerEpoch: NO_PRODUCER_EPOCH,
  timeoutMs,
  status: 'Empty',
  partitions: NO_PARTITIONS,
  startMs: -1,
  lastUpdateMs: nowMs,
  clientTransactionVersion: 0,
  deadlineMs: undefined,
});

/** Raising this epoch once more would use up the last one. */
export const isEpochExhausted = (epoch: number): boolean => epoch >= MAX_PRODUCER_EPOCH - 1;

/** The last epoch that a producer may have had before its id was replaced. */
export const LAST_USABLE_EPOCH: number = MAX_PRODUCER_EPOCH - 1;
