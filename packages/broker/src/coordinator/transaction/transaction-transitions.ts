// What may become of a transaction, step by step: pure functions from one value to the next, as Kafka's TransactionMetadata has them. Who may ask
// for which step is decided elsewhere (init-producer-id.ts, add-partitions.ts, end-transaction.ts); here is asserted that the step exists.
import assert from 'node:assert/strict';
import {
  EPOCH_BUMP_VERSION,
  isEpochExhausted,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type Transaction,
} from './transaction.ts';
import { NO_PARTITIONS, withPartitions, type TopicOfPartitions } from './transaction-partitions.ts';
import { isPrepared, type TransactionStatus } from './transaction-status.ts';

const PREDECESSORS: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  Empty: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareCommit: ['Ongoing'],
  PrepareAbort: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
  Dead: [],
  PrepareEpochFence: [],
};

function moved(
  transaction: Transaction,
  status: TransactionStatus,
  nowMs: number,
  changes: Partial<Transaction>,
): Transaction {
  assert(
    PREDECESSORS[status].includes(transaction.status),
    `no transaction goes from ${transaction.status} to ${status}`,
  );
  return {
    ...transaction,
    previousProducerId: transaction.producerId,
    lastUpdateMs: nowMs,
    ...changes,
    status,
    deadlineMs: status === 'Ongoing' ? transaction.deadlineMs : undefined,
  };
}

const withoutTransaction = (timeoutMs: number): Partial<Transaction> => ({
  timeoutMs,
  partitions: NO_PARTITIONS,
  startMs: -1,
});

/**
 * InitProducerId: a producer begins anew, which fences all that had the id before.
 * @param expectedEpoch the epoch of a producer that goes on after an error (KIP-360)
 * @returns undefined when another producer has taken the id over
 */
export function raiseEpoch(
  transaction: Transaction,
  timeoutMs: number,
  expectedEpoch: number | undefined,
  nowMs: number,
): Transaction | undefined {
  const { producerEpoch, lastProducerEpoch } = transaction;
  const raised = (last: number): Transaction => {
    assert(!isEpochExhausted(producerEpoch), 'there are epochs left');
    return moved(transaction, 'Empty', nowMs, {
      ...withoutTransaction(timeoutMs),
      producerEpoch: producerEpoch + 1,
      lastProducerEpoch: last,
    });
  };
  if (expectedEpoch === undefined) return raised(NO_PRODUCER_EPOCH);
  if (producerEpoch === NO_PRODUCER_EPOCH || expectedEpoch === producerEpoch) return raised(producerEpoch);
  // The same request again, because its answer was lost.
  if (expectedEpoch === lastProducerEpoch)
    return moved(transaction, 'Empty', nowMs, withoutTransaction(timeoutMs));
  return undefined;
}

/** InitProducerId when the epochs are used up. */
export const replaceProducerId = (
  transaction: Transaction,
  producerId: number,
  timeoutMs: number,
  keepLastEpoch: boolean,
  nowMs: number,
): Transaction =>
  moved(transaction, 'Empty', nowMs, {
    ...withoutTransaction(timeoutMs),
    producerId,
    producerEpoch: 0,
    lastProducerEpoch: keepLastEpoch ? transaction.producerEpoch : NO_PRODUCER_EPOCH,
  });

export const addToTransaction = (
  transaction: Transaction,
  added: readonly TopicOfPartitions[],
  clientTransactionVersion: number,
  nowMs: number,
): Transaction =>
  moved(transaction, 'Ongoing', nowMs, {
    partitions: withPartitions(transaction.partitions, added),
    startMs: transaction.status === 'Ongoing' ? transaction.startMs : nowMs,
    clientTransactionVersion,
  });

/**
 * The decision: it holds for ever once it is durable.
 * @param nextProducerId the id that the producer goes on with; -1: its own
 */
export function prepareEnd(
  transaction: Transaction,
  status: 'PrepareCommit' | 'PrepareAbort',
  clientTransactionVersion: number,
  nextProducerId: number,
  nowMs: number,
): Transaction {
  const { producerEpoch } = transaction;
  const bumped =
    clientTransactionVersion >= EPOCH_BUMP_VERSION
      ? { producerEpoch: producerEpoch + 1, lastProducerEpoch: producerEpoch }
      : {};
  return moved(transaction, status, nowMs, {
    ...bumped,
    nextProducerId,
    // A transaction without partitions, that never began, ends as it begins.
    startMs: transaction.status === 'Ongoing' ? transaction.startMs : nowMs,
    clientTransactionVersion,
  });
}

/** The coordinator itself aborts a transaction of version 0 or 1, and takes the epoch from whoever writes for it. */
export const fenceAndAbort = (transaction: Transaction, nowMs: number): Transaction =>
  moved(transaction, 'PrepareAbort', nowMs, {
    producerEpoch: transaction.producerEpoch + 1,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    nextProducerId: NO_PRODUCER_ID,
    clientTransactionVersion: 0,
  });

/** Every marker is written. */
export function complete(transaction: Transaction, nowMs: number): Transaction {
  const { status, nextProducerId, clientTransactionVersion } = transaction;
  assert(isPrepared(status), 'a decision comes before its end');
  const replaced = clientTransactionVersion >= EPOCH_BUMP_VERSION && nextProducerId !== NO_PRODUCER_ID;
  return moved(transaction, status === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort', nowMs, {
    ...(replaced ? { producerId: nextProducerId, producerEpoch: 0 } : {}),
    nextProducerId: NO_PRODUCER_ID,
    partitions: NO_PARTITIONS,
  });
}
