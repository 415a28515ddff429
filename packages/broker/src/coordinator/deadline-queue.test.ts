import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DeadlineQueue } from './deadline-queue.ts';

void test('the earliest deadline is that of a plain map, whatever was set, moved and deleted', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 20 }),
    atMs: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new DeadlineQueue<number>();
      const model = new Map<number, number>();
      for (const { key, atMs } of steps) {
        if (atMs === undefined) {
          queue.delete(key);
          model.delete(key);
        } else {
          queue.set(key, atMs);
          model.set(key, atMs);
        }
        const earliest = queue.earliest();
        assert.equal(earliest?.atMs ?? Infinity, Math.min(...model.values()));
        if (earliest !== undefined) assert.equal(model.get(earliest.key), earliest.atMs);
      }
    }),
  );
});
