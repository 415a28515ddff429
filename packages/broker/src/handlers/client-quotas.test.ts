// Quotas as clients meet them: throttle times in answers, connections that are held back afterwards, and nothing for those without a quota.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
} from '@moldau/protocol/generated/alter-client-quotas.ts';
import { apiVersionsRequest, apiVersionsResponse } from '@moldau/protocol/generated/api-versions.ts';
import {
  createPartitionsRequest,
  createPartitionsResponse,
} from '@moldau/protocol/generated/create-partitions.ts';
import { createTopicsRequest, createTopicsResponse } from '@moldau/protocol/generated/create-topics.ts';
import { deleteTopicsRequest, deleteTopicsResponse } from '@moldau/protocol/generated/delete-topics.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { newFetchRequest } from '@moldau/protocol/generated/fetch.ts';
import { metadataRequest, metadataResponse } from '@moldau/protocol/generated/metadata.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import { ask } from '../testing/ask.ts';
import { batchOf } from '../testing/batches.ts';
import {
  createTopic,
  fetch,
  fetchOf,
  PRODUCE_BY_NAME,
  produce,
  produceTo,
  readAll,
  sendFetch,
} from '../testing/calls.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';

/** The name that every simulated client has. */
const CLIENT_ID = 'simulated';
const LARGE = 'x'.repeat(20_000);

async function setQuota(
  cluster: SimulatedCluster,
  key: string,
  value: number | null,
  entity: Readonly<Record<string, string | null>> = { 'client-id': CLIENT_ID },
): Promise<void> {
  const client = await cluster.connect(0, 'administrator');
  const entries = [
    {
      entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
      ops: [{ key, value: value ?? 0, remove: value === null }],
    },
  ];
  const answer = await ask(client, alterClientQuotasRequest, alterClientQuotasResponse, { entries });
  assert.equal(answer.entries[0]?.errorMessage, null);
}

const versions = (client: SimulatedClient) =>
  ask(client, apiVersionsRequest, apiVersionsResponse, {
    clientSoftwareName: 't',
    clientSoftwareVersion: '1',
  });

/** The time until the connection answers again, in ms. */
async function silence(cluster: SimulatedCluster, client: SimulatedClient): Promise<number> {
  const sinceMs = cluster.now();
  await versions(client);
  return cluster.now() - sinceMs;
}

const produceWhole = (client: SimulatedClient, value: string) =>
  client.request(produceRequest, produceResponse, produceTo('topic', 0, batchOf([value])), PRODUCE_BY_NAME);

test('who produces too much is answered at once, told how long to wait, and heard again when that has passed', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await setQuota(cluster, 'producer_byte_rate', 1000);
    const sentMs = cluster.now();
    const answer = await produceWhole(client, LARGE);
    assert.ok(cluster.now() - sentMs < 1000);
    assert.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, ErrorCode.NONE);
    // 20 KB within ten seconds are twice the quota.
    assert.ok(answer.throttleTimeMs > 9900 && answer.throttleTimeMs < 10_300, `${answer.throttleTimeMs}`);
    const other = await cluster.connect();
    assert.ok((await silence(cluster, other)) < 1000, 'another connection is not held back');
    const silentMs = await silence(cluster, client);
    assert.ok(Math.abs(silentMs - answer.throttleTimeMs) < 300, `silent for ${silentMs} ms`);
    await cluster.sleep(1000);
    assert.equal((await produceWhole(client, 'small')).throttleTimeMs, 0, 'all windows have passed');
  }));

test('produce requests that wait behind one another are all taken, at the pace of the quota', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await setQuota(cluster, 'producer_byte_rate', 10_000);
    const startMs = cluster.now();
    await Promise.all(Array.from({ length: 30 }, () => produceWhole(client, LARGE)));
    await versions(client);
    const tookMs = cluster.now() - startMs;
    // 600 KB at 10 KB/s; what the first ten seconds save up is part of the average.
    assert.ok(tookMs > 49_000 && tookMs < 62_000, `${tookMs} ms`);
    assert.equal((await readAll(client, 'topic')).length, 30);
  }));

test('quotas survive a power cut', () =>
  simulate({}, async (cluster) => {
    await createTopic(await cluster.connect(), 'topic');
    await setQuota(cluster, 'producer_byte_rate', 1000);
    cluster.powerCut();
    await cluster.start();
    assert.ok((await produceWhole(await cluster.connect(), LARGE)).throttleTimeMs > 9000);
  }));

test('produce without an answer is held back too', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await setQuota(cluster, 'producer_byte_rate', 1000);
    client.send(produceRequest, produceTo('topic', 0, batchOf([LARGE]), 0), PRODUCE_BY_NAME);
    const silentMs = await silence(cluster, client);
    assert.ok(silentMs > 9000, `silent for ${silentMs} ms`);
  }));

test('who fetches too much gets nothing now, and everything when it asks again', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    for (let i = 0; i < 3; i += 1) await produce(client, 'topic', batchOf([LARGE]));
    await setQuota(cluster, 'consumer_byte_rate', 3000);
    const first = await sendFetch(client, fetchOf('topic', 0));
    assert.equal(first.throttleTimeMs, 0);
    assert.ok(first.responses[0]!.partitions[0]!.records !== null, 'at most what the quota allows at once');
    const second = await sendFetch(client, fetchOf('topic', 1));
    assert.deepEqual(second.responses, []);
    assert.equal(second.errorCode, ErrorCode.NONE);
    assert.ok(second.throttleTimeMs > 3000, `${second.throttleTimeMs}`);
    const silentMs = await silence(cluster, client);
    assert.ok(Math.abs(silentMs - second.throttleTimeMs) < 300, `silent for ${silentMs} ms`);
    await cluster.sleep(15_000);
    assert.equal((await fetch(client, 'topic', 1)).errorCode, ErrorCode.NONE);
  }));

test('a fetch session that is held back loses nothing, and one that was to begin then begins later', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await produce(client, 'topic', batchOf([LARGE]));
    const session = { ...fetchOf('topic', 0), sessionId: 0, sessionEpoch: 0 };
    const begun = await sendFetch(client, session);
    assert.ok(begun.sessionId > 0);
    await setQuota(cluster, 'consumer_byte_rate', 500);
    await setQuota(cluster, 'request_percentage', 100);
    const goOn = (sessionEpoch: number) =>
      newFetchRequest({ ...fetchOf('topic', 0), topics: [], sessionId: begun.sessionId, sessionEpoch });
    const large = await sendFetch(client, goOn(1));
    assert.equal(
      large.responses[0]?.partitions.length,
      1,
      'more than the quota allows at once, after a while without',
    );
    const held = await sendFetch(client, goOn(2));
    assert.equal(held.sessionId, begun.sessionId);
    assert.ok(held.throttleTimeMs > 0);
    assert.deepEqual(held.responses, []);
    const other = await cluster.connect();
    const full = await sendFetch(other, session);
    assert.ok(full.throttleTimeMs > 0);
    assert.equal(full.sessionId, 0);
    await setQuota(cluster, 'consumer_byte_rate', null);
    const after = await sendFetch(client, goOn(3));
    assert.equal(after.sessionId, begun.sessionId);
    assert.equal(after.responses[0]?.partitions.length, 1);
  }));

test('a connection that is held back can end, and the broker can stop', () =>
  simulate({}, async (cluster) => {
    const [first, second] = [await cluster.connect(), await cluster.connect()];
    await createTopic(first, 'topic');
    await setQuota(cluster, 'producer_byte_rate', 1);
    await produceWhole(first, LARGE);
    await produceWhole(second, LARGE);
    const unheard = versions(second).catch((error: Error) => error.name);
    first.disconnect();
    await cluster.sleep(100);
    await cluster.stop();
    assert.equal(await unheard, 'Disconnected');
    assert.deepEqual(cluster.logged, []);
  }));

test('changes of partitions beyond the quota are refused to clients that know of it, by name of each topic', () =>
  simulate({ settings: ['controller.quota.window.num=2'] }, async (cluster) => {
    const client = await cluster.connect();
    await setQuota(cluster, 'controller_mutation_rate', 2);
    const topics = ['a', 'b', 'c'].map((name) => ({ name, numPartitions: 5, replicationFactor: 1 }));
    const answer = await ask(client, createTopicsRequest, createTopicsResponse, { topics, timeoutMs: 5000 });
    assert.deepEqual(
      answer.topics.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.THROTTLING_QUOTA_EXCEEDED, ErrorCode.THROTTLING_QUOTA_EXCEEDED],
    );
    // Four permits were saved up, five were taken.
    assert.ok(answer.throttleTimeMs > 300 && answer.throttleTimeMs <= 500, `${answer.throttleTimeMs}`);
    const silentMs = await silence(cluster, client);
    assert.ok(silentMs >= answer.throttleTimeMs - 50, `silent for ${silentMs} ms`);
    await createTopic(client, 'b', 10);
    const more = await ask(client, createPartitionsRequest, createPartitionsResponse, {
      topics: [{ name: 'a', count: 7, assignments: null }],
      timeoutMs: 5000,
    });
    assert.equal(more.results[0]?.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
    const gone = await ask(client, deleteTopicsRequest, deleteTopicsResponse, {
      topics: [{ name: 'a', topicId: new Uint8Array(16) }],
      timeoutMs: 5000,
    });
    assert.equal(
      gone.responses[0]?.errorCode,
      ErrorCode.NONE,
      'the debt was paid off while it was held back',
    );
  }));

test('a topic that would be made because somebody asks for it is counted as well', () =>
  simulate({ settings: ['controller.quota.window.num=1'] }, async (cluster) => {
    const client = await cluster.connect();
    await setQuota(cluster, 'controller_mutation_rate', 1);
    await createTopic(client, 'a', 3);
    const describe = () =>
      ask(client, metadataRequest, metadataResponse, {
        topics: [{ name: 'made', topicId: new Uint8Array(16) }],
        allowAutoTopicCreation: true,
      });
    assert.equal((await describe()).topics[0]?.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    await cluster.sleep(2000);
    assert.equal((await describe()).topics[0]?.errorCode, ErrorCode.NONE);
  }));

test('older clients have their changes made and are held back', () =>
  simulate({ settings: ['controller.quota.window.num=1'] }, async (cluster) => {
    const client = await cluster.connect();
    await setQuota(cluster, 'controller_mutation_rate', 1);
    const topics = ['a', 'b'].map((name) => ({ name, numPartitions: 5, replicationFactor: 1 }));
    const answer = await ask(
      client,
      createTopicsRequest,
      createTopicsResponse,
      { topics, timeoutMs: 5000 },
      5,
    );
    assert.ok(answer.topics.every(({ errorCode }) => errorCode === ErrorCode.NONE));
    assert.ok(answer.throttleTimeMs > 8000 && answer.throttleTimeMs <= 9000, `${answer.throttleTimeMs}`);
  }));

test('an address that connects too often is not served for a moment', () =>
  simulate({ settings: ['quota.window.num=2'] }, async (cluster) => {
    await setQuota(cluster, 'connection_creation_rate', 2, { ip: null });
    const served = [await cluster.connect(), await cluster.connect()];
    const tooSoon = await cluster.connect();
    const unheard = versions(tooSoon).catch((error: Error) => error.name);
    const other = await cluster.connect(0, 'elsewhere');
    for (const client of [...served, other]) await versions(client);
    assert.equal(await unheard, 'Disconnected');
    await cluster.sleep(2500);
    await versions(await cluster.connect());
    assert.deepEqual(cluster.logged, []);
  }));
