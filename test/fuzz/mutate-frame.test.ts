import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBelow } from '../../packages/protocol/gen/random-message.ts';
import { mutateFrame } from './mutate-frame.ts';
import { framed } from './wire.ts';

const frame = framed(Buffer.from(Array.from({ length: 40 }, (_, index) => index)));

test('a mutation never touches the frame it is made from', () => {
  const before = Buffer.from(frame);
  for (let seed = 0; seed < 2000; seed++) mutateFrame(frame, randomBelow(seed));
  assert.deepEqual(frame, before);
});

test('the same seed spoils in the same way, different seeds in many ways', () => {
  const made = Array.from({ length: 300 }, (_, seed) =>
    mutateFrame(frame, randomBelow(seed)).toString('hex'),
  );
  assert.deepEqual(
    Array.from({ length: 300 }, (_, seed) => mutateFrame(frame, randomBelow(seed)).toString('hex')),
    made,
  );
  assert.ok(new Set(made).size > 250, `${new Set(made).size} different frames of 300`);
});

test('frames of every size are survived', () => {
  for (let size = 0; size < 30; size++) {
    for (let seed = 0; seed < 200; seed++) mutateFrame(framed(Buffer.alloc(size)), randomBelow(seed));
  }
});
