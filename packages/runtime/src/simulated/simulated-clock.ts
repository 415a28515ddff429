// A Clock that stands still until a test moves it.
//
//   setTimer(5, a)   setTimer(5, b)   setTimer(0, c)   defer(d)          advance(5):  c, d, a, b
//
// Order: the moments one after the other; within a moment first the timers, by creation, then what was deferred (`defer`
// means: behind all I/O that is ready now, and simulated I/O completes by timers). A callback may set timers and defer
// work; what becomes due within the same `advance` runs in it, in its place.
//
// `advance` is synchronous: it does not let promises settle in between. Code under test that awaits is driven by
// SimulatedScheduler, which runs one callback at a time (`runOne`) and lets promises settle behind each.
//
// Time is kept in whole microseconds, so that moments that should coincide do.
//
// Must stay true: the same calls give the same order, always; `monotonic` never goes back.

import assert from 'node:assert/strict';

import type { Clock, Timer } from '../clock.ts';

/** 2026-01-01T00:00:00Z: a time as likely as any, and the same in every run. */
const DEFAULT_START_MS = 1_767_225_600_000;

const MICROSECONDS = 1000;

export interface SimulatedClockOptions {
  /** What `now()` says at the start, in milliseconds since 1970. */
  readonly startMs?: number;
}

export class SimulatedClock implements Clock {
  readonly #timers = new TimerHeap();
  #deferred: (() => void)[] = [];
  /** Since the start, in microseconds. */
  #elapsed = 0;
  #wallOffsetMs: number;
  #created = 0;

  constructor(options: SimulatedClockOptions = {}) {
    this.#wallOffsetMs = options.startMs ?? DEFAULT_START_MS;
  }

  now(): number {
    return Math.floor(this.#wallOffsetMs + this.#elapsed / MICROSECONDS);
  }

  monotonic(): number {
    return this.#elapsed / MICROSECONDS;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    // At least one step: a deadline that lies beyond now by a rounding error alone would otherwise be waited for without end, in no time.
    const delay = delayMs > 0 ? Math.max(1, Math.round(delayMs * MICROSECONDS)) : 0;
    const timer = new SimulatedTimer(this.#elapsed + delay, this.#created++, callback);
    this.#timers.push(timer);
    return timer;
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback);
  }

  /** Moves the time on by `ms`, running what becomes due on the way, each callback at its own due time. */
  advance(ms: number): void {
    const end = this.monotonic() + ms;
    do {
      while (this.runOne()) {
        // One callback a turn.
      }
    } while (this.moveOn(end));
  }

  /** Lets the wall clock jump by `ms` (either way) without any time passing, as when an operator or NTP sets it. */
  jump(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** Runs the first callback that is due at the present moment. False when there is none. */
  runOne(): boolean {
    const timer = this.#timers.first();
    if (timer !== undefined && timer.due <= this.#elapsed) {
      this.#timers.pop();
      timer.run();
      return true;
    }
    const deferred = this.#deferred.shift();
    deferred?.();
    return deferred !== undefined;
  }

  /**
   * Moves the time to the next moment at which a timer is due, or to `endMs` (in `monotonic` time) if that is earlier. False when no timer
   * is due by then.
   */
  moveOn(endMs: number): boolean {
    const end = Math.round(endMs * MICROSECONDS);
    assert(end >= this.#elapsed, `time cannot go back to ${endMs} ms`);
    const due = this.#timers.first()?.due ?? Infinity;
    this.#elapsed = Math.max(this.#elapsed, Math.min(due, end));
    return due <= end;
  }

  /** How many timers and deferred callbacks wait. */
  get pending(): number {
    return this.#deferred.length + this.#timers.live();
  }

  /** When the next timer is due, in `monotonic` time; undefined when none waits. */
  get nextDue(): number | undefined {
    const due = this.#timers.first()?.due;
    return due === undefined ? undefined : due / MICROSECONDS;
  }

  /** A clock of the same time for one simulated process, whose timers can all be dropped at once when the process dies. */
  forProcess(): SimulatedProcessClock {
    return new SimulatedProcessClock(this);
  }
}

/** The clock as one process sees it. After `kill` none of the process's callbacks runs any more. */
export class SimulatedProcessClock implements Clock {
  readonly #world: SimulatedClock;
  #alive = true;

  constructor(world: SimulatedClock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now();
  }

  monotonic(): number {
    return this.#world.monotonic();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#world.setTimer(delayMs, () => this.#run(callback));
  }

  defer(callback: () => void): void {
    this.#world.defer(() => this.#run(callback));
  }

  kill(): void {
    this.#alive = false;
  }

  #run(callback: () => void): void {
    if (this.#alive) {
      callback();
    }
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

/** A binary heap, the earliest timer on top. A cancelled timer leaves it when it gets there. */
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
