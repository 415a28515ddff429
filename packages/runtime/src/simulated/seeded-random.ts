// A Random that is a function of its seed: sfc32, Chris Doty-Humphrey's small fast counting generator, with 128 bits of
// state and a period of at least 2^32 for every seed. It passes PractRand; it is no secret to anyone.
//
// Must stay true: the same seed gives the same sequence, on every machine and in every version; a recorded failing seed
// would be worthless otherwise. A test pins the first numbers.

import assert from 'node:assert/strict';

import type { Random } from '../random.ts';

/** Rounds thrown away at the start, until similar seeds have come apart. */
const WARM_UP_ROUNDS = 20;

const TWO_TO_32 = 2 ** 32;

export class SeededRandom implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** @param seed any safe integer that is not negative */
  constructor(seed: number) {
    assert(Number.isSafeInteger(seed) && seed >= 0, `seed ${seed} is not a safe integer from 0 on`);
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / TWO_TO_32);
    this.#c = 0x9e3779b9;
    this.#counter = 1;
    for (let round = 0; round < WARM_UP_ROUNDS; round++) {
      this.next();
    }
  }

  /** The next 32 bits, as an integer from 0 to 2^32 - 1. */
  next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  integer(bound: number): number {
    assert(
      Number.isSafeInteger(bound) && bound > 0 && bound <= TWO_TO_32,
      `bound ${bound} is not in 1..2^32`,
    );
    // Numbers of the last, incomplete stretch of `bound` would favour the small results: draw again.
    const limit = TWO_TO_32 - (TWO_TO_32 % bound);
    for (;;) {
      const drawn = this.next();
      if (drawn < limit) {
        return drawn % bound;
      }
    }
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let at = 0; at < count; at++) {
      bytes[at] = this.next() >>> 24;
    }
    return bytes;
  }

  /** True once in `1 / probability` draws on average; 0 is never, 1 always. */
  chance(probability: number): boolean {
    return this.next() < probability * TWO_TO_32;
  }

  /** A generator of its own, seeded from this one: a part that draws more or less then does not disturb the others. */
  fork(): SeededRandom {
    return new SeededRandom(this.next() * 2 ** 21 + (this.next() >>> 11));
  }
}
