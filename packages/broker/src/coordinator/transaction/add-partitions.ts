// AddPartitionsToTxn: partitions become part of a producer's transaction, before the first batch of it is written to them; or are found to be.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import type { Transaction } from './transaction.ts';
import { hasAll, hasPartition, type TopicOfPartitions } from './transaction-partitions.ts';
import { answered, stored } from './transaction-decision.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';
import { isPrepared } from './transaction-status.ts';
import { addToTransaction } from './transaction-transitions.ts';

export interface PartitionsToAdd {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: readonly TopicOfPartitions[];
}

/** Answers an ErrorName. */
export function addPartitions(
  state: TransactionState,
  context: DecisionContext,
  request: PartitionsToAdd,
  clientTransactionVersion: number,
): TransactionDecision {
  const transaction = state.transaction(request.transactionalId);
  const problem = problemWith(transaction, request);
  if (problem !== undefined || transaction === undefined) return answered(context, problem);
  if (transaction.status === 'Ongoing' && hasAll(transaction.partitions, request.topics))
    return answered(context, 'NONE' satisfies ErrorName);
  const next = addToTransaction(transaction, request.topics, clientTransactionVersion, context.nowMs);
  return stored(state, context, next, 'NONE' satisfies ErrorName);
}

/** Which of the partitions are part of the transaction. Answers an ErrorName for all of them, or a function from topic and partition to it. */
export function verifyPartitions(
  state: TransactionState,
  context: DecisionContext,
  request: PartitionsToAdd,
): TransactionDecision {
  const transaction = state.transaction(request.transactionalId);
  const problem = problemWith(transaction, request);
  const verified: VerifiedPartitions = (topic, partition) =>
    problem ??
    (hasPartition(transaction?.partitions ?? new Map(), topic, partition) ? 'NONE' : 'TRANSACTION_ABORTABLE');
  return answered(context, verified);
}

export type VerifiedPartitions = (topic: string, partition: number) => ErrorName;

function problemWith(
  transaction: Transaction | undefined,
  { producerId, producerEpoch }: PartitionsToAdd,
): ErrorName | undefined {
  if (transaction === undefined || transaction.producerId !== producerId)
    return 'INVALID_PRODUCER_ID_MAPPING';
  if (transaction.producerEpoch !== producerEpoch) return 'PRODUCER_FENCED';
  return isPrepared(transaction.status) ? 'CONCURRENT_TRANSACTIONS' : undefined;
}
