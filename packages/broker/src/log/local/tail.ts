// The batches of one partition that are in memory, oldest first, and how far each stage has come with them.
//
//      evicted        written           durable          taken            end
//   ......|--------------|-----------------|---------------|---------------|
//   gone    in a segment    in the WAL, in    being           waiting for
//           too             no segment yet    committed       the next commit
//
// Batches have numbers that grow by one; the stages are such numbers.
//
// Must stay true: evicted <= written <= durable <= taken <= end; only batches below `durable` are read.
import assert from 'node:assert/strict';

import type { AppendedBatch } from '../partition-log.ts';

/** The array is shifted once this many batches at its front are evicted. */
const SHIFT_AT = 256;

export class Tail {
  #batches: (AppendedBatch | undefined)[] = [];
  /** Number of the first element. */
  #first = 0;
  evicted = 0;
  written = 0;
  durable = 0;
  taken = 0;

  get end(): number {
    return this.#first + this.#batches.length;
  }

  push(batch: AppendedBatch): void {
    batch.memory?.retain();
    this.#batches.push(batch);
  }

  at(number: number): AppendedBatch {
    const batch = this.#batches[number - this.#first];
    assert(batch !== undefined && number >= this.evicted, `batch ${number} is not in the tail`);
    return batch;
  }

  /** The number of the batch that holds `offset` (or the first behind it), among those in memory; undefined when that may be an older one. */
  find(offset: number): number | undefined {
    if (this.evicted === this.end || this.at(this.evicted).baseOffset > offset) {
      return undefined;
    }
    let low = this.evicted;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many bytes are in memory, and how many of them in no segment. */
  bytes(): { readonly held: number; readonly unwritten: number } {
    let held = 0;
    let unwritten = 0;
    for (let i = this.evicted; i < this.end; i++) {
      const { length } = this.at(i).bytes;
      held += length;
      if (i >= this.written) unwritten += length;
    }
    return { held, unwritten };
  }

  /** The number behind the batches that are in a segment and end below `offset`. */
  writtenBelow(offset: number): number {
    let number = this.evicted;
    while (number < this.written && this.at(number).lastOffset < offset) number += 1;
    return number;
  }

  /** Lets go of all batches below `number`, which are in a segment and in no write under way; returns how many bytes that frees. */
  evictTo(number: number): number {
    return this.#dropTo(number, true);
  }

  /** Lets go of everything while writes may be under way: memory that could be used again is left to the garbage collector. */
  abandon(): void {
    this.written = this.durable = this.taken = this.end;
    this.#dropTo(this.end, false);
  }

  #dropTo(number: number, release: boolean): number {
    assert(number <= this.written, 'a batch leaves memory only when a segment has it');
    let bytes = 0;
    for (let i = this.evicted; i < number; i++) {
      const batch = this.#batches[i - this.#first]!;
      bytes += batch.bytes.length;
      if (release) batch.memory?.release();
      this.#batches[i - this.#first] = undefined;
    }
    this.evicted = Math.max(this.evicted, number);
    if (this.evicted - this.#first >= SHIFT_AT && (this.evicted - this.#first) * 2 >= this.#batches.length) {
      this.#batches.splice(0, this.evicted - this.#first);
      this.#first = this.evicted;
    } else if (this.evicted === this.end) {
      this.#batches.length = 0;
      this.#first = this.evicted;
    }
    return bytes;
  }

  /** Drops what is not durable; returns how many bytes that were. */
  discard(): number {
    let bytes = 0;
    for (let i = this.durable; i < this.end; i++) bytes += this.at(i).bytes.length;
    this.#batches.length = this.durable - this.#first;
    this.taken = this.durable;
    return bytes;
  }
}
