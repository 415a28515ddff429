// The newest offset of every key in a stretch of log, in a memory of a stated size: a hash table in one piece of typed arrays, without an
// object or a copy for any key.
//
//   slot:  uint32 x 4   the first 128 bits of the key's SHA-256
//          float64      its newest offset + 1; 0: the slot is free
//
// The bits of the digest also say where to begin looking; the next free slot behind that takes the key (linear probing).
//
// Must stay true: two keys count as one only if 128 bits of SHA-256 agree, which nobody can bring about; no more than `capacity` keys are
// taken, so that a free slot ends every search.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';

/** Memory for one key. */
export const KEY_MAP_SLOT_BYTES = 24;
const DIGEST_WORDS = 4;

export class KeyMap {
  /** So many keys fit. */
  readonly capacity: number;
  readonly #slots: number;
  readonly #digests: Uint32Array;
  readonly #ends: Float64Array;
  readonly #digest = new Uint32Array(DIGEST_WORDS);
  #size = 0;

  /** `maxBytes`: the memory it may take; `maxKeys`: how many there are at most, where that needs less; `loadFactor`: the share of slots in use. */
  constructor(maxBytes: number, loadFactor: number, maxKeys = Infinity) {
    const needed = Math.ceil((maxKeys + 1) / loadFactor) + 1;
    this.#slots = Math.max(2, Math.min(Math.floor(maxBytes / KEY_MAP_SLOT_BYTES), needed));
    this.capacity = Math.min(this.#slots - 1, Math.max(1, Math.floor(this.#slots * loadFactor)));
    this.#digests = new Uint32Array(this.#slots * DIGEST_WORDS);
    this.#ends = new Float64Array(this.#slots);
  }

  get size(): number {
    return this.#size;
  }

  get memoryBytes(): number {
    return this.#digests.byteLength + this.#ends.byteLength;
  }

  /** Notes that `key` has a record at `offset`, which is beyond all noted before. False: there is no room for another key. */
  put(key: Uint8Array, offset: number): boolean {
    const slot = this.#find(key);
    if (this.#ends[slot] === 0) {
      if (this.#size === this.capacity) return false;
      this.#size += 1;
      this.#digests.set(this.#digest, slot * DIGEST_WORDS);
    }
    assert(offset >= this.#ends[slot]! - 1, 'keys are noted in the order of their offsets');
    this.#ends[slot] = offset + 1;
    return true;
  }

  /** The newest offset of `key`; -1 when it was not noted. */
  get(key: Uint8Array): number {
    return this.#ends[this.#find(key)]! - 1;
  }

  /** The slot that has the key, or the free one that would take it. */
  #find(key: Uint8Array): number {
    const wanted = this.#digest;
    digestInto(wanted, key);
    const digests = this.#digests;
    let slot = wanted[0]! % this.#slots;
    while (this.#ends[slot] !== 0) {
      const at = slot * DIGEST_WORDS;
      if (
        digests[at] === wanted[0] &&
        digests[at + 1] === wanted[1] &&
        digests[at + 2] === wanted[2] &&
        digests[at + 3] === wanted[3]
      ) {
        return slot;
      }
      slot = slot + 1 === this.#slots ? 0 : slot + 1;
    }
    return slot;
  }
}

/** A digest as a latin1 string costs a fraction of one in a buffer. */
function digestInto(target: Uint32Array, key: Uint8Array): void {
  const text = hash('sha256', key, 'latin1');
  for (let word = 0; word < DIGEST_WORDS; word++) {
    const at = word * 4;
    target[word] =
      (text.charCodeAt(at) << 24) |
      (text.charCodeAt(at + 1) << 16) |
      (text.charCodeAt(at + 2) << 8) |
      text.charCodeAt(at + 3);
  }
}
