// The bytes of a simulated file: a size, and pages for the parts that are not all zeros. A file of 64 MB that was
// allocated and hardly used costs next to nothing, and a thousand seeds run in little memory.
//
// Must stay true: bytes at and above `size` are zero, so that growing shows zeros.

export const PAGE_BYTES = 4096;

export class SparseBytes {
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Cuts the content off at `size`, or adds zeros up to it. */
  resize(size: number): void {
    if (size < this.#size) {
      this.zero(size, this.#size);
    }
    this.#size = size;
  }

  /** Puts zeros from `from` to `to`, without changing the size. */
  zero(from: number, to: number): void {
    for (const [index, page] of this.#pages) {
      const start = index * PAGE_BYTES;
      if (start >= from && start + PAGE_BYTES <= to) {
        this.#pages.delete(index);
      } else if (start < to && start + PAGE_BYTES > from) {
        page.fill(0, Math.max(0, from - start), Math.min(PAGE_BYTES, to - start));
      }
    }
  }

  /** Copies `bytes` in at `position`, growing the size when they end behind it. */
  write(bytes: Uint8Array, position: number): void {
    this.#size = Math.max(this.#size, position + bytes.length);
    let done = 0;
    while (done < bytes.length) {
      const at = position + done;
      const offset = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, bytes.length - done);
      this.#page(Math.floor(at / PAGE_BYTES)).set(bytes.subarray(done, done + count), offset);
      done += count;
    }
  }

  /** Copies what is there at `position` into `target`; returns how many bytes that were. */
  read(target: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.#size - position));
    let done = 0;
    while (done < length) {
      const at = position + done;
      const offset = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, length - done);
      const page = this.#pages.get(Math.floor(at / PAGE_BYTES));
      if (page === undefined) {
        target.fill(0, done, done + count);
      } else {
        target.set(page.subarray(offset, offset + count), done);
      }
      done += count;
    }
    return length;
  }

  clone(): SparseBytes {
    const copy = new SparseBytes();
    copy.#size = this.#size;
    for (const [index, page] of this.#pages) {
      copy.#pages.set(index, page.slice());
    }
    return copy;
  }

  #page(index: number): Uint8Array {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES);
      this.#pages.set(index, page);
    }
    return page;
  }
}
