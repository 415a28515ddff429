// The sparse time index of one segment, in Kafka's `.timeindex` format.
//
//   int64  the largest timestamp of all batches up to the one of the offset
//   int32  last offset of the batch that has it, relative to the segment's base offset
//
// Must stay true: both columns grow from entry to entry. The last entry of a finished segment is its largest timestamp.
export const TIME_INDEX_ENTRY_BYTES = 12;
const FIRST_CAPACITY = 16;

export class TimeIndex {
  #timestamps = new Float64Array(0);
  #offsets = new Uint32Array(0);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get last(): { readonly timestamp: number; readonly relativeOffset: number } | undefined {
    if (this.#count === 0) return undefined;
    return { timestamp: this.#timestamps[this.#count - 1]!, relativeOffset: this.#offsets[this.#count - 1]! };
  }

  /** Adds an entry unless it says nothing new. */
  append(timestamp: number, relativeOffset: number): void {
    const last = this.last;
    if (
      timestamp < 0 ||
      (last !== undefined && (timestamp <= last.timestamp || relativeOffset <= last.relativeOffset))
    ) {
      return;
    }
    if (this.#count === this.#offsets.length) {
      const capacity = Math.max(FIRST_CAPACITY, this.#offsets.length * 2);
      const timestamps = new Float64Array(capacity);
      timestamps.set(this.#timestamps);
      this.#timestamps = timestamps;
      const offsets = new Uint32Array(capacity);
      offsets.set(this.#offsets);
      this.#offsets = offsets;
    }
    this.#timestamps[this.#count] = timestamp;
    this.#offsets[this.#count] = relativeOffset;
    this.#count += 1;
  }

  /** The relative offset up to which all batches are older than `timestamp`: a search by time begins there. */
  lookup(timestamp: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timestamps[middle]! < timestamp) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#offsets[low - 1]!;
  }

  /** The entries from number `from` on, as they are stored. */
  encode(from: number): Uint8Array {
    const bytes = Buffer.alloc((this.#count - from) * TIME_INDEX_ENTRY_BYTES);
    let at = 0;
    for (let i = from; i < this.#count; i++) {
      at = bytes.writeBigInt64BE(BigInt(this.#timestamps[i]!), at);
      at = bytes.writeUInt32BE(this.#offsets[i]!, at);
    }
    return bytes;
  }

  /** Reads a stored index; undefined when it is not in order. */
  static decode(stored: Uint8Array): TimeIndex | undefined {
    const view = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    if (view.length % TIME_INDEX_ENTRY_BYTES !== 0) return undefined;
    const index = new TimeIndex();
    for (let at = 0; at < view.length; at += TIME_INDEX_ENTRY_BYTES) {
      const before = index.#count;
      index.append(Number(view.readBigInt64BE(at)), view.readUInt32BE(at + 8));
      if (index.#count === before) return undefined;
    }
    return index;
  }
}
