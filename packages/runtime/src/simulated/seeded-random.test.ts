import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SeededRandom } from './seeded-random.ts';

describe('the seeded random', () => {
  it('gives the numbers it always gave', () => {
    const random = new SeededRandom(42);
    assert.deepEqual(
      [random.next(), random.next(), random.integer(1000), random.fork().next(), [...random.bytes(4)]],
      PINNED,
    );
  });

  it('differs from seed to seed, above 32 bits too', () => {
    const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    assert.equal(new Set(seeds.map((seed) => new SeededRandom(seed).next())).size, seeds.length);
    assert.throws(() => new SeededRandom(-1), /seed/);
    assert.throws(() => new SeededRandom(0.5), /seed/);
  });

  it('spreads evenly over any bound', () => {
    const random = new SeededRandom(7);
    for (const bound of [1, 2, 3, 10, 100]) {
      const counts = new Array<number>(bound).fill(0);
      for (let draw = 0; draw < 1000 * bound; draw++) {
        counts[random.integer(bound)]! += 1;
      }
      assert.ok(
        counts.every((count) => count > 850 && count < 1150),
        `${bound}: ${counts.join()}`,
      );
    }
    assert.ok(Array.from({ length: 100 }, () => random.integer(2 ** 32)).some((drawn) => drawn > 2 ** 31));
    assert.throws(() => random.integer(0), /bound/);
    assert.throws(() => random.integer(2 ** 32 + 1), /bound/);
  });

  it('takes chances as often as told', () => {
    const random = new SeededRandom(7);
    const hits = (probability: number): number =>
      Array.from({ length: 1000 }, () => random.chance(probability)).filter(Boolean).length;
    assert.equal(hits(0), 0);
    assert.equal(hits(1), 1000);
    assert.ok(Math.abs(hits(0.3) - 300) < 60);
  });
});

const PINNED = [1150719308, 685825941, 227, 1249787115, [154, 138, 182, 26]];
