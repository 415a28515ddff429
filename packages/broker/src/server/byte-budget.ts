// A bound on the bytes that requests hold while they are received and worked on, over all connections
// (`queued.max.request.bytes`). It never refuses: who has begun a frame may finish it. When it is used up, connections stop reading
// before their next frame, and go on, first come first served, as bytes are given back.

export class ByteBudget {
  readonly #limit: number;
  #used = 0;
  readonly #waiting = new Set<() => void>();

  /** @param limit in bytes; -1 for no bound */
  constructor(limit: number) {
    this.#limit = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  }

  get used(): number {
    return this.#used;
  }

  get exhausted(): boolean {
    return this.#used >= this.#limit;
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
    while (!this.exhausted && this.#waiting.size > 0) {
      const [next] = this.#waiting as Iterable<() => void> as [() => void];
      this.#waiting.delete(next);
      next();
    }
  }

  /** Calls `resume` once, when there is room again. */
  wait(resume: () => void): void {
    this.#waiting.add(resume);
  }

  forget(resume: () => void): void {
    this.#waiting.delete(resume);
  }
}
