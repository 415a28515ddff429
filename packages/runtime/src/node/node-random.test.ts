import assert from 'node:assert/strict';
import { it } from 'node:test';

import { NodeRandom } from './node-random.ts';

it('the Node random stays within its bounds', () => {
  const random = new NodeRandom();
  assert.equal(random.integer(1), 0);
  const drawn = new Set(Array.from({ length: 1000 }, () => random.integer(4)));
  assert.deepEqual(drawn, new Set([0, 1, 2, 3]));
  assert.ok(random.integer(2 ** 32) < 2 ** 32);
  assert.equal(random.bytes(16).length, 16);
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
  assert.throws(() => random.integer(0), /bound/);
  assert.throws(() => random.integer(2 ** 32 + 1), /bound/);
});
