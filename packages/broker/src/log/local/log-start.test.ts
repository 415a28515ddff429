import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogError } from '../partition-log.ts';
import { LogStart } from './log-start.ts';

/** What has become of each promise so far. */
async function fates(promises: readonly Promise<void>[]): Promise<string[]> {
  const waits = new Promise<string>((resolve) => setImmediate(resolve, 'waits'));
  const fate = (promise: Promise<void>): Promise<string> =>
    Promise.race([
      promise.then(
        () => 'moved',
        () => 'refused',
      ),
      waits,
    ]);
  return Promise.all(promises.map(fate));
}

test('moves are answered as far as they are durable; the next commit has the furthest of them', async () => {
  const start = new LogStart(5);
  const moves = [start.move(20), start.move(10)];
  assert.deepEqual([start.offset, start.pending], [5, 20]);
  start.durable(10);
  start.answer();
  assert.deepEqual(await fates(moves), ['waits', 'moved']);
  assert.deepEqual([start.offset, start.pending], [10, 20]);
  start.durable(20);
  start.answer();
  assert.deepEqual(await fates(moves), ['moved', 'moved']);
  assert.deepEqual([start.offset, start.pending], [20, undefined]);
});

test('what is discarded leaves the start where it was', async () => {
  const start = new LogStart(5);
  const move = start.move(20);
  start.discarded(new LogError('NO_SPACE', 'no'));
  assert.deepEqual(await fates([move]), ['refused']);
  assert.deepEqual([start.offset, start.pending], [5, undefined]);
  start.durable(3);
  assert.equal(start.offset, 5, 'it never goes back');
});
