// The real Random: the operating system's cryptographic generator. Ids made from it (topic ids, member ids, producer
// epochs) must not repeat between processes, so nothing weaker will do.

import assert from 'node:assert/strict';
import { randomBytes, randomInt } from 'node:crypto';

import type { Random } from '../random.ts';

/** The largest `bound` that Random allows. */
const LARGEST_BOUND = 2 ** 32;

export class NodeRandom implements Random {
  integer(bound: number): number {
    assert(
      Number.isSafeInteger(bound) && bound > 0 && bound <= LARGEST_BOUND,
      `bound ${bound} is not in 1..2^32`,
    );
    return randomInt(bound);
  }

  bytes(count: number): Uint8Array {
    return randomBytes(count);
  }
}
