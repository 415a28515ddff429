// Fetches that wait for records (long poll): each is woken by its partitions, or ends by its time.
//
// Must stay true: a wait ends exactly once, by records, by time, by the end of its connection or of the broker, and then holds
// nothing any more; there are never more than `limit` waits (a fetch beyond it is answered at once with what there is).
import type { Clock, Timer } from '@moldau/runtime';
import type { Partition, PartitionWaiter } from '../../partition/partition.ts';

/** Why a wait ended: look for records (more may still be missing), time is up, or nobody listens any more. */
export type WakeReason = 'records' | 'time' | 'closed';

export class WaitingFetches {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #waits = new Set<Wait>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  get size(): number {
    return this.#waits.size;
  }

  /** A wait over `partitions` of at most `maxWaitMs`, or undefined when too many wait already. */
  open(partitions: Iterable<Partition>, maxWaitMs: number): Wait | undefined {
    if (this.#waits.size >= this.#limit) return undefined;
    const wait = new Wait(this.#clock, [...partitions], maxWaitMs, () => this.#waits.delete(wait));
    this.#waits.add(wait);
    return wait;
  }

  /** Ends every wait: the broker stops. */
  close(): void {
    for (const wait of this.#waits) wait.end('closed');
  }
}

export class Wait implements PartitionWaiter {
  readonly #clock: Clock;
  readonly #partitions: readonly Partition[];
  readonly #timer: Timer;
  readonly #onEnd: () => void;
  #woken = false;
  #ended: WakeReason | undefined;
  #listener: ((reason: WakeReason) => void) | undefined;

  constructor(clock: Clock, partitions: readonly Partition[], maxWaitMs: number, onEnd: () => void) {
    this.#clock = clock;
    this.#partitions = partitions;
    this.#onEnd = onEnd;
    for (const partition of partitions) partition.addWaiter(this);
    this.#timer = clock.setTimer(maxWaitMs, () => this.end('time'));
  }

  /** Something moved in a partition. Many of these in one turn make one look. */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#clock.defer(() => this.#notify('records'));
  }

  /** Resolves at the next reason to look. */
  next(): Promise<WakeReason> {
    if (this.#ended !== undefined) return Promise.resolve(this.#ended);
    return new Promise((resolve) => {
      this.#listener = resolve;
    });
  }

  /** Ends the wait and lets go of everything. */
  end(reason: WakeReason): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#timer.cancel();
    for (const partition of this.#partitions) partition.removeWaiter(this);
    this.#onEnd();
    this.#notify(reason);
  }

  #notify(reason: WakeReason): void {
    this.#woken = false;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.(reason);
  }
}
