// Topics from their making to their end, through the wire: CreateTopics, CreatePartitions, DeleteTopics.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  createPartitionsRequest,
  createPartitionsResponse,
} from '@moldau/protocol/generated/create-partitions.ts';
import {
  createTopicsRequest,
  createTopicsResponse,
  type CreatableTopic,
} from '@moldau/protocol/generated/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '@moldau/protocol/generated/delete-topics.ts';
import { ask, type Fields } from '../testing/ask.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, deleteTopic, describeTopic, fetch, produce, readAll } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const plain = { numPartitions: 1, replicationFactor: 1 };

async function create(
  client: SimulatedClient,
  topics: readonly Fields<CreatableTopic>[],
  validateOnly = false,
) {
  return (
    await ask(client, createTopicsRequest, createTopicsResponse, { topics, timeoutMs: 1000, validateOnly })
  ).topics;
}

async function addPartitions(client: SimulatedClient, name: string, count: number, validateOnly = false) {
  const topics = [{ name, count, assignments: null }];
  return (
    await ask(client, createPartitionsRequest, createPartitionsResponse, {
      topics,
      timeoutMs: 1000,
      validateOnly,
    })
  ).results[0]!;
}

test('a topic that was made is told with its id, size and settings; it is there after a power cut', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const [made] = await create(client, [
      {
        name: 'topic',
        numPartitions: 3,
        replicationFactor: 1,
        configs: [{ name: 'retention.ms', value: '1000' }],
      },
    ]);
    assert.deepEqual(
      [made!.errorCode, made!.numPartitions, made!.replicationFactor, made!.errorMessage],
      [ErrorCode.NONE, 3, 1, null],
    );
    assert.ok(made!.configs!.length > 20);
    const retention = made!.configs!.find(({ name }) => name === 'retention.ms')!;
    assert.deepEqual([retention.value, retention.configSource], ['1000', 1]);
    cluster.powerCut();
    await cluster.start();
    const found = await describeTopic(await cluster.connect(), 'topic');
    assert.deepEqual([found.topicId, found.partitions.length], [made!.topicId, 3]);
  }));

test('the defaults of the broker stand in where the request says -1', () =>
  simulate({ settings: ['num.partitions=4'] }, async (cluster) => {
    const [made] = await create(await cluster.connect(), [
      { name: 'topic', numPartitions: -1, replicationFactor: -1 },
    ]);
    assert.deepEqual([made!.errorCode, made!.numPartitions, made!.replicationFactor], [ErrorCode.NONE, 4, 1]);
  }));

test('what cannot be made is refused with a reason, and leaves the others of the request alone', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'there');
    const results = await create(client, [
      { name: 'good', ...plain },
      { name: 'there', ...plain },
      { name: 'not/a/name', ...plain },
      { name: '', ...plain },
      { name: 'x'.repeat(250), ...plain },
      { name: 'none', numPartitions: 0, replicationFactor: 1 },
      { name: 'copies', numPartitions: 1, replicationFactor: 2 },
      { name: 'setting', ...plain, configs: [{ name: 'no.such.setting', value: '1' }] },
      { name: 'value', ...plain, configs: [{ name: 'retention.ms', value: 'long' }] },
      { name: 'collides.with', ...plain },
      { name: 'twice', ...plain },
      { name: 'twice', ...plain },
    ]);
    const errors = new Map(results.map((result) => [result.name, result.errorCode]));
    assert.deepEqual(Object.fromEntries(errors), {
      good: ErrorCode.NONE,
      there: ErrorCode.TOPIC_ALREADY_EXISTS,
      'not/a/name': ErrorCode.INVALID_TOPIC_EXCEPTION,
      '': ErrorCode.INVALID_TOPIC_EXCEPTION,
      ['x'.repeat(250)]: ErrorCode.INVALID_TOPIC_EXCEPTION,
      none: ErrorCode.INVALID_PARTITIONS,
      copies: ErrorCode.INVALID_REPLICATION_FACTOR,
      setting: ErrorCode.INVALID_CONFIG,
      value: ErrorCode.INVALID_CONFIG,
      'collides.with': ErrorCode.NONE,
      twice: ErrorCode.INVALID_REQUEST,
    });
    for (const result of results)
      assert.equal(result.errorMessage === null, result.errorCode === ErrorCode.NONE, result.name);
    assert.equal(
      (await create(client, [{ name: 'collides_with', ...plain }]))[0]!.errorCode,
      ErrorCode.INVALID_TOPIC_EXCEPTION,
    );
  }));

test('validate-only says what would happen and makes nothing', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const [made] = await create(client, [{ name: 'topic', ...plain }], true);
    assert.deepEqual([made!.errorCode, made!.configs === null], [ErrorCode.NONE, false]);
    assert.equal(
      (await create(client, [{ name: 'topic', numPartitions: 0, replicationFactor: 1 }], true))[0]!.errorCode,
      ErrorCode.INVALID_PARTITIONS,
    );
    assert.equal((await describeTopic(client, 'topic')).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }));

test('partitions only ever grow, and the new ones take records', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 2);
    const fewer = await addPartitions(client, 'topic', 1);
    assert.equal(fewer.errorCode, ErrorCode.INVALID_PARTITIONS);
    assert.match(fewer.errorMessage ?? '', /2/);
    assert.equal((await addPartitions(client, 'topic', 2)).errorCode, ErrorCode.INVALID_PARTITIONS);
    assert.equal((await addPartitions(client, 'none', 2)).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.equal((await addPartitions(client, 'topic', 3, true)).errorCode, ErrorCode.NONE);
    assert.equal(
      (await produce(client, 'topic', batchOf(['a']), { partition: 2 })).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal((await addPartitions(client, 'topic', 3)).errorCode, ErrorCode.NONE);
    assert.equal(
      (await produce(client, 'topic', batchOf(['a']), { partition: 2 })).errorCode,
      ErrorCode.NONE,
    );
  }));

test('a topic made again under its name has a new id and none of the old records, after a power cut too', () =>
  simulate({}, async (cluster) => {
    let client = await cluster.connect();
    const first = await createTopic(client, 'topic');
    await produce(client, 'topic', batchOf(['old', 'old']));
    assert.equal(await deleteTopic(client, 'topic'), ErrorCode.NONE);
    assert.equal((await fetch(client, 'topic', 0)).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const second = await createTopic(client, 'topic');
    assert.notDeepEqual(second.topicId, first.topicId);
    assert.equal((await produce(client, 'topic', batchOf(['new']))).baseOffset, 0);
    for (const again of [false, true]) {
      assert.deepEqual(
        (await readAll(client, 'topic')).map(({ value }) => value),
        ['new'],
        `${again}`,
      );
      cluster.powerCut();
      await cluster.start();
      client = await cluster.connect();
    }
  }));

test('a topic whose deletion was interrupted by a power cut is gone from the disk after the next start', async () => {
  let interrupted = 0;
  for (let seed = 1; seed <= 30; seed++) {
    await simulate({ seed }, async (cluster) => {
      const client = await cluster.connect();
      await createTopic(client, 'topic', 3);
      for (const partition of [0, 1, 2]) await produce(client, 'topic', batchOf(['a']), { partition });
      const deleted = deleteTopic(client, 'topic').catch(() => undefined);
      await cluster.sleep(cluster.random.integer(300) / 100);
      cluster.powerCut();
      await deleted;
      await cluster.start();
      const { services } = cluster.running.brokers[0]!;
      const known = services.metadata.image.topics.has('topic');
      assert.equal((await services.logs.stored()).length, known ? 3 : 0, `seed ${seed}`);
      if (!known) interrupted += 1;
    });
  }
  assert.ok(interrupted > 3 && interrupted < 30, `${interrupted} of 30 deletions had been decided`);
});

test('topics are deleted by name or id; unknown ones have their errors', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const { topicId } = await createTopic(client, 'a');
    await createTopic(client, 'b');
    const topics = [
      { name: null, topicId },
      { name: 'b' },
      { name: 'none' },
      { name: null, topicId: new Uint8Array(16).fill(4) },
    ];
    const answer = await ask(client, deleteTopicsRequest, deleteTopicsResponse, { topics, timeoutMs: 1000 });
    const errors = answer.responses.map(({ errorCode }) => errorCode).sort((a, b) => a - b);
    assert.deepEqual(
      errors,
      [0, 0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_ID].sort((a, b) => a - b),
    );
    assert.equal((await describeTopic(client, 'a')).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.equal(await deleteTopic(client, 'a'), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }));

test('a broker that does not delete topics says so', () =>
  simulate({ settings: ['delete.topic.enable=false'] }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    assert.equal(await deleteTopic(client, 'topic'), ErrorCode.TOPIC_DELETION_DISABLED);
  }));
