// Time as a dependency: everything that waits, expires or stamps asks a Clock, so that a test moves time by hand and a
// whole cluster runs from one seed.
//
// Must stay true: no module outside runtime/node reads Date.now(), performance.now() or sets a timer of its own.

/** A pending timer. */
export interface Timer {
  /** Forgets the timer; its callback will not run. Harmless when it has run already. */
  cancel(): void;
}

export interface Clock {
  /** Wall-clock time in milliseconds since 1970, as stamped into records. May jump. */
  now(): number;
  /** Milliseconds from an arbitrary start, never going back: for time-outs and durations. */
  monotonic(): number;
  /**
   * Runs `callback` once, `delayMs` milliseconds from now (0: as soon as the current work is done).
   * A timer does not keep the process alive.
   */
  setTimer(delayMs: number, callback: () => void): Timer;
  /** Runs `callback` after the I/O that is ready now has been handled: the moment a group of appends is complete. */
  defer(callback: () => void): void;
}
