import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  newFetchPartition,
  newFetchRequest,
  newFetchTopic,
  newForgottenTopic,
  type FetchRequest,
  type FetchResponse,
} from '@moldau/protocol/generated/fetch.ts';
import { batchOf, batchOffsetsIn, inOnePiece, recordsIn } from '../testing/batches.ts';
import {
  createTopic,
  deleteTopic,
  describeTopic,
  fetch,
  fetchOf,
  leaderOf,
  produce,
  sendFetch,
} from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type ClusterOptions, type SimulatedCluster } from '../testing/simulated-cluster.ts';

interface Setting {
  readonly cluster: SimulatedCluster;
  readonly consumer: SimulatedClient;
  readonly producer: SimulatedClient;
}

/** One broker, `topic` with three partitions, and a connection each for reading and writing. */
function withTopic(body: (setting: Setting) => Promise<void>, options: ClusterOptions = {}): Promise<void> {
  return simulate(options, async (cluster) => {
    const producer = await cluster.connect();
    const consumer = await cluster.connect();
    assert.equal((await createTopic(producer, 'topic', 3)).errorCode, ErrorCode.NONE);
    await body({ cluster, consumer, producer });
  });
}

/** Fetches that wait, in the broker. */
const waiting = (cluster: SimulatedCluster): number =>
  cluster.running.brokers[0]!.services.waitingFetches.size;

const values = (answer: FetchResponse): Record<number, string[]> =>
  Object.fromEntries(
    answer.responses.flatMap((topic) =>
      topic.partitions.map((p) => [p.partitionIndex, recordsIn(p.records).map(({ value }) => value)]),
    ),
  );

test('a fetch begins at the batch that holds its offset, and gives it whole', () =>
  withTopic(async ({ consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['a', 'b', 'c']));
    await produce(producer, 'topic', batchOf(['d', 'e']));
    for (const [offset, batches] of [
      [0, [0, 3]],
      [2, [0, 3]],
      [3, [3]],
      [4, [3]],
      [5, []],
    ] as const) {
      const data = await fetch(consumer, 'topic', offset);
      assert.deepEqual(
        [offset, data.errorCode, batchOffsetsIn(data.records)],
        [offset, ErrorCode.NONE, batches],
      );
      assert.deepEqual([data.highWatermark, data.lastStableOffset, data.logStartOffset], [5, 5, 0]);
    }
  }));

test('limits in bytes cut between batches; the first batch comes whole however large', () =>
  withTopic(async ({ consumer, producer }) => {
    const size = batchOf(['x'.repeat(1000)]).length;
    for (let i = 0; i < 4; i++) await produce(producer, 'topic', batchOf(['x'.repeat(1000)]));
    const offsets = async (partitionMaxBytes: number, maxBytes: number) =>
      batchOffsetsIn((await fetch(consumer, 'topic', 0, { partitionMaxBytes, maxBytes })).records);
    assert.deepEqual(await offsets(1, 1_000_000), [0]);
    assert.deepEqual(await offsets(1_000_000, 1), [0]);
    assert.deepEqual(await offsets(2 * size, 1_000_000), [0, 1]);
    assert.deepEqual(await offsets(1_000_000, 3 * size), [0, 1, 2]);
    assert.deepEqual(await offsets(0, 0), [0]);
  }));

test('of several partitions only the first with data may exceed the limit of the whole', () =>
  withTopic(async ({ consumer, producer }) => {
    for (const partition of [1, 2])
      await produce(producer, 'topic', batchOf(['x'.repeat(100)]), { partition });
    const partitions = [0, 1, 2].map((partition) =>
      newFetchPartition({ partition, fetchOffset: 0, partitionMaxBytes: 1000 }),
    );
    const request = newFetchRequest({
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 1,
      sessionEpoch: -1,
      topics: [newFetchTopic({ topic: 'topic', partitions })],
    });
    const answer = await sendFetch(consumer, request);
    assert.deepEqual(
      answer.responses[0]!.partitions.map((p) => inOnePiece(p.records).length > 0),
      [false, true, false],
    );
  }));

test('offsets outside the log, and unknown topics and partitions, are answered at once with their errors', () =>
  withTopic(async ({ consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['a']));
    const error = async (topic: string, offset: number, partition = 0) =>
      (await fetch(consumer, topic, offset, { partition, maxWaitMs: 60_000, minBytes: 100 })).errorCode;
    assert.equal(await error('topic', 2), ErrorCode.OFFSET_OUT_OF_RANGE);
    assert.equal(await error('topic', -1), ErrorCode.OFFSET_OUT_OF_RANGE);
    assert.equal(await error('topic', 0, 3), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.equal(await error('none', 0), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }));

test('a client that believes in another leader epoch is told so', () =>
  withTopic(async ({ consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['a']));
    assert.equal((await fetch(consumer, 'topic', 0, { currentLeaderEpoch: 0 })).errorCode, ErrorCode.NONE);
    assert.equal(
      (await fetch(consumer, 'topic', 0, { currentLeaderEpoch: 1 })).errorCode,
      ErrorCode.UNKNOWN_LEADER_EPOCH,
    );
    // The epoch that it read last: one that ended here, and one that never was.
    assert.equal((await fetch(consumer, 'topic', 1, { lastFetchedEpoch: 0 })).divergingEpoch.epoch, -1);
    assert.equal(
      (await fetch(consumer, 'topic', 1, { lastFetchedEpoch: 9 })).errorCode,
      ErrorCode.OFFSET_OUT_OF_RANGE,
    );
  }));

test('a fetch waits for its minimum of bytes, and is woken by the append that brings them', () =>
  withTopic(async ({ cluster, consumer, producer }) => {
    const one = batchOf(['a']).length;
    const started = cluster.now();
    const answer = fetch(consumer, 'topic', 0, { maxWaitMs: 30_000, minBytes: 2 * one });
    await cluster.sleep(100);
    assert.equal(waiting(cluster), 1);
    await produce(producer, 'topic', batchOf(['a']));
    await cluster.sleep(100);
    assert.equal(waiting(cluster), 1);
    await produce(producer, 'topic', batchOf(['b']));
    assert.deepEqual(
      recordsIn((await answer).records).map(({ value }) => value),
      ['a', 'b'],
    );
    assert.ok(cluster.now() - started < 1000);
    assert.equal(waiting(cluster), 0);
  }));

test('a fetch that gets too little is answered with what there is when its time is up', () =>
  withTopic(async ({ cluster, consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['a']));
    const started = cluster.now();
    const data = await fetch(consumer, 'topic', 0, { maxWaitMs: 500, minBytes: 10_000 });
    assert.deepEqual(
      recordsIn(data.records).map(({ value }) => value),
      ['a'],
    );
    assert.ok(cluster.now() - started >= 500 && cluster.now() - started < 600);
  }));

test('records are not seen before they are durable', () =>
  withTopic(async ({ cluster, consumer, producer }) => {
    cluster.disk.faults.slowDown(1000);
    const acknowledged = produce(producer, 'topic', batchOf(['a']));
    await cluster.sleep(5);
    assert.deepEqual([(await fetch(consumer, 'topic', 0)).highWatermark], [0]);
    assert.equal((await acknowledged).errorCode, ErrorCode.NONE);
    assert.deepEqual([(await fetch(consumer, 'topic', 0)).highWatermark], [1]);
  }));

test('a fetch that waits for a topic which is deleted is told so at once', () =>
  withTopic(async ({ cluster, consumer, producer }) => {
    const answer = fetch(consumer, 'topic', 0, { maxWaitMs: 100_000 });
    await cluster.sleep(50);
    const started = cluster.now();
    assert.equal(await deleteTopic(producer, 'topic'), ErrorCode.NONE);
    assert.equal((await answer).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assert.ok(cluster.now() - started < 1000);
    assert.equal(waiting(cluster), 0);
  }));

test('a connection that closes while its fetch waits frees the wait, also when it closed just before', () =>
  withTopic(async ({ cluster, consumer, producer }) => {
    const lost = fetch(consumer, 'topic', 0, { maxWaitMs: 100_000 });
    await cluster.sleep(50);
    assert.equal(waiting(cluster), 1);
    consumer.disconnect();
    await assert.rejects(lost);
    await cluster.sleep(50);
    assert.equal(waiting(cluster), 0);
    for (let i = 0; i < 30; i++) {
      const another = await cluster.connect();
      const answer = fetch(another, 'topic', 0, { maxWaitMs: 100_000 });
      await cluster.sleep(cluster.random.integer(40) / 20);
      another.disconnect();
      await assert.rejects(answer);
    }
    await cluster.sleep(50);
    assert.equal(waiting(cluster), 0);
    await produce(producer, 'topic', batchOf(['still served']));
  }));

test('there are never more waiting fetches than the limit: more are answered at once', () =>
  withTopic(
    async ({ cluster, consumer }) => {
      const first = fetch(consumer, 'topic', 0, { maxWaitMs: 1000 });
      await cluster.sleep(20);
      const second = await cluster.connect();
      const started = cluster.now();
      assert.equal((await fetch(second, 'topic', 0, { maxWaitMs: 1000 })).errorCode, ErrorCode.NONE);
      assert.ok(cluster.now() - started < 100);
      await first;
    },
    { settings: ['moldau.max.waiting.fetches=1'] },
  ));

test('an orderly stop answers fetches that wait', () =>
  withTopic(async ({ cluster, consumer }) => {
    const answer = fetch(consumer, 'topic', 0, { maxWaitMs: 1_000_000 }).catch((error: unknown) => error);
    await cluster.sleep(20);
    const started = cluster.now();
    await cluster.stop();
    assert.ok(cluster.now() - started < 1000);
    await answer;
  }));

/** A fetch within a session: `topics` by partition and offset. */
function inSession(
  sessionId: number,
  sessionEpoch: number,
  offsets: Record<number, number>,
  init: Partial<FetchRequest> = {},
): FetchRequest {
  const partitions = Object.entries(offsets).map(([partition, fetchOffset]) =>
    newFetchPartition({ partition: Number(partition), fetchOffset, partitionMaxBytes: 1000 }),
  );
  const topics = partitions.length === 0 ? [] : [newFetchTopic({ topic: 'topic', partitions })];
  return newFetchRequest({
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 100_000,
    sessionId,
    sessionEpoch,
    topics,
    ...init,
  });
}

test('a session answers only what is new, and remembers what was asked', () =>
  withTopic(async ({ consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['a']));
    const first = await sendFetch(consumer, inSession(0, 0, { 0: 0, 1: 0, 2: 0 }));
    assert.ok(first.sessionId > 0);
    assert.deepEqual(values(first), { 0: ['a'], 1: [], 2: [] });
    assert.deepEqual(values(await sendFetch(consumer, inSession(first.sessionId, 1, { 0: 1 }))), {});
    await produce(producer, 'topic', batchOf(['b']), { partition: 2 });
    assert.deepEqual(values(await sendFetch(consumer, inSession(first.sessionId, 2, {}))), { 2: ['b'] });
    const forgottenTopicsData = [newForgottenTopic({ topic: 'topic', partitions: [2] })];
    assert.deepEqual(
      values(await sendFetch(consumer, inSession(first.sessionId, 3, {}, { forgottenTopicsData }))),
      {},
    );
    await produce(producer, 'topic', batchOf(['c']), { partition: 1 });
    assert.deepEqual(values(await sendFetch(consumer, inSession(first.sessionId, 4, {}))), { 1: ['c'] });
  }));

test('a session takes each epoch once, and ends when the client says so', () =>
  withTopic(async ({ consumer }) => {
    const { sessionId } = await sendFetch(consumer, inSession(0, 0, { 0: 0 }));
    assert.equal(
      (await sendFetch(consumer, inSession(sessionId, 2, {}))).errorCode,
      ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    );
    assert.equal(
      (await sendFetch(consumer, inSession(sessionId + 1, 1, {}))).errorCode,
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    );
    assert.equal((await sendFetch(consumer, inSession(sessionId, 1, {}))).errorCode, ErrorCode.NONE);
    const last = await sendFetch(consumer, inSession(sessionId, -1, { 0: 0 }));
    assert.deepEqual([last.errorCode, last.sessionId, values(last)], [ErrorCode.NONE, 0, { 0: [] }]);
    assert.equal(
      (await sendFetch(consumer, inSession(sessionId, 2, {}))).errorCode,
      ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    );
  }));

test('without slots for sessions every fetch is a full one', () =>
  withTopic(
    async ({ consumer }) => assert.equal((await sendFetch(consumer, inSession(0, 0, { 0: 0 }))).sessionId, 0),
    {
      settings: ['max.incremental.fetch.session.cache.slots=0'],
    },
  ));

test('topics are found by id from version 13 on; ids and names do not mix within a session', () =>
  withTopic(async ({ consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['a']));
    const { topicId } = await describeTopic(consumer, 'topic');
    const byId = (id: Uint8Array, sessionId: number, sessionEpoch: number): FetchRequest => ({
      ...inSession(sessionId, sessionEpoch, {}),
      topics: [
        newFetchTopic({
          topicId: id,
          partitions: [newFetchPartition({ partition: 0, partitionMaxBytes: 100 })],
        }),
      ],
    });
    const answer = await sendFetch(consumer, byId(topicId, 0, 0), 13);
    assert.deepEqual(values(answer), { 0: ['a'] });
    assert.deepEqual([...answer.responses[0]!.topicId], [...topicId]);
    assert.equal(
      (await sendFetch(consumer, inSession(answer.sessionId, 1, {}), 12)).errorCode,
      ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
    );
    const unknown = await sendFetch(consumer, byId(new Uint8Array(16).fill(3), 0, -1), 13);
    assert.equal(unknown.responses[0]!.partitions[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_ID);
  }));

test('a topic made again under its name is another topic to a session by id', () =>
  withTopic(async ({ cluster, consumer, producer }) => {
    await produce(producer, 'topic', batchOf(['old']));
    const { topicId } = await describeTopic(consumer, 'topic');
    const topics = [
      newFetchTopic({ topicId, partitions: [newFetchPartition({ partition: 0, partitionMaxBytes: 100 })] }),
    ];
    const { sessionId } = await sendFetch(
      consumer,
      newFetchRequest({ minBytes: 1, maxBytes: 1000, sessionEpoch: 0, topics }),
      13,
    );
    await deleteTopic(producer, 'topic');
    await createTopic(producer, 'topic', 3);
    await produce(producer, 'topic', batchOf(['new']));
    const answer = await sendFetch(
      consumer,
      newFetchRequest({ minBytes: 1, maxBytes: 1000, sessionId, sessionEpoch: 1, topics: [] }),
      13,
    );
    assert.equal(answer.responses[0]!.partitions[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_ID);
    assert.deepEqual(
      recordsIn((await fetch(await cluster.connect(), 'topic', 0)).records).map(({ value }) => value),
      ['new'],
    );
  }));

test('the wrong broker of three says who leads', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 1, {}, 3);
    const leader = await leaderOf(cluster, client, 'topic', 0);
    const wrong = await cluster.connect((leader + 1) % 3);
    assert.equal(
      (await fetch(wrong, 'topic', 0, { maxWaitMs: 10_000 })).errorCode,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
    );
    const { topicId } = await describeTopic(client, 'topic');
    const request = {
      ...fetchOf('', 0),
      topics: [newFetchTopic({ topicId, partitions: [newFetchPartition({ partition: 0 })] })],
    };
    const answer = await sendFetch(wrong, request, 16);
    const { id } = cluster.running.brokers[leader]!;
    assert.equal(answer.responses[0]!.partitions[0]!.currentLeader.leaderId, id);
    assert.deepEqual(
      answer.nodeEndpoints.map(({ nodeId }) => nodeId),
      [id],
    );
  }));

test('old segments, behind a restart, are read as the tail is', () =>
  simulate({}, async (cluster) => {
    let client = await cluster.connect();
    await createTopic(client, 'topic', 1, { 'segment.bytes': '1048576' });
    const written: string[] = [];
    for (let i = 0; i < 40; i++) {
      written.push(`${i}`.padEnd(100_000, '.'));
      await produce(client, 'topic', batchOf([written[i]!]));
    }
    await cluster.stop();
    await cluster.start();
    client = await cluster.connect();
    const read: string[] = [];
    for (let offset = 0; offset < 40; offset = read.length) {
      read.push(
        ...recordsIn((await fetch(client, 'topic', offset, { partitionMaxBytes: 250_000 })).records).map(
          ({ value }) => value,
        ),
      );
    }
    assert.deepEqual(read, written);
  }));
