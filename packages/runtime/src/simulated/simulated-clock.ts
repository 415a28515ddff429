// A Clock that stands still until a test moves it.
//
//   setTimer(5, a)   setTimer(5, b)   setTimer(0, c)          advance(5):  c, a, b
//   defer(d)                                                  d runs first: it was due before any time passed
//
// Order: by due time, then by creation. A callback may set timers and defer work; what becomes due within the same
// `advance` runs in it, in its place. Deferred work counts as a thing of the present: all of it runs before time moves on.
//
// `advance` is synchronous: it does not let promises settle in between. Code under test that awaits is driven by
// SimulatedScheduler, which moves this clock one due moment at a time (`nextDue`, `runDue`).
//
// Must stay true: the same calls give the same order, always; time never goes back in `monotonic`.

import assert from 'node:assert/strict';

import type { Clock, Timer } from '../clock.ts';

/** 2026-01-01T00:00:00Z: a time that is as likely as any, and the same in every run. */
const DEFAULT_START_MS = 1_767_225_600_000;

export interface SimulatedClockOptions {
  /** What `now()` says at the start, in milliseconds since 1970. */
  readonly startMs?: number;
}

export class SimulatedClock implements Clock {
  readonly #timers = new TimerHeap();
  #deferred: (() => void)[] = [];
  #monotonic = 0;
  #wallOffset: number;
  #created = 0;

  constructor(options: SimulatedClockOptions = {}) {
    this.#wallOffset = options.startMs ?? DEFAULT_START_MS;
  }

  now(): number {
    return Math.floor(this.#wallOffset + this.#monotonic);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const delay = Number.isNaN(delayMs) ? 0 : Math.max(0, delayMs);
    const timer = new SimulatedTimer(this.#monotonic + delay, this.#created++, callback);
    this.#timers.push(timer);
    return timer;
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Moves the time on by `ms`, running what becomes due on the way, each callback at its own due time. */
  advance(ms: number): void {
    assert(ms >= 0, `time cannot go back (advance by ${ms} ms)`);
    const target = this.#monotonic + ms;
    for (;;) {
      this.runDue();
      const due = this.nextDue();
      if (due === undefined || due > target) {
        break;
      }
      this.#monotonic = due;
    }
    this.#monotonic = target;
  }

  /** Lets the wall clock jump by `ms` (either way) without any time passing: an operator, or NTP, sets the clock. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  /** When (in `monotonic` time) the next callback is due; the present while work is deferred; undefined when nothing waits. */
  nextDue(): number | undefined {
    return this.#deferred.length > 0 ? this.#monotonic : this.#timers.first()?.due;
  }

  /** Runs what is due at the present moment, and what that makes due at the present moment, without moving the time. */
  runDue(): void {
    while (this.runOne()) {
      // Each call runs one callback.
    }
  }

  /** Runs the first callback that is due at the present moment. False when there is none. */
  runOne(): boolean {
    const deferred = this.#deferred.shift();
    if (deferred !== undefined) {
      deferred();
      return true;
    }
    const timer = this.#timers.first();
    if (timer === undefined || timer.due > this.#monotonic) {
      return false;
    }
    this.#timers.pop();
    timer.run();
    return true;
  }

  /** Moves the time to the next due moment if it is not later than `limit` (in `monotonic` time), else to `limit`. */
  moveToNextDue(limit: number): boolean {
    const due = this.nextDue();
    if (due === undefined || due > limit) {
      this.#monotonic = Math.max(this.#monotonic, limit);
      return false;
    }
    this.#monotonic = Math.max(this.#monotonic, due);
    return true;
  }

  /** How many timers and deferred callbacks wait. */
  get pending(): number {
    return this.#deferred.length + this.#timers.live();
  }
}

class SimulatedTimer implements Timer {
  readonly due: number;
  readonly created: number;
  #callback: (() => void) | undefined;

  constructor(due: number, created: number, callback: () => void) {
    this.due = due;
    this.created = created;
    this.#callback = callback;
  }

  get cancelled(): boolean {
    return this.#callback === undefined;
  }

  cancel(): void {
    this.#callback = undefined;
  }

  run(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }

  before(other: SimulatedTimer): boolean {
    return this.due < other.due || (this.due === other.due && this.created < other.created);
  }
}

/** A binary heap, the earliest timer first. Cancelled timers leave it when they come to the top. */
class TimerHeap {
  readonly #heap: SimulatedTimer[] = [];

  first(): SimulatedTimer | undefined {
    while (this.#heap[0]?.cancelled === true) {
      this.pop();
    }
    return this.#heap[0];
  }

  live(): number {
    return this.#heap.filter((timer) => !timer.cancelled).length;
  }

  push(timer: SimulatedTimer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!timer.before(heap[parent]!)) {
        break;
      }
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) {
      return;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) {
        break;
      }
      if (child + 1 < heap.length && heap[child + 1]!.before(heap[child]!)) {
        child += 1;
      }
      if (!heap[child]!.before(last)) {
        break;
      }
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}
