// Transactional ids that nobody has used for `transactional.id.expiration.ms` are forgotten, so that ids which were made up once do not stay for ever.
import type { DecisionContext } from '../coordinator-shard.ts';
import { transactionTombstone } from './transaction-records.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';
import { isComplete } from './transaction-status.ts';

export function expireIds(state: TransactionState, context: DecisionContext): TransactionDecision {
  const { idExpirationMs, removeExpiredIntervalMs } = state.environment.settings;
  const expired = [...state.transactions()].filter(
    ({ status, lastUpdateMs }) =>
      (status === 'Empty' || isComplete(status)) && lastUpdateMs <= context.nowMs - idExpirationMs,
  );
  return {
    records: expired.map(({ transactionalId }) => transactionTombstone(transactionalId)),
    splittable: true,
    changes: [{ kind: 'ids-checked', nextCheckMs: context.monotonicMs + removeExpiredIntervalMs }],
    replies: [],
  };
}
