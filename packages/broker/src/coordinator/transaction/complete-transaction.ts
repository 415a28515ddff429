// Every marker of a decision is durable: the transaction is over.
import type { DecisionContext } from '../coordinator-shard.ts';
import type { Transaction } from './transaction.ts';
import { answered, stored } from './transaction-decision.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';
import { isPrepared } from './transaction-status.ts';
import { complete } from './transaction-transitions.ts';

/** @param decided the transaction whose markers were written: another one of the same id is left alone */
export function completeTransaction(
  state: TransactionState,
  context: DecisionContext,
  decided: Transaction,
): TransactionDecision {
  const transaction = state.transaction(decided.transactionalId);
  const same =
    transaction !== undefined &&
    isPrepared(transaction.status) &&
    transaction.status === decided.status &&
    transaction.producerId === decided.producerId &&
    transaction.producerEpoch === decided.producerEpoch;
  if (!same) return answered(context, undefined);
  return stored(state, context, complete(transaction, context.nowMs), undefined);
}
