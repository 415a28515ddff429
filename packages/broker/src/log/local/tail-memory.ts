// The memory that all tails share: how much of it is used, which batches leave it first, and when producers have to be held back.
//
//   commits, oldest first:   [p1: 3 batches][p2: 1][p1: 2] ... [p7: 4]
//                             ^ leaves memory first, once its segment has it      ^ readers at the tail are here
//
// `pressure` is on from `pressureBytes` in no segment down to half of that: the connection layer stops reading from producers meanwhile.
import type { LocalLogSettings } from './settings.ts';
import type { Tail } from './tail.ts';

/** Whose tail it is; the one thing that memory asks of a partition is to write itself out. */
export interface TailOwner {
  readonly tail: Tail;
}

interface CommitEntry<Owner extends TailOwner> {
  readonly owner: Owner;
  /** The number behind the last batch of this commit. */
  readonly upTo: number;
}

/** The queue is shifted once this many entries at its front are done. */
const SHIFT_AT = 1024;

export class TailMemory<Owner extends TailOwner> {
  readonly #settings: LocalLogSettings;
  #queue: CommitEntry<Owner>[] = [];
  #evictFrom = 0;
  #writeFrom = 0;
  #held = 0;
  #unwritten = 0;
  #pressure = false;
  readonly #listeners = new Set<(pressure: boolean) => void>();

  constructor(settings: LocalLogSettings) {
    this.#settings = settings;
  }

  /** Bytes of all batches in memory. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Bytes of those that are in no segment. */
  get unwrittenBytes(): number {
    return this.#unwritten;
  }

  get pressure(): boolean {
    return this.#pressure;
  }

  onPressure(listener: (pressure: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** True when nothing more may be appended. */
  get exhausted(): boolean {
    return this.#unwritten > this.#settings.unwrittenMaxBytes;
  }

  appended(bytes: number): void {
    this.#held += bytes;
    this.#unwritten += bytes;
    this.#judge();
  }

  discarded(bytes: number): void {
    this.#held -= bytes;
    this.#unwritten -= bytes;
    this.#judge();
  }

  committed(owner: Owner, upTo: number): void {
    this.#queue.push({ owner, upTo });
  }

  /** `bytes` are in a segment now. */
  written(bytes: number): void {
    this.#unwritten -= bytes;
    this.evict();
    this.#judge();
  }

  /** A partition has let go of batches by itself (it was removed). */
  released(held: number, unwritten: number): void {
    this.#held -= held;
    this.#unwritten -= unwritten;
    this.#judge();
  }

  /** Lets the oldest batches go until the rest fits. */
  evict(): void {
    while (this.#held > this.#settings.tailMaxBytes && this.#evictFrom < this.#queue.length) {
      const { owner, upTo } = this.#queue[this.#evictFrom]!;
      if (owner.tail.written < upTo) break;
      this.#held -= owner.tail.evictTo(upTo);
      this.#evictFrom += 1;
    }
    this.#shift();
  }

  /** The partition whose durable batches have waited for their segment the longest. */
  get oldestUnwritten(): Owner | undefined {
    this.#writeFrom = Math.max(this.#writeFrom, this.#evictFrom);
    while (this.#writeFrom < this.#queue.length) {
      const { owner, upTo } = this.#queue[this.#writeFrom]!;
      if (owner.tail.written < upTo) return owner;
      this.#writeFrom += 1;
    }
    return undefined;
  }

  #shift(): void {
    if (this.#evictFrom < SHIFT_AT || this.#evictFrom * 2 < this.#queue.length) return;
    this.#queue.splice(0, this.#evictFrom);
    this.#writeFrom = Math.max(0, this.#writeFrom - this.#evictFrom);
    this.#evictFrom = 0;
  }

  #judge(): void {
    const limit = this.#settings.pressureBytes;
    const pressure = this.#pressure ? this.#unwritten > limit / 2 : this.#unwritten > limit;
    if (pressure !== this.#pressure) {
      this.#pressure = pressure;
      for (const listener of this.#listeners) listener(pressure);
    }
  }
}
