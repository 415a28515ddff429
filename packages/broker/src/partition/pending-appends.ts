// The appends of one partition that are not durable yet, and the repeated batches (and whoever else) that wait for their first arrival to be.
//
// Must stay true: each is answered exactly once, appends in the order of their offsets; none is answered as a success before all of it is durable.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { LogError } from '../log/partition-log.ts';
import { refusal, type AppendOutcome } from './append-outcome.ts';

export interface PendingAppend {
  readonly lastOffset: number;
  /** The answer once it is durable. */
  readonly outcome: AppendOutcome;
  readonly done: (outcome: AppendOutcome) => void;
}

/** So many answered appends are kept in front of the list before they are cut off together. */
const TRIM_AT = 1024;

export class PendingAppends {
  /** Oldest first; answered from the front as the log becomes durable. */
  #appends: PendingAppend[] = [];
  #start = 0;
  /** Repeated batches whose first arrival is not durable yet, in any order. */
  #duplicates: PendingAppend[] = [];

  add(append: PendingAppend): void {
    this.#appends.push(append);
  }

  addDuplicate(duplicate: PendingAppend): void {
    this.#duplicates.push(duplicate);
  }

  /** All below `endOffset` is durable: answers what lies there. */
  durable(endOffset: number): void {
    while (this.#start < this.#appends.length) {
      const next = this.#appends[this.#start] as PendingAppend;
      if (next.lastOffset >= endOffset) break;
      this.#start += 1;
      next.done(next.outcome);
    }
    this.#trim();
    if (this.#duplicates.length === 0) return;
    const settled = this.#duplicates.filter((pending) => pending.lastOffset < endOffset);
    this.#duplicates = this.#duplicates.filter((pending) => pending.lastOffset >= endOffset);
    for (const pending of settled) pending.done(pending.outcome);
  }

  /** Everything from `endOffset` on is lost: refuses what lay there. */
  discarded(endOffset: number, error: LogError): void {
    const lost = [...this.#appends.slice(this.#start), ...this.#duplicates];
    this.#appends = [];
    this.#start = 0;
    this.#duplicates = [];
    for (const pending of lost) {
      if (pending.lastOffset < endOffset) pending.done(pending.outcome);
      else pending.done(refusal(ErrorCode.KAFKA_STORAGE_ERROR, error.message));
    }
  }

  #trim(): void {
    if (this.#start === this.#appends.length) {
      this.#appends.length = 0;
      this.#start = 0;
    } else if (this.#start > TRIM_AT) {
      this.#appends = this.#appends.slice(this.#start);
      this.#start = 0;
    }
  }
}
