// A coordinator's log in a real partition over the simulated disk.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogWorld, TEST_CONFIG, TOPIC_ID } from '../log/local/log-fixture.ts';
import { Partition } from '../partition/partition.ts';
import { topicConfigFrom } from '../settings/topic-config.ts';
import type { CoordinatorRecord } from './coordinator-log.ts';
import { PartitionCoordinatorLog } from './partition-coordinator-log.ts';

async function open() {
  const world = await LogWorld.start();
  const id = { topic: 'topic', topicId: TOPIC_ID, partition: 0 };
  const config = { ...topicConfigFrom(undefined, []), log: TEST_CONFIG };
  const partition = new Partition(id, config, world.scheduler.clock);
  partition.attach(await world.run(world.store.open(id, config.log, partition)));
  return { world, partition };
}

const record = (key: string): CoordinatorRecord => ({ key: Buffer.from(key), value: Buffer.from('value') });

/** Resolves to what is loaded, in order. */
async function loaded(log: PartitionCoordinatorLog): Promise<string[]> {
  const found: string[] = [];
  await log.load({
    record: ({ key }, offset, _timestampMs, producer) =>
      found.push(
        `${offset} ${Buffer.from(key).toString()}${producer === undefined ? '' : ` of ${producer.producerId}`}`,
      ),
    marker: (producerId, committed, offset) =>
      found.push(`${offset} ${committed ? 'commit' : 'abort'} of ${producerId}`),
  });
  return found;
}

const marker = {
  producerId: 7,
  producerEpoch: 1,
  coordinatorEpoch: 0,
  committed: true,
  transactionVersion: 2,
};

test('a new leader loads what the one before has appended, though it was not durable yet', async () => {
  const { world, partition } = await open();
  const before = new PartitionCoordinatorLog(partition, 0);
  const settled: string[] = [];
  before.append([record('a'), record('b')], 0, () => settled.push('a, b'), {
    producerId: 7,
    producerEpoch: 0,
  });
  before.appendMarker(marker, 0, () => settled.push('commit'));
  const found = await world.run(loaded(new PartitionCoordinatorLog(partition, 1)));
  assert.deepEqual(found, ['0 a of 7', '1 b of 7', '2 commit of 7']);
  assert.deepEqual(settled, ['a, b', 'commit']);
});

test('and nothing of what is discarded while it waits', async () => {
  const { world, partition } = await open();
  const before = new PartitionCoordinatorLog(partition, 0);
  before.append([record('a')], 0, () => {});
  await world.settle();
  world.disk.faults.fail({ operation: 'write', path: '/wal/', code: 'NO_SPACE', times: Infinity });
  before.append([record('b')], 0, () => {});
  assert.deepEqual(await world.run(loaded(new PartitionCoordinatorLog(partition, 1))), ['0 a']);
});
