// What a partition remembers of its idempotent producers (KIP-98): enough to tell a new batch from a repeated one and from one
// that arrives with a batch missing before it.
//
//   producer id -> epoch, the last batches (first sequence, last sequence, last offset), newest last
//
// Entries are immutable values: an append replaces the entry and notes the one before it in an undo list until the batch is
// durable, so that a failed commit takes back exactly what it had added.
//
// Must stay true:
//   - the newest `PRODUCER_WINDOW` batches of a producer can be recognised when they are sent again, after a restart too;
//   - sequences go from 0 to 2^31 - 1 and then to 0 again;
//   - what is not durable can be undone, in reverse order, and leaves no trace.
import assert from 'node:assert';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { addToSequence } from '@moldau/protocol/records/batch-header.ts';

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
  readonly coordinatorEpoch: number;
  /** First offset of the open transaction, or -1. */
  readonly transactionFirstOffset: number;
}

/** The fields of a batch header that count here. */
export interface SequencedBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastOffsetDelta: number;
}

export type SequenceVerdict =
  | { readonly kind: 'next' }
  | { readonly kind: 'duplicate'; readonly of: ProducedBatch }
  | { readonly kind: 'refused'; readonly error: ErrorCode; readonly message: string };

interface Undo {
  readonly lastOffset: number;
  readonly producerId: number;
  readonly before: ProducerEntry | undefined;
}

const NEXT: SequenceVerdict = { kind: 'next' };

export class ProducerState {
  readonly #entries = new Map<number, ProducerEntry>();
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
  check(batch: SequencedBatch): SequenceVerdict {
    const entry = this.#entries.get(batch.producerId);
    if (entry === undefined) return NEXT;
    if (batch.producerEpoch < entry.epoch) {
      return refused(
        ErrorCode.INVALID_PRODUCER_EPOCH,
        `Producer ${batch.producerId} wrote with epoch ${batch.producerEpoch}, but epoch ${entry.epoch} has written already: another instance replaced it.`,
      );
    }
    const last = entry.batches.at(-1);
    if (batch.producerEpoch > entry.epoch) {
      return batch.baseSequence === 0 ? NEXT : outOfOrder(batch, 'a new epoch begins with sequence 0');
    }
    if (last === undefined) return NEXT;
    const lastSequence = addToSequence(batch.baseSequence, batch.lastOffsetDelta);
    for (const known of entry.batches) {
      if (known.firstSequence === batch.baseSequence && known.lastSequence === lastSequence)
        return { kind: 'duplicate', of: known };
    }
    const expected = addToSequence(last.lastSequence, 1);
    return batch.baseSequence === expected ? NEXT : outOfOrder(batch, `the next sequence is ${expected}`);
  }

  /** Notes an append that `check` allowed, made at `nowMs` (broker time); it can be undone until `durable` passes it. */
  append(batch: SequencedBatch, baseOffset: number, timestamp: number, nowMs: number): void {
    const before = this.#entries.get(batch.producerId);
    const lastOffset = baseOffset + batch.lastOffsetDelta;
    this.#undo.push({ lastOffset, producerId: batch.producerId, before });
    this.#put(batch, before, baseOffset, timestamp, nowMs);
  }

  /** Takes in a batch that is durable, at recovery. */
  replay(batch: SequencedBatch, baseOffset: number, timestamp: number, nowMs: number): void {
    this.#put(batch, this.#entries.get(batch.producerId), baseOffset, timestamp, nowMs);
  }

  /** Puts an entry as it was stored. */
  load(producerId: number, entry: ProducerEntry): void {
    this.#entries.set(producerId, entry);
  }

  clear(): void {
    this.#entries.clear();
    this.#undo = [];
    this.#undoStart = 0;
  }

  /** All below `endOffset` can no longer be undone. */
  durable(endOffset: number): void {
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
    while (this.#undo.length > this.#undoStart) {
      const undo = this.#undo.at(-1) as Undo;
      if (undo.lastOffset < endOffset) break;
      this.#undo.pop();
      if (undo.before === undefined) this.#entries.delete(undo.producerId);
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

  #put(
    batch: SequencedBatch,
    before: ProducerEntry | undefined,
    baseOffset: number,
    timestamp: number,
    nowMs: number,
  ): void {
    assert(before === undefined || batch.producerEpoch >= before.epoch, 'an older epoch is never appended');
    const produced: ProducedBatch = {
      firstSequence: batch.baseSequence,
      lastSequence: addToSequence(batch.baseSequence, batch.lastOffsetDelta),
      baseOffset,
      lastOffset: baseOffset + batch.lastOffsetDelta,
      timestamp,
    };
    const sameEpoch = before !== undefined && before.epoch === batch.producerEpoch;
    const batches = sameEpoch ? [...before.batches.slice(-(PRODUCER_WINDOW - 1)), produced] : [produced];
    this.#entries.set(batch.producerId, {
      epoch: batch.producerEpoch,
      batches,
      lastSeenMs: nowMs,
      coordinatorEpoch: before?.coordinatorEpoch ?? -1,
      transactionFirstOffset: before?.transactionFirstOffset ?? -1,
    });
  }
}

function refused(error: ErrorCode, message: string): SequenceVerdict {
  return { kind: 'refused', error, message };
}

function outOfOrder(batch: SequencedBatch, why: string): SequenceVerdict {
  return refused(
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    `Producer ${batch.producerId} (epoch ${batch.producerEpoch}) sent sequence ${batch.baseSequence}, but ${why}.`,
  );
}
