// Where one log begins: the offset that counts, the one on its way to be durable, and who waits for it.
//
//   move(40)   pending 40, in the next commit      -- durable(40) -->   offset 40, whoever asked for 40 or less is answered
//                                                  -- discarded  -->   offset as it was, all are told why
//
// Must stay true: the offset only grows, and only to what is durable.
import type { LogError } from '../partition-log.ts';

interface Waiter {
  readonly offset: number;
  readonly done: (error: LogError | undefined) => void;
}

export class LogStart {
  #offset: number;
  #pending: number | undefined;
  #waiters: Waiter[] = [];

  constructor(offset: number) {
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** What the next commit makes durable; undefined: nothing. */
  get pending(): number | undefined {
    return this.#pending;
  }

  /** Resolves once `offset`, or a later one, is durable and `answer` was called. @throws LogError (rejects) when it was discarded */
  move(offset: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending = Math.max(offset, this.#pending ?? 0);
      this.#waiters.push({ offset, done: (error) => (error === undefined ? resolve() : reject(error)) });
    });
  }

  durable(offset: number): void {
    this.#offset = Math.max(this.#offset, offset);
    if (this.#pending !== undefined && this.#pending <= offset) this.#pending = undefined;
  }

  /** Lets those go who wait for what is durable now. */
  answer(): void {
    const done = this.#waiters.filter((waiter) => waiter.offset <= this.#offset);
    this.#waiters = this.#waiters.filter((waiter) => waiter.offset > this.#offset);
    for (const waiter of done) waiter.done(undefined);
  }

  discarded(error: LogError): void {
    this.#pending = undefined;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.done(error);
  }
}
