// Appends of one partition in their order, while some of them have to be prepared first and that takes time: those behind wait.
//
//   [ being prepared ][ waits ][ waits ] <- add
//     | prepared
//     v
//   append, then the next
//
// Must stay true: every entry is appended or refused exactly once, in the order in which they came; one is prepared at a time.

/** What became of the preparation. */
export type Prepared<Result> = { readonly result: Result } | { readonly failure: unknown };

export interface AppendQueueEffects<Entry, Result> {
  /** @throws when the entry cannot be prepared; as a rejection if it takes time */
  prepare(entry: Entry): Result | Promise<Result>;
  /** Appends, or refuses. Must not throw. */
  finish(entry: Entry, prepared: Prepared<Result>): void;
}

export class AppendQueue<Entry, Result> {
  readonly #effects: AppendQueueEffects<Entry, Result>;
  readonly #waiting: Entry[] = [];
  #preparing = false;

  constructor(effects: AppendQueueEffects<Entry, Result>) {
    this.#effects = effects;
  }

  /** Nothing is under way: who needs no preparation need not wait. */
  get idle(): boolean {
    return !this.#preparing && this.#waiting.length === 0;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
    if (!this.#preparing) this.#run();
  }

  #run(): void {
    for (let entry = this.#waiting.shift(); entry !== undefined; entry = this.#waiting.shift()) {
      this.#preparing = true;
      const prepared = this.#prepare(entry);
      if (prepared instanceof Promise) {
        const waitsFor = entry;
        void prepared.then((late) => {
          this.#finish(waitsFor, late);
          this.#run();
        });
        return;
      }
      this.#finish(entry, prepared);
    }
  }

  #finish(entry: Entry, prepared: Prepared<Result>): void {
    // What is appended may answer a client, who may append at once: that waits behind what is here.
    this.#effects.finish(entry, prepared);
    this.#preparing = false;
  }

  #prepare(entry: Entry): Prepared<Result> | Promise<Prepared<Result>> {
    try {
      const result = this.#effects.prepare(entry);
      if (!(result instanceof Promise)) return { result };
      return result.then(
        (late) => ({ result: late }),
        (failure: unknown) => ({ failure }),
      );
    } catch (failure) {
      return { failure };
    }
  }
}
