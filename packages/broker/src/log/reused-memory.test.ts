import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReusedMemory, LARGEST_PIECE, SMALLEST_PIECE, classOf } from './reused-memory.ts';

test('a piece fits, and at most a fifth of it lies idle', () => {
  fc.assert(
    fc.property(fc.integer({ min: SMALLEST_PIECE, max: LARGEST_PIECE }), (size) => {
      assert.ok(classOf(size) >= size);
      assert.ok(classOf(size) - size <= classOf(size) / 5);
      assert.equal(classOf(classOf(size)), classOf(size));
    }),
  );
});

test('a piece is used again once its last holder has let go, not before', () => {
  const memory = new ReusedMemory(1024 * 1024);
  const first = memory.take(5000);
  assert.ok(first);
  first.retain();
  first.release();
  assert.equal(memory.idleBytes, 0);
  assert.notEqual(memory.take(5000)?.bytes.buffer, first.bytes.buffer);
  first.release();
  const again = memory.take(4900);
  assert.equal(again?.bytes.buffer, first.bytes.buffer);
  assert.equal(again?.bytes.length, 4900);
});

test('who lets go twice is found out', () => {
  const piece = new ReusedMemory(0).take(5000);
  piece?.release();
  assert.throws(() => piece?.release());
  assert.throws(() => piece?.retain());
});

test('no more is kept than allowed, and small and huge pieces are not kept at all', () => {
  const memory = new ReusedMemory(10_000);
  const pieces = [memory.take(5000), memory.take(5000), memory.take(5000)];
  for (const piece of pieces) piece?.release();
  assert.ok(memory.idleBytes <= 10_000);
  assert.equal(memory.take(SMALLEST_PIECE - 1), undefined);
  assert.equal(memory.take(LARGEST_PIECE + 1), undefined);
});
