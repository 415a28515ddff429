import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  metadataRequest,
  metadataResponse,
  type MetadataRequest,
} from '@moldau/protocol/generated/metadata.ts';
import { ask, type Fields } from '../testing/ask.ts';
import { createTopic } from '../testing/calls.ts';
import { findCoordinator } from '../testing/group-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const compareText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

async function topics(
  client: SimulatedClient,
  asked: Fields<MetadataRequest['topics']>,
  version = metadataRequest.highestVersion,
  create = true,
) {
  const answer = await ask(
    client,
    metadataRequest,
    metadataResponse,
    { topics: asked, allowAutoTopicCreation: create },
    version,
  );
  return answer.topics;
}

const named = (name: string) => [{ name }];

test('all brokers, one of them the controller, and the cluster id, which survives a restart', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const ask0 = async (broker: number) =>
      ask(await cluster.connect(broker), metadataRequest, metadataResponse, { topics: [] });
    const answers = [await ask0(0), await ask0(1), await ask0(2)];
    for (const answer of answers) {
      assert.deepEqual(answer, answers[0]);
      assert.deepEqual(
        answer.brokers.map(({ host, port }) => [host, port]),
        [0, 1, 2].map((broker) => Object.values(cluster.address(broker))),
      );
      assert.ok(answer.brokers.some(({ nodeId }) => nodeId === answer.controllerId));
      assert.equal(answer.clusterId?.length, 22);
      assert.deepEqual(answer.topics, []);
    }
    await cluster.stop();
    await cluster.start();
    assert.equal((await ask0(0)).clusterId, answers[0]!.clusterId);
  }));

test('all topics: null, or in version 0 an empty list', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'a');
    await createTopic(client, 'b', 2);
    const names = (found: { name: string | null }[]) => found.map(({ name }) => name ?? '').sort(compareText);
    assert.deepEqual(names(await topics(client, null)), ['a', 'b']);
    assert.deepEqual(names(await topics(client, [], 0)), ['a', 'b']);
    assert.deepEqual(names(await topics(client, [], 1)), []);
  }));

test('a topic that is asked for is made if client and broker allow it', async () => {
  await simulate({ settings: ['num.partitions=3'] }, async (cluster) => {
    const client = await cluster.connect();
    assert.equal(
      (await topics(client, named('no'), 12, false))[0]!.errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    const made = (await topics(client, named('yes'), 3))[0]!;
    assert.deepEqual([made.errorCode, made.partitions.length], [ErrorCode.NONE, 3]);
    assert.equal(
      (await topics(client, named('not/a/name')))[0]!.errorCode,
      ErrorCode.INVALID_TOPIC_EXCEPTION,
    );
    assert.equal((await topics(client, named('__consumer_offsets')))[0]!.isInternal, true);
    assert.deepEqual((await topics(client, null)).map(({ name }) => name ?? '').sort(compareText), [
      '__consumer_offsets',
      'yes',
    ]);
  });
  await simulate({ settings: ['auto.create.topics.enable=false'] }, async (cluster) => {
    assert.equal(
      (await topics(await cluster.connect(), named('no')))[0]!.errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
  });
});

test('many clients that ask for a missing topic at once get the same one', () =>
  simulate({}, async (cluster) => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => cluster.connect()));
    const answers = await Promise.all(clients.map((client) => topics(client, named('topic'))));
    const ids = new Set(
      answers.map(([topic]) => `${topic!.errorCode} ${Buffer.from(topic!.topicId).toString('hex')}`),
    );
    assert.equal(ids.size, 1);
    assert.match([...ids][0]!, /^0 /);
  }));

test('topics by id', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const { topicId } = await createTopic(client, 'topic');
    const [found] = await topics(client, [{ topicId, name: null }]);
    assert.deepEqual([found!.errorCode, found!.name], [ErrorCode.NONE, 'topic']);
    const [unknown] = await topics(client, [{ topicId: new Uint8Array(16).fill(5), name: null }]);
    assert.deepEqual([unknown!.errorCode, unknown!.name], [ErrorCode.UNKNOWN_TOPIC_ID, null]);
  }));

test('partitions are spread over the brokers, with replicas as asked', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 6, {}, 3);
    await findCoordinator(client, 'g');
    const found = await topics(client, null);
    for (const topic of found)
      assert.equal(new Set(topic.partitions.map(({ leaderId }) => leaderId)).size, 3, topic.name ?? '');
    const { partitions } = found.find(({ name }) => name === 'topic')!;
    for (const partition of partitions) {
      assert.deepEqual(
        [partition.replicaNodes.length, partition.isrNodes.length, partition.leaderEpoch],
        [3, 3, 0],
      );
      assert.equal(partition.replicaNodes[0], partition.leaderId);
    }
  }));

test('a topic without a name, in a version that has no answer to ids, is refused and the connection goes on', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    for (const version of [10, 11]) {
      const [answer] = await topics(client, [{ name: null }], version);
      assert.equal(answer?.errorCode, ErrorCode.INVALID_REQUEST);
    }
  }));
