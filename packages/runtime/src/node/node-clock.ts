// The real Clock: the operating system's time and Node's timers.
//
// Must stay true: timers are unreferenced, so that a process with nothing left but timers ends; `defer` runs after the poll
// phase that is going on, so that all sockets which were readable have been read before a group of appends is closed.

import type { Clock, Timer } from '../clock.ts';

/** setTimeout counts in a signed 32-bit integer and fires at once above it; longer waits are cut into pieces. */
const LONGEST_TIMEOUT_MS = 0x7fffffff;

export class NodeClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return new NodeTimer(delayMs, callback);
  }

  defer(callback: () => void): void {
    setImmediate(callback);
  }
}

class NodeTimer implements Timer {
  readonly #callback: () => void;
  #timeout: NodeJS.Timeout | undefined;

  constructor(delayMs: number, callback: () => void) {
    this.#callback = callback;
    this.#arm(Number.isNaN(delayMs) ? 0 : delayMs);
  }

  #arm(delayMs: number): void {
    const piece = Math.min(delayMs, LONGEST_TIMEOUT_MS);
    this.#timeout = setTimeout(() => {
      if (delayMs > piece) {
        this.#arm(delayMs - piece);
      } else {
        this.#callback();
      }
    }, piece);
    this.#timeout.unref();
  }

  cancel(): void {
    clearTimeout(this.#timeout);
  }
}
