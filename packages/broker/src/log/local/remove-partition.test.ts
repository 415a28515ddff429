// A partition that is removed while batches of it are on their way: whoever waits for them is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogWorld, TOPIC_ID, appendMany } from './log-fixture.ts';

const REMOVED = { topic: 'topic', topicId: TOPIC_ID, partition: 0 };

test('what is in flight becomes durable, what waits behind it is discarded', async () => {
  const world = await LogWorld.start();
  const log = await world.open();
  appendMany(log, 2);
  // The group that has them is being written; the third waits for the next.
  await new Promise((resolve) => {
    world.onCall = () => resolve(undefined);
    void world.scheduler.runFor(0);
  });
  world.onCall = () => {};
  appendMany(log, 1);
  const startMoves = log.deleteBefore(0).then(() => 'moved');
  await world.run(world.store.remove(REMOVED));
  assert.equal(await startMoves, 'moved');
  const events = world.witnesses[0]!.take().filter((event) => /durable|discarded/.test(event));
  assert.deepEqual(events, ['durable 2', 'discarded 2 CLOSED']);
});

test('what no group has taken yet is discarded; so is a start that was to move', async () => {
  const world = await LogWorld.start();
  const log = await world.open();
  const other = await world.open(1);
  appendMany(log, 1);
  await world.settle();
  world.witnesses[0]!.take();
  appendMany(log, 1);
  const moved = log.deleteBefore(1).then(
    () => 'moved',
    () => 'refused',
  );
  appendMany(other, 1);
  await world.run(world.store.remove(REMOVED));
  assert.equal(await world.run(moved), 'refused');
  const events = world.witnesses[0]!.take().filter((event) => /durable|discarded/.test(event));
  assert.deepEqual(events, ['discarded 1 CLOSED']);
  await world.settle();
  assert.equal(other.durableEndOffset, 1, 'others go on');
  assert.deepEqual(world.fatal, []);
});
