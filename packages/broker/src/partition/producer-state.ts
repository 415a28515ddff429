// What a partition remembers of its idempotent and transactional producers (KIP-98): enough to tell a new batch from a repeated one and from one
// that arrives with a batch missing before it.
//
//   producer id -> epoch, the last batches (first sequence, last sequence, last offset; newest last), the first offset of its open transaction,
//                  the epoch of the coordinator that last ended one
//
// Entries are immutable values: an append replaces the entry and notes the one before it in an undo list until the batch is
// durable, so that a failed commit takes back exactly what it had added.
//
// Must stay true:
//   - the newest `PRODUCER_WINDOW` batches of a producer can be recognised when they are sent again, after a restart too;
//   - sequences go from 0 to 2^31 - 1 and then to 0 again;
//   - a producer with an open transaction is never forgotten: its marker has to find it;
//   - what is not durable can be undone, in reverse order, and leaves no trace.
import { addToSequence } from '@moldau/protocol/records/batch-header.ts';
import type { AbortedTransaction } from '../log/aborted-transaction.ts';
import type { LoggedMarker } from '../log/logged-marker.ts';
import { OpenTransactions } from './open-transactions.ts';
import {
  checkEpoch,
  checkMarker,
  checkSequenced,
  type Refused,
  type SequenceVerdict,
  type Verification,
} from './producer-rules.ts';
import { RefusedSequences } from './refused-sequences.ts';
import type { TransactionMarker } from './transaction-marker.ts';

/** How many batches of a producer are remembered: as many as a client may have in flight (`max.in.flight.requests.per.connection` <= 5). */
export const PRODUCER_WINDOW = 5;

export interface ProducedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly timestamp: number;
}

export interface ProducerEntry {
  readonly epoch: number;
  /** Oldest first, at most `PRODUCER_WINDOW`. */
  readonly batches: readonly ProducedBatch[];
  /** When it last wrote, in broker time (milliseconds): for `producer.id.expiration.ms`. */
  readonly lastSeenMs: number;
  /** The largest timestamp of its last batch, or that of its last marker. */
  readonly lastTimestamp: number;
  /** Of the newest transaction coordinator that wrote a marker for it; -1 before the first. */
  readonly coordinatorEpoch: number;
  /** First offset of the open transaction, or -1. */
  readonly transactionFirstOffset: number;
}

/** The fields of a batch header that count here. */
export interface SequencedBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** -1 for a batch of a coordinator (offsets of a transaction): then only its epoch counts. */
  readonly baseSequence: number;
  readonly lastOffsetDelta: number;
  readonly transactional: boolean;
}

interface Undo {
  readonly lastOffset: number;
  readonly producerId: number;
  readonly before: ProducerEntry | undefined;
}

export class ProducerState {
  readonly transactions = new OpenTransactions();
  readonly #entries = new Map<number, ProducerEntry>();
  readonly #refused = new RefusedSequences();
  /** Appends that are not durable yet, oldest first; those before `#undoStart` are done with. */
  #undo: Undo[] = [];
  #undoStart = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  entries(): IterableIterator<[number, ProducerEntry]> {
    return this.#entries.entries();
  }

  /** Whether the batch may be appended. Changes nothing. */
  check(batch: SequencedBatch, verification?: Verification): SequenceVerdict {
    const entry = this.#entries.get(batch.producerId);
    const refused =
      entry === undefined ? this.#refused.lowest(batch.producerId, batch.producerEpoch) : undefined;
    if (refused === undefined) return checkSequenced(entry, batch, verification);
    const lowestSequence = Math.min(refused, verification?.lowestSequence ?? refused);
    return checkSequenced(entry, batch, { lowestSequence, bumpsEpochs: verification?.bumpsEpochs ?? false });
  }

  /** The log did not take a batch that `check` had allowed: no later one of an unknown producer goes first. */
  refused(batch: SequencedBatch): void {
    if (batch.baseSequence >= 0 && !this.#entries.has(batch.producerId))
      this.#refused.note(batch.producerId, batch.producerEpoch, batch.baseSequence);
  }

  /** Whether the batch comes from an older epoch than the known one. */
  checkEpoch(batch: SequencedBatch): Refused | undefined {
    return checkEpoch(this.#entries.get(batch.producerId), batch);
  }

  /** Why the marker may not be appended. Changes nothing. */
  checkMarker(marker: TransactionMarker): Refused | undefined {
    return checkMarker(this.#entries.get(marker.producerId), marker);
  }

  /** Whether a transaction of this very epoch is open: its next batch continues it. */
  isInTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.#entries.get(producerId);
    return entry !== undefined && entry.transactionFirstOffset >= 0 && entry.epoch === producerEpoch;
  }

  /** Notes an append that `check` allowed, made at `nowMs` (broker time); it can be undone until `durable` passes it. */
  append(batch: SequencedBatch, baseOffset: number, timestamp: number, nowMs: number): void {
    const before = this.#entries.get(batch.producerId);
    const lastOffset = baseOffset + batch.lastOffsetDelta;
    this.#undo.push({ lastOffset, producerId: batch.producerId, before });
    this.#put(batch, before, baseOffset, timestamp, nowMs);
  }

  /** Notes a marker that `checkMarker` allowed, appended at `offset`. Returns the transaction that it aborts. */
  appendMarker(
    marker: LoggedMarker,
    offset: number,
    timestamp: number,
    nowMs: number,
  ): AbortedTransaction | undefined {
    this.#undo.push({
      lastOffset: offset,
      producerId: marker.producerId,
      before: this.#entries.get(marker.producerId),
    });
    return this.replayMarker(marker, offset, timestamp, nowMs);
  }

  /** Takes in a batch that is durable, at recovery. */
  replay(batch: SequencedBatch, baseOffset: number, timestamp: number, nowMs: number): void {
    this.#put(batch, this.#entries.get(batch.producerId), baseOffset, timestamp, nowMs);
  }

  /** Takes in a marker that is durable, at recovery. Returns the transaction that it aborts. */
  replayMarker(
    marker: LoggedMarker,
    offset: number,
    timestamp: number,
    nowMs: number,
  ): AbortedTransaction | undefined {
    const { producerId, producerEpoch, coordinatorEpoch } = marker;
    const before = this.#entries.get(producerId);
    const firstOffset = before?.transactionFirstOffset ?? -1;
    this.#entries.set(producerId, {
      epoch: producerEpoch,
      batches: before?.epoch === producerEpoch ? before.batches : [],
      lastSeenMs: nowMs,
      lastTimestamp: timestamp,
      coordinatorEpoch,
      transactionFirstOffset: -1,
    });
    if (firstOffset < 0) return undefined;
    this.transactions.end(producerId, firstOffset, offset);
    if (marker.committed) return undefined;
    const lastStableOffset = this.transactions.firstOpenOffset ?? offset + 1;
    return { producerId, firstOffset, lastOffset: offset, lastStableOffset };
  }

  /** Puts an entry as it was stored. */
  load(producerId: number, entry: ProducerEntry): void {
    this.#entries.set(producerId, entry);
    if (entry.transactionFirstOffset >= 0) this.transactions.begin(producerId, entry.transactionFirstOffset);
  }

  clear(): void {
    this.#entries.clear();
    this.transactions.clear();
    this.#refused.clear();
    this.#undo = [];
    this.#undoStart = 0;
  }

  /** All below `endOffset` can no longer be undone. */
  durable(endOffset: number): void {
    this.transactions.durable(endOffset);
    while (
      this.#undoStart < this.#undo.length &&
      (this.#undo[this.#undoStart] as Undo).lastOffset < endOffset
    )
      this.#undoStart += 1;
    if (this.#undoStart === this.#undo.length) {
      this.#undo.length = 0;
      this.#undoStart = 0;
    } else if (this.#undoStart > 1024) {
      this.#undo = this.#undo.slice(this.#undoStart);
      this.#undoStart = 0;
    }
  }

  /** Takes back everything from `endOffset` on. */
  discard(endOffset: number): void {
    this.transactions.discard(endOffset);
    while (this.#undo.length > this.#undoStart) {
      const undo = this.#undo.at(-1) as Undo;
      if (undo.lastOffset < endOffset) break;
      this.#undo.pop();
      if (undo.before === undefined) this.#forgetLost(undo.producerId);
      else this.#entries.set(undo.producerId, undo.before);
    }
  }

  /** Forgets producers that have not written since `oldestMs`, unless a write of theirs is not durable yet or a transaction is open. Returns how many. */
  expire(oldestMs: number): number {
    const pending = new Set<number>();
    for (let i = this.#undoStart; i < this.#undo.length; i++) pending.add((this.#undo[i] as Undo).producerId);
    let count = 0;
    for (const [producerId, entry] of this.#entries) {
      if (entry.lastSeenMs >= oldestMs || entry.transactionFirstOffset >= 0 || pending.has(producerId))
        continue;
      this.#entries.delete(producerId);
      count += 1;
    }
    return count;
  }

  /** The first batch of the producer is lost. */
  #forgetLost(producerId: number): void {
    const lost = this.#entries.get(producerId);
    this.#entries.delete(producerId);
    const first = lost?.batches[0];
    if (lost !== undefined && first !== undefined)
      this.#refused.note(producerId, lost.epoch, first.firstSequence);
  }

  #put(
    batch: SequencedBatch,
    before: ProducerEntry | undefined,
    baseOffset: number,
    timestamp: number,
    nowMs: number,
  ): void {
    if (before === undefined) this.#refused.forget(batch.producerId);
    const sameEpoch = before !== undefined && before.epoch === batch.producerEpoch;
    const known = sameEpoch ? before.batches : [];
    let transactionFirstOffset = before?.transactionFirstOffset ?? -1;
    if (batch.transactional && transactionFirstOffset < 0) {
      transactionFirstOffset = baseOffset;
      this.transactions.begin(batch.producerId, baseOffset);
    }
    this.#entries.set(batch.producerId, {
      epoch: batch.producerEpoch,
      batches:
        batch.baseSequence < 0
          ? known
          : [...known.slice(-(PRODUCER_WINDOW - 1)), producedBatch(batch, baseOffset, timestamp)],
      lastSeenMs: nowMs,
      lastTimestamp: timestamp,
      coordinatorEpoch: before?.coordinatorEpoch ?? -1,
      transactionFirstOffset,
    });
  }
}

function producedBatch(batch: SequencedBatch, baseOffset: number, timestamp: number): ProducedBatch {
  return {
    firstSequence: batch.baseSequence,
    lastSequence: addToSequence(batch.baseSequence, batch.lastOffsetDelta),
    baseOffset,
    lastOffset: baseOffset + batch.lastOffsetDelta,
    timestamp,
  };
}
