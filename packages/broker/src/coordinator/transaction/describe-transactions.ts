// DescribeTransactions and ListTransactions: what transactions there are, as they are durable.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import type { Transaction } from './transaction.ts';
import { answered } from './transaction-decision.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';
import type { TransactionStatus } from './transaction-status.ts';

export type DescribedTransaction =
  | { readonly error: 'NONE'; readonly transaction: Transaction }
  | { readonly error: Exclude<ErrorName, 'NONE'> };

/** Answers a DescribedTransaction. */
export function describeTransaction(
  state: TransactionState,
  context: DecisionContext,
  transactionalId: string,
): TransactionDecision {
  const transaction = state.transaction(transactionalId);
  const answer: DescribedTransaction =
    transaction === undefined ? { error: 'TRANSACTIONAL_ID_NOT_FOUND' } : { error: 'NONE', transaction };
  return answered(context, answer);
}

/** Which transactions are asked for: those that fit everything that is given. */
export interface TransactionFilter {
  readonly statuses: ReadonlySet<TransactionStatus> | undefined;
  readonly producerIds: ReadonlySet<number> | undefined;
  /** Those that have been open for longer, in ms. */
  readonly openForMs: number | undefined;
  readonly matches: ((transactionalId: string) => boolean) | undefined;
}

/** Answers an array of Transactions. */
export function listTransactions(
  state: TransactionState,
  context: DecisionContext,
  { statuses, producerIds, openForMs, matches }: TransactionFilter,
): TransactionDecision {
  const found = [...state.transactions()].filter(
    ({ transactionalId, status, producerId, startMs }) =>
      statuses?.has(status) !== false &&
      producerIds?.has(producerId) !== false &&
      (openForMs === undefined || context.nowMs - startMs > openForMs) &&
      matches?.(transactionalId) !== false,
  );
  return answered(context, found);
}
