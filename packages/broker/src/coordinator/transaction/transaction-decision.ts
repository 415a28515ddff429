// The two forms that nearly every decision about a transaction has: an answer, or the transaction's next value with an answer.
import type { DecisionContext } from '../coordinator-shard.ts';
import { NO_TIMEOUT, type Transaction } from './transaction.ts';
import { transactionRecord } from './transaction-records.ts';
import type { MarkersNeeded, TransactionDecision, TransactionState } from './transaction-state.ts';
import { isPrepared } from './transaction-status.ts';

/** Answers the request, and nothing else. */
export const answered = (context: DecisionContext, answer: unknown): TransactionDecision => ({
  records: [],
  changes: [],
  replies: [{ to: context.reply, answer }],
});

/** The transaction becomes `next`; a decision has its markers sent. */
export function stored(
  state: TransactionState,
  context: DecisionContext,
  next: Transaction,
  ...answers: readonly unknown[]
): TransactionDecision {
  const { transactionalId, lastProducerEpoch } = next;
  const begins = next.status === 'Ongoing' && state.transaction(transactionalId)?.status !== 'Ongoing';
  const deadlineMs =
    begins && next.timeoutMs !== NO_TIMEOUT ? context.monotonicMs + next.timeoutMs : next.deadlineMs;
  return {
    records: [transactionRecord(next, state.environment.transactionVersion())],
    changes: [{ kind: 'unstored', transactionalId, lastProducerEpoch, deadlineMs }],
    replies: answers.map((answer) => ({ to: context.reply, answer })),
    effects: isPrepared(next.status) ? [{ kind: 'markers', transaction: next } satisfies MarkersNeeded] : [],
  };
}
