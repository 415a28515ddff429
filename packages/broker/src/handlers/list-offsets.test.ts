import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  listOffsetsRequest,
  listOffsetsResponse,
  type ListOffsetsPartitionResponse,
} from '@moldau/protocol/generated/list-offsets.ts';
import { ask } from '../testing/ask.ts';
import { batchOf, SOME_TIME } from '../testing/batches.ts';
import { createTopic, leaderOf, produce } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;

async function list(
  client: SimulatedClient,
  timestamp: number,
  options: { topic?: string; partition?: number; epoch?: number; version?: number } = {},
): Promise<ListOffsetsPartitionResponse> {
  const partitions = [
    { partitionIndex: options.partition ?? 0, timestamp, currentLeaderEpoch: options.epoch ?? -1 },
  ];
  const topics = [{ name: options.topic ?? 'topic', partitions }];
  const answer = await ask(
    client,
    listOffsetsRequest,
    listOffsetsResponse,
    { replicaId: -1, topics },
    options.version ?? listOffsetsRequest.highestVersion,
  );
  return answer.topics[0]!.partitions[0]!;
}

const brief = ({ errorCode, offset, timestamp, leaderEpoch }: ListOffsetsPartitionResponse) => [
  errorCode,
  offset,
  timestamp,
  leaderEpoch,
];

/** Offsets 0 to 5, at times 10, 30, 20 | 40, 40 | 5. */
function withRecords(body: (client: SimulatedClient) => Promise<void>): Promise<void> {
  return simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    for (const times of [[10, 30, 20], [40, 40], [5]]) {
      const timestamps = times.map((time) => SOME_TIME - 1000 + time);
      await produce(client, 'topic', batchOf(times.map(String), { timestamps }));
    }
    await body(client);
  });
}

test('the special timestamps', () =>
  withRecords(async (client) => {
    assert.deepEqual(brief(await list(client, LATEST)), [0, 6, -1, 0]);
    assert.deepEqual(brief(await list(client, EARLIEST)), [0, 0, -1, 0]);
    assert.deepEqual(brief(await list(client, EARLIEST_LOCAL)), [0, 0, -1, 0]);
    assert.deepEqual(brief(await list(client, MAX_TIMESTAMP)), [0, 3, SOME_TIME - 960, 0]);
    assert.deepEqual(brief(await list(client, LATEST_TIERED)), [0, -1, -1, -1]);
    assert.deepEqual(brief(await list(client, EARLIEST_PENDING_UPLOAD)), [0, -1, -1, -1]);
  }));

test('a time is answered with the first record of that time or later', () =>
  withRecords(async (client) => {
    const at = async (time: number) => (await list(client, SOME_TIME - 1000 + time)).offset;
    assert.deepEqual(await Promise.all([0, 10, 11, 20, 30, 31, 40, 41].map(at)), [0, 0, 1, 1, 1, 3, 3, -1]);
    assert.deepEqual(brief(await list(client, 0)), [0, 0, SOME_TIME - 990, 0]);
  }));

test('a value below zero that means nothing is refused; an empty partition has the epoch of its leader', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    assert.equal((await list(client, -9)).errorCode, ErrorCode.UNSUPPORTED_VERSION);
    assert.deepEqual(brief(await list(client, LATEST)), [0, 0, -1, 0]);
    assert.deepEqual(brief(await list(client, EARLIEST)), [0, 0, -1, 0]);
  }));

test('special timestamps that a version does not know yet are refused in it', () =>
  withRecords(async (client) => {
    for (const [timestamp, first] of [
      [MAX_TIMESTAMP, 7],
      [EARLIEST_LOCAL, 8],
      [LATEST_TIERED, 9],
      [EARLIEST_PENDING_UPLOAD, 11],
    ] as const) {
      assert.equal(
        (await list(client, timestamp, { version: first - 1 })).errorCode,
        ErrorCode.UNSUPPORTED_VERSION,
      );
      assert.equal((await list(client, timestamp, { version: first })).errorCode, ErrorCode.NONE);
    }
  }));

test('an empty partition', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    assert.deepEqual(brief(await list(client, LATEST)).slice(0, 3), [0, 0, -1]);
    assert.deepEqual(brief(await list(client, EARLIEST)).slice(0, 3), [0, 0, -1]);
    assert.deepEqual(brief(await list(client, MAX_TIMESTAMP)), [0, -1, -1, -1]);
    assert.deepEqual(brief(await list(client, 0)), [0, -1, -1, -1]);
  }));

test('errors: unknown topic and partition, leader epochs, a partition named twice, the wrong broker', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const any = await cluster.connect();
    await createTopic(any, 'topic');
    const leader = await leaderOf(cluster, any, 'topic', 0);
    const client = await cluster.connect(leader);
    assert.equal(
      (await list(client, LATEST, { topic: 'none' })).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal(
      (await list(client, LATEST, { partition: 1 })).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal((await list(client, LATEST, { epoch: 1 })).errorCode, ErrorCode.UNKNOWN_LEADER_EPOCH);
    assert.equal((await list(client, LATEST, { epoch: 0 })).errorCode, ErrorCode.NONE);
    const twice = { partitionIndex: 0, timestamp: LATEST };
    const answer = await ask(client, listOffsetsRequest, listOffsetsResponse, {
      topics: [{ name: 'topic', partitions: [twice, twice] }],
    });
    assert.ok(answer.topics[0]!.partitions.every(({ errorCode }) => errorCode === ErrorCode.INVALID_REQUEST));
    const wrong = await cluster.connect((leader + 1) % 3);
    assert.equal((await list(wrong, LATEST)).errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }));
