// Which batches and markers of a producer a partition takes, as Kafka's (KIP-98, KIP-360, KIP-890): functions of what it remembers of the producer.
//
//   a batch     epoch older than the known one        INVALID_PRODUCER_EPOCH
//               seen before (same epoch, sequences)   answered like the first time
//               sequence not the next one             OUT_OF_ORDER_SEQUENCE_NUMBER; a new epoch begins with 0, an unknown producer anywhere
//               no transaction's, while one is open   INVALID_TXN_STATE
//   a marker    epoch older than the known one        INVALID_PRODUCER_EPOCH; with transaction version 2 it has to be newer
//               coordinator's epoch is older          TRANSACTION_COORDINATOR_FENCED
//
// Must stay true: whatever is refused here changes nothing; a batch with a sequence from which another one is missing is never taken.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { addToSequence } from '@moldau/protocol/records/batch-header.ts';
import type { ProducedBatch, ProducerEntry, SequencedBatch } from './producer-state.ts';
import type { TransactionMarker } from './transaction-marker.ts';

export interface Refused {
  readonly kind: 'refused';
  readonly error: ErrorCode;
  readonly message: string;
}

export type SequenceVerdict =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly of: ProducedBatch }
  | Refused;

const NEXT: SequenceVerdict = { kind: 'next' };
/** The last epoch of a producer id: the coordinator cannot raise it for a marker any more. */
const MAX_PRODUCER_EPOCH = 32_767;
/** From this version on a marker has a larger epoch than the batches of its transaction. */
const EPOCH_BUMPING_VERSION = 2;

/** What is known of a producer whose transaction was verified, until a batch of it gets in. */
export interface Verification {
  /** The smallest that was asked for, or refused; a larger one does not come first. */
  readonly lowestSequence: number;
  /** The transaction runs under version 2. */
  readonly bumpsEpochs: boolean;
}

/** Whether a batch may be appended to what `entry` tells of its producer. A batch without sequence (a coordinator's own) is judged by its epoch alone. */
export function checkSequenced(
  entry: ProducerEntry | undefined,
  batch: SequencedBatch,
  verification?: Verification,
): SequenceVerdict {
  const fenced = checkEpoch(entry, batch);
  if (fenced !== undefined) return fenced;
  const verdict = batch.baseSequence < 0 ? NEXT : checkSequence(entry, batch, verification);
  if (verdict.kind === 'next' && (entry?.transactionFirstOffset ?? -1) >= 0 && !batch.transactional) {
    return refused(
      ErrorCode.INVALID_TXN_STATE,
      `Producer ${batch.producerId} has a transaction open and sent a batch that belongs to none.`,
    );
  }
  return verdict;
}

function checkSequence(
  entry: ProducerEntry | undefined,
  batch: SequencedBatch,
  verification: Verification | undefined,
): SequenceVerdict {
  const sameEpoch = entry?.epoch === batch.producerEpoch;
  const repeated = sameEpoch ? duplicateOf(entry, batch) : undefined;
  if (repeated !== undefined) return { kind: 'duplicate', of: repeated };
  if (verification !== undefined) {
    const { lowestSequence, bumpsEpochs } = verification;
    if (bumpsEpochs && batch.baseSequence !== 0 && (entry?.batches.length ?? 0) === 0)
      return outOfOrder(batch, 'its first batch here begins with sequence 0');
    if (batch.baseSequence > lowestSequence)
      return outOfOrder(batch, `sequence ${lowestSequence} has been refused before it`);
  }
  // Of a producer that is not known (everything of it was deleted, or forgotten) any sequence is taken.
  if (entry === undefined) return NEXT;
  if (!sameEpoch)
    return batch.baseSequence === 0 ? NEXT : outOfOrder(batch, 'a new epoch begins with sequence 0');
  const last = entry.batches.at(-1);
  const expected = last === undefined ? 0 : addToSequence(last.lastSequence, 1);
  return batch.baseSequence === expected ? NEXT : outOfOrder(batch, `the next sequence is ${expected}`);
}

function duplicateOf(entry: ProducerEntry, batch: SequencedBatch): ProducedBatch | undefined {
  const lastSequence = addToSequence(batch.baseSequence, batch.lastOffsetDelta);
  return entry.batches.find(
    (known) => known.firstSequence === batch.baseSequence && known.lastSequence === lastSequence,
  );
}

/** Why a marker may not be written; undefined when it may. A marker that ends nothing is written too: its epoch fences. */
export function checkMarker(
  entry: ProducerEntry | undefined,
  marker: TransactionMarker,
): Refused | undefined {
  if (entry === undefined) return undefined;
  const { producerId, producerEpoch, coordinatorEpoch, transactionVersion } = marker;
  const bumped = transactionVersion >= EPOCH_BUMPING_VERSION;
  // The same epoch again is the marker repeated if nothing is open, and the only one there is once epochs are used up.
  const repeated =
    producerEpoch === entry.epoch &&
    (entry.transactionFirstOffset < 0 || producerEpoch === MAX_PRODUCER_EPOCH);
  if (producerEpoch < entry.epoch || (bumped && producerEpoch === entry.epoch && !repeated)) {
    return refused(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `A marker with epoch ${producerEpoch} cannot end a transaction of producer ${producerId}, which has written with epoch ${entry.epoch}.`,
    );
  }
  if (coordinatorEpoch < entry.coordinatorEpoch) {
    return refused(
      ErrorCode.TRANSACTION_COORDINATOR_FENCED,
      `The marker for producer ${producerId} comes from a coordinator of epoch ${coordinatorEpoch}; one of epoch ${entry.coordinatorEpoch} has written already.`,
    );
  }
  return undefined;
}

/** Whether another instance of the producer has written with a newer epoch. */
export function checkEpoch(entry: ProducerEntry | undefined, batch: SequencedBatch): Refused | undefined {
  if (entry === undefined || batch.producerEpoch >= entry.epoch) return undefined;
  return refused(
    ErrorCode.INVALID_PRODUCER_EPOCH,
    `Producer ${batch.producerId} wrote with epoch ${batch.producerEpoch}, but epoch ${entry.epoch} has written already: another instance replaced it.`,
  );
}

function outOfOrder(batch: SequencedBatch, why: string): Refused {
  return refused(
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    `Producer ${batch.producerId} (epoch ${batch.producerEpoch}) sent sequence ${batch.baseSequence}, but ${why}.`,
  );
}

function refused(error: ErrorCode, message: string): Refused {
  return { kind: 'refused', error, message };
}
