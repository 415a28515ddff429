// InitProducerId with a transactional id: gives the caller a producer, fences whoever had one by that id before, and aborts what that one left open.
import type { DecisionContext } from '../coordinator-shard.ts';
import { fence } from './end-transaction.ts';
import {
  isEpochExhausted,
  newTransaction,
  NO_PRODUCER_EPOCH,
  NO_TIMEOUT,
  type Transaction,
} from './transaction.ts';
import { NO_PRODUCER_ID_AT_HAND, refused, type ProducerAnswer } from './transaction-answer.ts';
import type { TransactionSettings } from './transaction-settings.ts';
import { answered, stored } from './transaction-decision.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';
import { isPrepared } from './transaction-status.ts';
import { raiseEpoch, replaceProducerId } from './transaction-transitions.ts';

export interface ProducerToInit {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  /** The producer that goes on after an error (KIP-360). */
  readonly expected: { readonly producerId: number; readonly producerEpoch: number } | undefined;
  /** Its transactions are parts of others, and never run out of time (KIP-939). */
  readonly twoPhaseCommit: boolean;
}

export const isValidTimeout = (timeoutMs: number, { maxTimeoutMs }: TransactionSettings): boolean =>
  timeoutMs > 0 && timeoutMs <= maxTimeoutMs;

/** Answers a ProducerAnswer, or NO_PRODUCER_ID_AT_HAND. */
export function initProducerId(
  state: TransactionState,
  context: DecisionContext,
  request: ProducerToInit,
): TransactionDecision {
  const { settings } = state.environment;
  const { transactionalId, expected } = request;
  const timeoutMs = request.twoPhaseCommit ? NO_TIMEOUT : request.timeoutMs;
  const known = state.transaction(transactionalId);
  if (known === undefined) {
    if (state.size >= settings.maxIdsPerPartition)
      return answered(context, refused('COORDINATOR_NOT_AVAILABLE'));
    const producerId = state.environment.takeProducerId();
    if (producerId === undefined) return answered(context, NO_PRODUCER_ID_AT_HAND);
    const created = newTransaction(transactionalId, producerId, timeoutMs, context.nowMs);
    return given(state, context, raiseEpoch(created, timeoutMs, undefined, context.nowMs));
  }
  if (expected !== undefined && !mayGoOn(known, expected))
    return answered(context, refused('PRODUCER_FENCED'));
  if (isPrepared(known.status)) return answered(context, refused('CONCURRENT_TRANSACTIONS'));
  if (known.status === 'Ongoing') {
    // The epoch raised here is given to nobody: the client comes again, and gets the one after.
    const aborted = fence(state, known, context.nowMs);
    return aborted === undefined
      ? answered(context, NO_PRODUCER_ID_AT_HAND)
      : stored(state, context, aborted, refused('CONCURRENT_TRANSACTIONS'));
  }
  const atItsEnd = expected === undefined || expected.producerEpoch === known.producerEpoch;
  if (!isEpochExhausted(known.producerEpoch) || !atItsEnd)
    return given(state, context, raiseEpoch(known, timeoutMs, expected?.producerEpoch, context.nowMs));
  const producerId = state.environment.takeProducerId();
  if (producerId === undefined) return answered(context, NO_PRODUCER_ID_AT_HAND);
  const replaced = replaceProducerId(known, producerId, timeoutMs, expected !== undefined, context.nowMs);
  return given(state, context, replaced);
}

/** Whether the id is the producer's still, as far as its producer id goes: the current one, or the one before when its last epoch was replaced. */
function mayGoOn(
  known: Transaction,
  { producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number },
): boolean {
  return (
    known.producerEpoch === NO_PRODUCER_EPOCH ||
    producerId === known.producerId ||
    (producerId === known.previousProducerId && isEpochExhausted(producerEpoch))
  );
}

function given(
  state: TransactionState,
  context: DecisionContext,
  next: Transaction | undefined,
): TransactionDecision {
  if (next === undefined) return answered(context, refused('PRODUCER_FENCED'));
  const { producerId, producerEpoch } = next;
  return stored(state, context, next, { error: 'NONE', producerId, producerEpoch } satisfies ProducerAnswer);
}
