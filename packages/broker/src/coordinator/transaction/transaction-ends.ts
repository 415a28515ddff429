// Who waits for a transaction to end. A producer that begins its next transaction right after a commit comes before the markers of the last one are
// durable, a few milliseconds too early. It would be told CONCURRENT_TRANSACTIONS and try again after its own back-off, 20 to 100 ms later. So its
// request is kept until the end has been decided, and decided again then.
//
// Must stay true: nobody waits longer than he said; who waits is told of the first end that comes, and looks for himself what it means.
import type { Clock } from '@moldau/runtime';

export class TransactionEnds {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves to whether a transaction of the id ended within `waitMs`. */
  next(transactionalId: string, waitMs: number): Promise<boolean> {
    if (waitMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(transactionalId) ?? new Set();
      this.#waiting.set(transactionalId, waiting);
      const ended = (): void => {
        timer.cancel();
        resolve(true);
      };
      const timer = this.#clock.setTimer(waitMs, () => {
        waiting.delete(ended);
        if (waiting.size === 0) this.#forget(transactionalId, waiting);
        resolve(false);
      });
      waiting.add(ended);
    });
  }

  /** A transaction of the id has ended, or this broker has nothing more to do with it. */
  ended(transactionalId: string): void {
    const waiting = this.#waiting.get(transactionalId);
    if (waiting === undefined) return;
    this.#waiting.delete(transactionalId);
    for (const tell of waiting) tell();
  }

  #forget(transactionalId: string, waiting: Set<() => void>): void {
    if (this.#waiting.get(transactionalId) === waiting) this.#waiting.delete(transactionalId);
  }
}
