// The sparse offset index of one segment, in Kafka's `.index` format: of every few kilobytes one batch.
//
//   int32  last offset of the batch, relative to the segment's base offset
//   int32  position of the batch in the .log file
//
// Must stay true: both columns grow from entry to entry.
export const OFFSET_INDEX_ENTRY_BYTES = 8;
const FIRST_CAPACITY = 16;

export interface IndexEntry {
  /** The last offset of the batch, relative to the segment's base offset. */
  readonly relativeOffset: number;
  /** Where the batch begins in the .log file. */
  readonly position: number;
}

export class OffsetIndex {
  /** Pairs: relative offset, position. */
  #entries = new Uint32Array(0);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  append(relativeOffset: number, position: number): void {
    if (this.#count * 2 === this.#entries.length) {
      const larger = new Uint32Array(Math.max(FIRST_CAPACITY, this.#entries.length * 2));
      larger.set(this.#entries);
      this.#entries = larger;
    }
    this.#entries[this.#count * 2] = relativeOffset;
    this.#entries[this.#count * 2 + 1] = position;
    this.#count += 1;
  }

  /** The newest entry that is not behind `relativeOffset`; a walk from its position on finds the batch that holds it. */
  lookup(relativeOffset: number): IndexEntry | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle * 2]! <= relativeOffset) low = middle + 1;
      else high = middle;
    }
    return this.#entry(low - 1);
  }

  get last(): IndexEntry | undefined {
    return this.#entry(this.#count - 1);
  }

  #entry(number: number): IndexEntry | undefined {
    if (number < 0) return undefined;
    return { relativeOffset: this.#entries[number * 2]!, position: this.#entries[number * 2 + 1]! };
  }

  /** The entries from number `from` on, as they are stored. */
  encode(from: number): Uint8Array {
    const bytes = Buffer.alloc((this.#count - from) * OFFSET_INDEX_ENTRY_BYTES);
    let at = 0;
    for (let i = from * 2; i < this.#count * 2; i++) {
      at = bytes.writeUInt32BE(this.#entries[i]!, at);
    }
    return bytes;
  }

  /** Reads a stored index; entries from the first on that breaks the order or lies at `logSize` or behind are left out. */
  static decode(stored: Uint8Array, logSize: number): OffsetIndex {
    const view = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    const index = new OffsetIndex();
    index.#entries = new Uint32Array(Math.floor(view.length / OFFSET_INDEX_ENTRY_BYTES) * 2);
    let offset = -1;
    let position = 0;
    for (let at = 0; at + OFFSET_INDEX_ENTRY_BYTES <= view.length; at += OFFSET_INDEX_ENTRY_BYTES) {
      const nextOffset = view.readUInt32BE(at);
      const nextPosition = view.readUInt32BE(at + 4);
      if (nextOffset <= offset || nextPosition <= position || nextPosition >= logSize) break;
      index.append(nextOffset, nextPosition);
      offset = nextOffset;
      position = nextPosition;
    }
    return index;
  }
}
