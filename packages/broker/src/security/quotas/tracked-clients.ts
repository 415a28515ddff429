// What is remembered about clients that are limited, one entry for each who has been seen lately. Clients choose their ids themselves, so
// the number is bounded: entries that were not used for an hour go, and when there are too many the one that was not used for longest.
//
// Must stay true: the map is in the order of last use, so that what has to go is found at its front.

/** The most that is remembered in one such map. */
export const MAX_TRACKED_CLIENTS = 10_000;
/** As in Kafka, in ms. */
export const TRACKED_CLIENT_IDLE_MS = 3_600_000;

interface Entry<Value> {
  readonly value: Value;
  usedMs: number;
}

export class TrackedClients<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #max: number;

  constructor(max = MAX_TRACKED_CLIENTS) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of the key, made when it is not there. */
  get(key: string, nowMs: number, make: () => Value): Value {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#makeRoom(nowMs);
      entry = { value: make(), usedMs: nowMs };
    } else {
      this.#entries.delete(key);
      entry.usedMs = nowMs;
    }
    this.#entries.set(key, entry);
    return entry.value;
  }

  clear(): void {
    this.#entries.clear();
  }

  #makeRoom(nowMs: number): void {
    for (const [key, { usedMs }] of this.#entries) {
      if (nowMs - usedMs < TRACKED_CLIENT_IDLE_MS && this.#entries.size < this.#max) return;
      this.#entries.delete(key);
    }
  }
}
