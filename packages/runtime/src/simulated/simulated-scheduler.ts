// Runs a whole simulated world, promises included, from one seed.
//
//   SimulatedDisk, SimulatedNetwork --latency--> SimulatedClock <--timers-- the code under test
//                                                     |
//                                            SimulatedScheduler.run: one callback, let promises settle, next
//
// Simulated I/O completes by timers on the simulated clock, after latencies drawn from the seed: this alone decides the
// order in which operations complete. Between two callbacks the driver waits for a real setImmediate. Node runs that only when
// the queues of promise jobs and of process.nextTick are empty, so however long a chain of awaits is, it has come to its next
// simulated wait, or its end, by then. This is as in the real program, where promises settle between two I/O callbacks.
//
// Must stay true: the code under test waits for nothing but the simulated world and promises. Real I/O, real timers and work
// in Node's thread pool (async zlib, async crypto, dynamic import) end at times that no seed decides.

import assert from 'node:assert/strict';

import { SeededRandom } from './seeded-random.ts';
import { SimulatedClock } from './simulated-clock.ts';

/** Latencies are multiples of this, so that some completions coincide and are handled as one group, as in a poll of real I/O. */
const LATENCY_STEP_MS = 0.01;

/** How long (in simulated time) `run` and `runUntilIdle` go on before they call it a hang. */
const DEFAULT_LIMIT_MS = 600_000;

/** A latency is drawn uniformly from `minMs` to `maxMs`, both included. */
export interface Latency {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface RunLimit {
  /** Simulated milliseconds after which the run is given up with an error. Default: ten minutes. */
  readonly limitMs?: number;
}

export class SimulatedScheduler {
  readonly clock: SimulatedClock;
  /** Where the latencies come from. Simulated parts take generators of their own from it with `fork`. */
  readonly random: SeededRandom;

  constructor(options: { readonly clock: SimulatedClock; readonly random: SeededRandom }) {
    this.clock = options.clock;
    this.random = options.random;
  }

  /** A clock, a generator and a scheduler, all from one seed. */
  static fromSeed(seed: number): SimulatedScheduler {
    return new SimulatedScheduler({ clock: new SimulatedClock(), random: new SeededRandom(seed) });
  }

  /** Runs `task` after a latency drawn with `random`. Returns the latency. */
  schedule(latency: Latency, random: SeededRandom, task: () => void): number {
    const steps = Math.max(0, Math.round((latency.maxMs - latency.minMs) / LATENCY_STEP_MS));
    const delay = latency.minMs + random.integer(steps + 1) * LATENCY_STEP_MS;
    this.clock.setTimer(delay, task);
    return delay;
  }

  /** Runs the world until `work` has settled, and gives its result. Throws when it cannot settle any more, or not within the limit. */
  async run<T>(work: Promise<T>, limit: RunLimit = {}): Promise<T> {
    let settled = false;
    const watched = work.finally(() => {
      settled = true;
    });
    watched.catch(() => {
      // `work` itself is given back below; this only keeps the copy from counting as unhandled.
    });
    await this.#drive(limit.limitMs ?? DEFAULT_LIMIT_MS, () => settled);
    assert(
      settled,
      `the awaited work has not settled at ${this.clock.monotonic()} ms, with ${this.clock.pending} callbacks waiting`,
    );
    return work;
  }

  /** Runs the world for `ms` of simulated time. */
  async runFor(ms: number): Promise<void> {
    await this.#drive(ms, () => false);
  }

  /** Runs the world until nothing waits any more. Throws when that does not come within the limit (a periodic timer, say). */
  async runUntilIdle(limit: RunLimit = {}): Promise<void> {
    const limitMs = limit.limitMs ?? DEFAULT_LIMIT_MS;
    await this.#drive(limitMs, () => this.clock.pending === 0);
    assert(this.clock.pending === 0, `still ${this.clock.pending} callbacks waiting after ${limitMs} ms`);
  }

  async #drive(ms: number, done: () => boolean): Promise<void> {
    const end = this.clock.monotonic() + ms;
    do {
      do {
        await settle();
        if (done()) {
          return;
        }
      } while (this.clock.runOne());
    } while (this.clock.moveOn(end));
  }
}

/** Resolves when all promises that can settle without the outside world have settled. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
