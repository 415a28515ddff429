// A transaction that outlives its time-out is aborted, and its producer fenced: readers of committed records must not wait for ever for a
// producer that is gone. They are looked for every `transaction.abort.timed.out.transaction.cleanup.interval.ms`, while any is open.
import type { DecisionContext } from '../coordinator-shard.ts';
import { fence } from './end-transaction.ts';
import { stored } from './transaction-decision.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';

export function abortTimedOut(state: TransactionState, context: DecisionContext): TransactionDecision {
  const { abortTimedOutIntervalMs, retryDelayMs } = state.environment.settings;
  const aborts: TransactionDecision[] = [];
  let delayMs = abortTimedOutIntervalMs;
  for (const transaction of state.transactions()) {
    if (transaction.deadlineMs === undefined || transaction.deadlineMs > context.monotonicMs) continue;
    const aborted = fence(state, transaction, context.nowMs);
    // Its next producer id is not at hand yet.
    if (aborted === undefined) delayMs = Math.min(delayMs, retryDelayMs);
    else aborts.push(stored(state, context, aborted));
  }
  return {
    records: [],
    changes: [{ kind: 'timeouts-checked', nextCheckMs: context.monotonicMs + delayMs }],
    replies: [],
    // No transaction has to do with another; each that is decided needs its markers.
    parts: aborts,
  };
}
