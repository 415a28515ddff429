// Before the first batch of a transaction is appended, the transaction's coordinator is asked whether the partition is part of it, or made to add it
// (KIP-890): no partition ever holds an open transaction that its coordinator does not know, and which nobody would end.
//
//   batch of a transaction ---> continues one that is open here ---------------------------------------> append
//          |
//          +--> coordinator asked ------ answer: yes ------- nothing ended the transaction here -------> append
//                 |        ^                |                              |
//                 |        later batches    answer: error                  a marker came in between
//                 |        wait behind      all get it                     all get INVALID_TXN_STATE (version 2: asked again)
//                 +--------+
//
// The answer to an end comes before its markers: a producer that goes on at once finds its last transaction under way still (CONCURRENT_TRANSACTIONS).
// That is waited for here for a moment, and asked again, rather than have the producer wait longer.
//
// With version 2 a marker that comes in between is that of the last transaction, whose end the coordinator may have waited for before it answered: its own would
// carry a newer epoch, by which the batch is fenced. So it is asked for again rather than refused.
//
// The smallest sequence that was asked for is kept until a batch gets in: when the coordinator refuses the first batch of an unknown producer and takes
// a later one, that one must not be appended in its place.
//
// Must stay true: batches of a producer are appended in the order in which they came; the answer is used only if no marker has been appended since it was
// asked for; what is kept here is no state of the log and is never undone.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { Verification } from './producer-rules.ts';
import type { SequencedBatch } from './producer-state.ts';

/** How many batches of one producer wait behind a question: more than a client has in flight (`max.in.flight.requests.per.connection`). */
export const MAX_BATCHES_BEHIND_VERIFICATION = 32;
/** Of so many producers the refused sequences are remembered in a partition; the oldest are forgotten first. */
export const MAX_UNVERIFIED_PRODUCERS = 1000;

/** Why a batch is refused whose transaction ended before it got in. */
export const ENDED = 'The transaction of the batch has ended here since its coordinator was asked.';
const NEVER: Verified = () => false;

/** Whom to ask, and whether the answer may still be used. */
export interface TransactionGate {
  /** Resolves to NONE, or to the error that the producer gets; never rejects. */
  ask(): Promise<ErrorCode>;
  /** The end of the producer's last transaction is under way: resolves when it is time to ask again; undefined when it has taken too long. */
  pause(): Promise<void> | undefined;
  /** Whether this broker leads the partition still: the answer may take a while. */
  leads(): boolean;
  /** The transaction runs under version 2: each begins with an epoch of its own, and so with sequence 0. */
  readonly bumpsEpochs: boolean;
}

/** A batch whose transaction has to be verified first. */
export interface UnverifiedBatch {
  readonly batch: SequencedBatch;
  readonly gate: TransactionGate;
  /** It may be appended as long as `verified` holds, or is refused for this reason. Called once. */
  settle(error: ErrorCode, message: string | null, verified: Verified): void;
}

/** Whether the transaction that was verified can still be the one of the batch: no marker has ended it since. */
export type Verified = () => boolean;

interface ProducerVerification extends Verification {
  epoch: number;
  lowestSequence: number;
  bumpsEpochs: boolean;
  readonly sinceMs: number;
  /** In the order in which they came; the first is the one that was asked for. Empty: nobody is being asked. */
  waiting: UnverifiedBatch[];
  /** So many of them, the first, came before it became void: the answer is about them. */
  answered: number;
  /** A batch or a marker of the producer was appended: the answer that is on its way says nothing about what comes later. */
  isVoid: boolean;
}

export class TransactionVerifications {
  readonly #byProducer = new Map<number, ProducerVerification>();
  /** Whether a transaction of the batch's epoch is open in the partition. */
  readonly #continues: (batch: SequencedBatch) => boolean;

  constructor(continues: (batch: SequencedBatch) => boolean) {
    this.#continues = continues;
  }

  /** What a batch of the producer has to respect besides the producer's state. */
  of(producerId: number): Verification | undefined {
    const known = this.#byProducer.get(producerId);
    return known?.isVoid === false ? known : undefined;
  }

  /** Settles the batch once it is verified: at once if it continues an open transaction. */
  verify(unverified: UnverifiedBatch, nowMs: number): void {
    const { batch, gate } = unverified;
    const known = this.#byProducer.get(batch.producerId);
    if (known !== undefined && known.waiting.length > 0) {
      this.#waitBehind(known, unverified);
      return;
    }
    if (this.#continues(batch)) {
      unverified.settle(ErrorCode.NONE, null, () => this.#continues(batch));
      return;
    }
    const asked = known ?? this.#begin(batch, nowMs);
    note(asked, batch, gate);
    asked.waiting = [unverified];
    asked.answered = 1;
    this.#ask(asked, unverified);
  }

  #ask(asked: ProducerVerification, first: UnverifiedBatch): void {
    void first.gate.ask().then((error) => {
      const pause = error === ErrorCode.CONCURRENT_TRANSACTIONS ? first.gate.pause() : undefined;
      if (pause === undefined) this.#answered(asked, first.batch, error);
      else void pause.then(() => this.#askAgain(asked, first));
    });
  }

  /** The marker of the last transaction may have come meanwhile: this question is about what comes behind it, and about all who wait. */
  #askAgain(before: ProducerVerification, first: UnverifiedBatch): void {
    let asked = before;
    if (before.isVoid) {
      // What was answered before the marker, and is on its way to the log still, stays void.
      asked = { ...before, isVoid: false };
      before.waiting = [];
      this.#byProducer.set(first.batch.producerId, asked);
    }
    for (const { batch, gate } of asked.waiting) note(asked, batch, gate);
    asked.answered = asked.waiting.length;
    this.#ask(asked, first);
  }

  /** A batch or a marker of a transaction of the producer was appended. */
  appended(producerId: number): void {
    const known = this.#byProducer.get(producerId);
    if (known === undefined) return;
    known.isVoid = true;
    if (known.waiting.length === 0) this.#byProducer.delete(producerId);
  }

  /** Forgets refused sequences that are older than `oldestMs`. */
  expire(oldestMs: number): void {
    for (const [producerId, each] of this.#byProducer)
      if (each.sinceMs < oldestMs && each.waiting.length === 0) this.#forget(producerId, each);
  }

  #begin(batch: SequencedBatch, nowMs: number): ProducerVerification {
    if (this.#byProducer.size >= MAX_UNVERIFIED_PRODUCERS) this.#forgetOldest();
    const { producerEpoch, baseSequence } = batch;
    const begun: ProducerVerification = {
      epoch: producerEpoch,
      lowestSequence: baseSequence,
      bumpsEpochs: false,
      sinceMs: nowMs,
      waiting: [],
      answered: 0,
      isVoid: false,
    };
    this.#byProducer.set(batch.producerId, begun);
    return begun;
  }

  #forgetOldest(): void {
    for (const [producerId, each] of this.#byProducer) {
      if (each.waiting.length > 0) continue;
      this.#forget(producerId, each);
      return;
    }
  }

  /** A marker would not find it any more: what was answered and is not appended yet must not count on hearing of one. */
  #forget(producerId: number, known: ProducerVerification): void {
    known.isVoid = true;
    this.#byProducer.delete(producerId);
  }

  #waitBehind(asked: ProducerVerification, unverified: UnverifiedBatch): void {
    if (asked.waiting.length > MAX_BATCHES_BEHIND_VERIFICATION) {
      unverified.settle(
        ErrorCode.NOT_ENOUGH_REPLICAS,
        `${MAX_BATCHES_BEHIND_VERIFICATION} batches of the producer wait for the coordinator of their transaction already.`,
        NEVER,
      );
      return;
    }
    asked.waiting.push(unverified);
    if (asked.isVoid) return;
    note(asked, unverified.batch, unverified.gate);
    asked.answered = asked.waiting.length;
  }

  #answered(asked: ProducerVerification, first: SequencedBatch, error: ErrorCode): void {
    const { waiting, answered } = asked;
    asked.waiting = [];
    if (asked.isVoid) this.#byProducer.delete(first.producerId);
    const others: UnverifiedBatch[] = [];
    for (const [i, unverified] of waiting.entries()) {
      const { batch, gate } = unverified;
      const verified = (): boolean => !asked.isVoid || this.#continues(batch);
      // The answer is not about another epoch, nor about the next transaction.
      if (i >= answered || batch.producerEpoch !== first.producerEpoch) others.push(unverified);
      else if (!gate.leads())
        unverified.settle(ErrorCode.NOT_LEADER_OR_FOLLOWER, 'Another broker leads the partition now.', NEVER);
      else if (error !== ErrorCode.NONE) unverified.settle(error, reasonOf(error), NEVER);
      else if (!verified() && gate.bumpsEpochs) others.push(unverified);
      else if (!verified()) unverified.settle(ErrorCode.INVALID_TXN_STATE, ENDED, NEVER);
      else unverified.settle(ErrorCode.NONE, null, verified);
    }
    for (const unverified of others) this.verify(unverified, asked.sinceMs);
  }
}

function reasonOf(error: ErrorCode): string | null {
  switch (error) {
    case ErrorCode.INVALID_TXN_STATE:
      return 'The partition was not added to the transaction.';
    case ErrorCode.NOT_ENOUGH_REPLICAS:
      return 'The coordinator of the transaction could not be asked now whether the partition is part of it.';
    default:
      return null;
  }
}

function note(asked: ProducerVerification, batch: SequencedBatch, gate: TransactionGate): void {
  if (batch.producerEpoch > asked.epoch) {
    asked.epoch = batch.producerEpoch;
    asked.lowestSequence = batch.baseSequence;
  } else if (batch.producerEpoch === asked.epoch) {
    asked.lowestSequence = Math.min(asked.lowestSequence, batch.baseSequence);
  }
  asked.bumpsEpochs = gate.bumpsEpochs;
}
