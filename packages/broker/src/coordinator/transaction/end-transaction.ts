// EndTxn: the decision of a transaction, by its producer or, when that one is fenced or silent, by the coordinator.
//
// With transaction version 2 (KIP-890) each end raises the epoch, so that the epoch tells a repeated request from the next one. What is answered
// (NONE: it has been carried out already; end: a transaction without partitions is aborted):
//
//                     abort                 commit
//                     again    current      again    current       again: the epoch before, or the last epoch of the producer id before
//   Empty             FENCED   end          FENCED   INVALID
//   CompleteAbort     NONE     end          INVALID  INVALID
//   CompleteCommit    INVALID  end          NONE     INVALID
//   PrepareAbort,     CONCURRENT, whatever the epoch: the answer to an end comes before its markers are written, so the producer may
//   PrepareCommit     have its next end, of nothing, on the way already
//
// Versions 0 and 1 know a repeated request by the state alone, and have nothing to end without partitions.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import {
  EPOCH_BUMP_VERSION,
  isEpochExhausted,
  LAST_USABLE_EPOCH,
  NO_PRODUCER_ID,
  type Transaction,
} from './transaction.ts';
import { NO_PRODUCER_ID_AT_HAND, refused, type ProducerAnswer } from './transaction-answer.ts';
import { answered, stored } from './transaction-decision.ts';
import type { TransactionDecision, TransactionState } from './transaction-state.ts';
import { isComplete, isPrepared } from './transaction-status.ts';
import { fenceAndAbort, prepareEnd } from './transaction-transitions.ts';

export interface TransactionToEnd {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  /** 0 or 2: what the version of the request stands for. */
  readonly clientTransactionVersion: number;
}

/** Answers a ProducerAnswer (with the producer to go on with, from version 2 on), or NO_PRODUCER_ID_AT_HAND. */
export function endTransaction(
  state: TransactionState,
  context: DecisionContext,
  request: TransactionToEnd,
): TransactionDecision {
  const transaction = state.transaction(request.transactionalId);
  if (transaction === undefined) return answered(context, refused('INVALID_PRODUCER_ID_MAPPING'));
  return request.clientTransactionVersion >= EPOCH_BUMP_VERSION
    ? endWithRaise(state, context, transaction, request)
    : endWithoutRaise(state, context, transaction, request);
}

function endWithoutRaise(
  state: TransactionState,
  context: DecisionContext,
  transaction: Transaction,
  { producerId, producerEpoch, committed }: TransactionToEnd,
): TransactionDecision {
  const refuse = (error: ErrorName) => answered(context, refused(error));
  if (transaction.producerId !== producerId) return refuse('INVALID_PRODUCER_ID_MAPPING');
  if (transaction.producerEpoch !== producerEpoch) return refuse('PRODUCER_FENCED');
  if (transaction.status === 'Ongoing') {
    const status = committed ? 'PrepareCommit' : 'PrepareAbort';
    const next = prepareEnd(transaction, status, 0, NO_PRODUCER_ID, context.nowMs);
    return stored(state, context, next, refused('NONE'));
  }
  if (isPrepared(transaction.status)) return refuse('CONCURRENT_TRANSACTIONS');
  return refuse(isSameEnd(transaction, committed) ? 'NONE' : 'INVALID_TXN_STATE');
}

function endWithRaise(
  state: TransactionState,
  context: DecisionContext,
  transaction: Transaction,
  { producerId, producerEpoch, committed }: TransactionToEnd,
): TransactionDecision {
  const refuse = (error: ErrorName) => answered(context, refused(error));
  const { status } = transaction;
  if (isPrepared(status)) return refuse('CONCURRENT_TRANSACTIONS');
  // Only an end of version 2 raises the epoch. Where another has ended the transaction, the epoch before is that of a producer which was fenced.
  const raisedBefore = transaction.clientTransactionVersion >= EPOCH_BUMP_VERSION;
  const againWithNewId =
    raisedBefore &&
    transaction.previousProducerId === producerId &&
    producerEpoch === LAST_USABLE_EPOCH &&
    transaction.producerEpoch === 0;
  const again = againWithNewId || (raisedBefore && transaction.producerEpoch === producerEpoch + 1);
  const current = transaction.producerEpoch === producerEpoch;
  if (transaction.producerId !== producerId && !againWithNewId) return refuse('INVALID_PRODUCER_ID_MAPPING');
  if (!current && !(again && isComplete(status))) return refuse('PRODUCER_FENCED');
  if (isComplete(status) && again) {
    if (!isSameEnd(transaction, committed)) return refuse('INVALID_TXN_STATE');
    const { producerId: id, producerEpoch: epoch } = transaction;
    return answered(context, {
      error: 'NONE',
      producerId: id,
      producerEpoch: epoch,
    } satisfies ProducerAnswer);
  }
  if (status !== 'Ongoing' && committed) return refuse('INVALID_TXN_STATE');
  const next = raised(state, transaction, committed ? 'PrepareCommit' : 'PrepareAbort', context.nowMs);
  if (next === undefined) return answered(context, NO_PRODUCER_ID_AT_HAND);
  return stored(state, context, next, producerAfter(next));
}

/** The producer that the client goes on with once the end is carried out. */
const producerAfter = ({ producerId, producerEpoch, nextProducerId }: Transaction): ProducerAnswer =>
  nextProducerId === NO_PRODUCER_ID
    ? { error: 'NONE', producerId, producerEpoch }
    : { error: 'NONE', producerId: nextProducerId, producerEpoch: 0 };

const isSameEnd = ({ status }: Transaction, committed: boolean): boolean =>
  status === (committed ? 'CompleteCommit' : 'CompleteAbort');

/** Undefined when the epochs are used up and no producer id is at hand. */
function raised(
  state: TransactionState,
  transaction: Transaction,
  status: 'PrepareCommit' | 'PrepareAbort',
  nowMs: number,
): Transaction | undefined {
  const next = isEpochExhausted(transaction.producerEpoch)
    ? state.environment.takeProducerId()
    : NO_PRODUCER_ID;
  return next === undefined ? undefined : prepareEnd(transaction, status, EPOCH_BUMP_VERSION, next, nowMs);
}

/**
 * The coordinator itself aborts an open transaction and raises the epoch, so that its producer is heard no more.
 * @returns undefined when a producer id is needed and none is at hand
 */
export const fence = (
  state: TransactionState,
  transaction: Transaction,
  nowMs: number,
): Transaction | undefined =>
  state.environment.transactionVersion() >= EPOCH_BUMP_VERSION
    ? raised(state, transaction, 'PrepareAbort', nowMs)
    : fenceAndAbort(transaction, nowMs);
