// One deadline per key, earliest first: a binary heap in which a key whose deadline moved leaves its old entry behind, to be skipped when it
// surfaces. Moving a deadline costs O(log n); entries left behind never outnumber the live ones by much.

interface Entry<Key> {
  readonly key: Key;
  readonly atMs: number;
}

export class DeadlineQueue<Key> {
  readonly #deadlines = new Map<Key, number>();
  #heap: Entry<Key>[] = [];

  get(key: Key): number | undefined {
    return this.#deadlines.get(key);
  }

  set(key: Key, atMs: number): void {
    if (this.#deadlines.get(key) === atMs) return;
    this.#deadlines.set(key, atMs);
    if (this.#heap.length > 2 * this.#deadlines.size + 16) this.#rebuild();
    else this.#push({ key, atMs });
  }

  delete(key: Key): void {
    this.#deadlines.delete(key);
  }

  /** The earliest deadline and its key. */
  earliest(): Readonly<Entry<Key>> | undefined {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || this.#deadlines.get(top.key) === top.atMs) return top;
      this.#pop();
    }
  }

  #rebuild(): void {
    // A sorted array is a heap.
    this.#heap = [...this.#deadlines]
      .map(([key, atMs]) => ({ key, atMs }))
      .sort((left, right) => left.atMs - right.atMs);
  }

  #push(entry: Entry<Key>): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Entry<Key>;
      if (parent.atMs <= entry.atMs) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      if (
        childAt + 1 < heap.length &&
        (heap[childAt + 1] as Entry<Key>).atMs < (heap[childAt] as Entry<Key>).atMs
      )
        childAt++;
      const child = heap[childAt] as Entry<Key>;
      if (child.atMs >= last.atMs) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}
