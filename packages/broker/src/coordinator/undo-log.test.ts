import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UndoLog, UndoMap } from './undo-log.ts';

void test('a roll back restores exactly what was there at the position', () => {
  const change = fc.record({
    key: fc.integer({ min: 0, max: 5 }),
    value: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change), fc.array(change), fc.array(change), (forgotten, kept, undone) => {
      const log = new UndoLog();
      const map = new UndoMap<number, number>(log);
      const run = (changes: readonly { key: number; value: number | undefined }[]): void => {
        for (const { key, value } of changes)
          if (value === undefined) map.delete(key);
          else map.set(key, value);
      };
      run(forgotten);
      log.forgetBefore(log.position);
      run(kept);
      const { position } = log;
      const before = new Map(map);
      run(undone);
      log.rollBackTo(position);
      assert.deepEqual(new Map(map), before);
      assert.equal(log.position, position);
    }),
  );
});

void test('what was forgotten takes no memory and cannot be undone', () => {
  const log = new UndoLog();
  const map = new UndoMap<string, number>(log);
  map.set('a', 1);
  map.set('a', 2);
  map.set('a', 3);
  log.forgetBefore(2);
  assert.equal(log.size, 1);
  assert.throws(() => log.rollBackTo(1), /forgotten/);
  log.rollBackTo(2);
  assert.equal(map.get('a'), 2);
});

void test('a map with undefined as a value is restored to having it', () => {
  const log = new UndoLog();
  const map = new UndoMap<string, undefined>(log);
  map.set('a', undefined);
  const { position } = log;
  map.delete('a');
  log.rollBackTo(position);
  assert.equal(map.has('a'), true);
});
