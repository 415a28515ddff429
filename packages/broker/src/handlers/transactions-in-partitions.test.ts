// What a partition does about transactions, as clients and coordinators see it. The coordinator whom a partition asks is played by the test.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, errorName } from '@moldau/protocol';
import { deleteRecordsRequest, deleteRecordsResponse } from '@moldau/protocol/generated/delete-records.ts';
import {
  describeProducersRequest,
  describeProducersResponse,
} from '@moldau/protocol/generated/describe-producers.ts';
import { listOffsetsRequest, listOffsetsResponse } from '@moldau/protocol/generated/list-offsets.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import {
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import type {
  PartitionVerifier,
  TransactionPartition,
} from '../coordinator/transaction/partition-verifier.ts';
import { ask } from '../testing/ask.ts';
import { batchOf, sequenced } from '../testing/batches.ts';
import { createTopic, deleteTopic, fetch, leaderOf, produceTo, readAll } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type ClusterOptions, type SimulatedCluster } from '../testing/simulated-cluster.ts';
import { consumed } from '../testing/transaction-calls.ts';

/** The first version with which the broker adds partitions to transactions; topics are still named. */
const ADDS = 12;
/** Before it: the producer has added the partition, and the broker verifies that. */
const VERIFIES = 11;
const READ_COMMITTED = 1;

/** The coordinator: what it was asked, and its answers. */
class Coordinator implements PartitionVerifier {
  readonly asked: string[] = [];
  answer: () => ErrorCode | Promise<ErrorCode> = () => ErrorCode.NONE;
  async ask(partition: TransactionPartition, mode: 'verify' | 'add'): Promise<ErrorCode> {
    const { transactionalId, producerId, producerEpoch, topic, partition: index } = partition;
    this.asked.push(`${mode} ${transactionalId} ${producerId}/${producerEpoch} ${topic}-${index}`);
    return this.answer();
  }
}

interface World {
  readonly cluster: SimulatedCluster;
  readonly client: SimulatedClient;
  readonly coordinator: Coordinator;
}

function withTopic(body: (world: World) => Promise<void>, options: ClusterOptions = {}): Promise<void> {
  return simulate(options, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 2);
    await body({ cluster, client, coordinator: play(cluster) });
  });
}

function play(cluster: SimulatedCluster): Coordinator {
  const coordinator = new Coordinator();
  for (const broker of cluster.running.brokers)
    Object.assign(broker.services, { partitionVerifier: coordinator });
  return coordinator;
}

const part = (
  values: readonly string[],
  producerId: number,
  baseSequence = 0,
  producerEpoch = 0,
): Uint8Array => batchOf(values, { producerId, producerEpoch, baseSequence, transactional: true });

/** Produces to partition 0 and names the error. */
async function produce(
  client: SimulatedClient,
  records: Uint8Array,
  { version = ADDS, id = 'tx' }: SentWith = {},
): Promise<string> {
  const message = { ...produceTo('topic', 0, records), transactionalId: id };
  const answer = await client.request(produceRequest, produceResponse, message, version);
  return errorName(answer.responses[0]!.partitionResponses[0]!.errorCode);
}

interface SentWith {
  readonly version?: number;
  readonly id?: string | null;
}

interface MarkerFields {
  readonly producerEpoch?: number;
  readonly coordinatorEpoch?: number;
  readonly transactionVersion?: number;
  readonly topic?: string;
  readonly partition?: number;
}

async function mark(
  client: SimulatedClient,
  producerId: number,
  transactionResult: boolean,
  { topic = 'topic', partition = 0, ...fields }: MarkerFields = {},
): Promise<string> {
  const topics = [{ name: topic, partitionIndexes: [partition] }];
  const markers = [{ producerId, producerEpoch: 0, transactionResult, topics, ...fields }];
  const answer = await ask(client, writeTxnMarkersRequest, writeTxnMarkersResponse, { markers });
  return errorName(answer.markers[0]!.topics[0]!.partitions[0]!.errorCode);
}

async function latest(client: SimulatedClient, isolationLevel: number): Promise<number> {
  const topics = [{ name: 'topic', partitions: [{ partitionIndex: 0, timestamp: -1 }] }];
  const answer = await ask(client, listOffsetsRequest, listOffsetsResponse, {
    replicaId: -1,
    isolationLevel,
    topics,
  });
  return answer.topics[0]!.partitions[0]!.offset;
}

test('the first batch of a transaction asks its coordinator, the next does not; old clients have it verified, new ones added', () =>
  withTopic(async ({ client, coordinator }) => {
    assert.equal(await produce(client, part(['a'], 1)), 'NONE');
    assert.equal(await produce(client, part(['b'], 1, 1)), 'NONE');
    assert.equal(await produce(client, part(['c'], 2), { version: 11, id: 'old' }), 'NONE');
    assert.deepEqual(coordinator.asked, ['add tx 1/0 topic-0', 'verify old 2/0 topic-0']);
    assert.equal(await mark(client, 1, true), 'NONE');
    assert.equal(await produce(client, part(['d'], 1, 2)), 'NONE');
    assert.equal(coordinator.asked.length, 3);
  }));

test('without verification nobody is asked, but to add partitions', () =>
  withTopic(
    async ({ client, coordinator }) => {
      assert.equal(await produce(client, part(['a'], 1), { version: 11 }), 'NONE');
      assert.deepEqual(coordinator.asked, []);
      assert.equal(await produce(client, part(['a'], 2)), 'NONE');
      assert.deepEqual(coordinator.asked, ['add tx 2/0 topic-0']);
    },
    { settings: ['transaction.partition.verification.enable=false'] },
  ));

test("the coordinator's errors are told in terms that the client's version knows", () =>
  withTopic(async ({ client, coordinator }) => {
    const answers: readonly (readonly [ErrorCode, number, string])[] = [
      [ErrorCode.INVALID_TXN_STATE, ADDS, 'INVALID_TXN_STATE'],
      [ErrorCode.TRANSACTION_ABORTABLE, ADDS, 'TRANSACTION_ABORTABLE'],
      [ErrorCode.TRANSACTION_ABORTABLE, 11, 'TRANSACTION_ABORTABLE'],
      [ErrorCode.TRANSACTION_ABORTABLE, 10, 'INVALID_TXN_STATE'],
      [ErrorCode.CONCURRENT_TRANSACTIONS, ADDS, 'CONCURRENT_TRANSACTIONS'],
      [ErrorCode.CONCURRENT_TRANSACTIONS, 11, 'NOT_ENOUGH_REPLICAS'],
      [ErrorCode.NOT_COORDINATOR, ADDS, 'NOT_ENOUGH_REPLICAS'],
      [ErrorCode.PRODUCER_FENCED, ADDS, 'INVALID_PRODUCER_EPOCH'],
    ];
    for (const [error, version, expected] of answers) {
      coordinator.answer = () => error;
      assert.equal(await produce(client, part(['a'], 1), { version }), expected);
    }
    assert.deepEqual(await readAll(client, 'topic'), []);
  }));

test('batches of transactions need a transactional id, and a request has those of one producer only', () =>
  withTopic(async ({ client, coordinator }) => {
    assert.equal(
      await produce(client, part(['a'], 1), { id: null }),
      'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
    );
    const message = { ...produceTo('topic', 0, part(['a'], 1)), transactionalId: 'tx' };
    message.topicData.push(...produceTo('topic', 1, part(['b'], 2)).topicData);
    const answer = await client.request(produceRequest, produceResponse, message, ADDS);
    assert.deepEqual(
      answer.responses.map((topic) => errorName(topic.partitionResponses[0]!.errorCode)),
      ['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'],
    );
    assert.equal(await produce(client, batchOf(['plain'])), 'NONE', 'an id and a batch of no transaction');
    assert.deepEqual(coordinator.asked, []);
  }));

test('while the coordinator is asked later batches of the producer wait in order, and others go on', () =>
  withTopic(async ({ client, coordinator, cluster }) => {
    let release = (_error: ErrorCode): void => {};
    coordinator.answer = () => new Promise((resolve) => (release = resolve));
    const first = produce(client, part(['a'], 1));
    const second = produce(client, part(['b'], 1, 1));
    const other = produce(client, batchOf(['other']), { id: null });
    while (coordinator.asked.length === 0) await cluster.sleep(1);
    await cluster.sleep(20);
    release(ErrorCode.NONE);
    assert.deepEqual(await Promise.all([first, second, other]), ['NONE', 'NONE', 'NONE']);
    assert.deepEqual(
      (await readAll(client, 'topic')).map(({ value }) => value),
      ['other', 'a', 'b'],
    );
  }));

test('a marker that arrives while the coordinator is asked makes its answer void: no transaction hangs', () =>
  withTopic(async ({ client, coordinator, cluster }) => {
    let release = (_error: ErrorCode): void => {};
    coordinator.answer = () => new Promise((resolve) => (release = resolve));
    const late = produce(client, part(['late'], 1), { version: VERIFIES });
    while (coordinator.asked.length === 0) await cluster.sleep(1);
    const other = await cluster.connect();
    assert.equal(await mark(other, 1, false), 'NONE');
    release(ErrorCode.NONE);
    assert.equal(await late, 'INVALID_TXN_STATE');
    assert.equal(await latest(client, READ_COMMITTED), 1);
  }));

test('of a transaction of version 2 the coordinator is asked again: the marker may be that of the last one', () =>
  withTopic(async ({ client, coordinator, cluster }) => {
    let release = (_error: ErrorCode): void => {};
    coordinator.answer = () => new Promise((resolve) => (release = resolve));
    const other = await cluster.connect();
    for (const [truth, outcome] of [
      [ErrorCode.PRODUCER_FENCED, 'INVALID_PRODUCER_EPOCH'],
      [ErrorCode.NONE, 'NONE'],
    ] as const) {
      const asked = coordinator.asked.length;
      const quick = produce(client, part(['quick'], 1, 0, 1));
      while (coordinator.asked.length === asked) await cluster.sleep(1);
      assert.equal(await mark(other, 1, true, { producerEpoch: 1, transactionVersion: 2 }), 'NONE');
      release(ErrorCode.NONE);
      while (coordinator.asked.length === asked + 1) await cluster.sleep(1);
      release(truth);
      assert.equal(await quick, outcome);
    }
    assert.equal(await latest(client, READ_COMMITTED), 2);
  }));

test('read_committed sees what is decided, and is woken by the marker once that is durable', () =>
  withTopic(async ({ client, cluster }) => {
    await produce(client, part(['a'], 1));
    await produce(client, part(['b'], 2));
    assert.deepEqual([await latest(client, 0), await latest(client, READ_COMMITTED)], [2, 0]);
    const reader = await cluster.connect();
    let woken = false;
    const waiting = fetch(reader, 'topic', 0, { isolationLevel: READ_COMMITTED, maxWaitMs: 60_000 }).finally(
      () => (woken = true),
    );
    await mark(client, 2, false);
    await cluster.sleep(100);
    assert.equal(woken, false, 'the transaction before is open');
    cluster.disk.faults.slowDown(100);
    const marked = mark(client, 1, true);
    await cluster.sleep(3);
    assert.equal(woken, false, 'the marker is not durable');
    cluster.disk.faults.slowDown(1);
    assert.equal(await marked, 'NONE');
    const data = await waiting;
    assert.deepEqual(consumed(data), ['a']);
    assert.deepEqual(
      data.abortedTransactions!.map(({ producerId, firstOffset }) => [producerId, firstOffset]),
      [[2, 1]],
    );
    assert.equal(data.lastStableOffset, 4);
    assert.equal((await fetch(client, 'topic', 0)).abortedTransactions, null, 'read_uncommitted');
  }));

test('what is decided, and what is open, survives a power cut', () =>
  withTopic(async ({ client, cluster }) => {
    await produce(client, part(['a'], 1));
    await produce(client, part(['b'], 2));
    await produce(client, part(['c'], 3));
    await mark(client, 1, true);
    await mark(client, 2, false);
    cluster.powerCut();
    await cluster.start();
    play(cluster);
    const again = await cluster.connect();
    assert.equal(await latest(again, READ_COMMITTED), 2);
    assert.equal(await mark(again, 3, true), 'NONE');
    assert.deepEqual(consumed(await fetch(again, 'topic', 0, { isolationLevel: READ_COMMITTED })), [
      'a',
      'c',
    ]);
  }));

test('markers are refused by epochs and for partitions that are not led here, each with its error', () =>
  withTopic(async ({ client }) => {
    await produce(client, part(['a'], 1, 0, 5));
    assert.equal(await mark(client, 1, true, { producerEpoch: 4 }), 'INVALID_PRODUCER_EPOCH');
    assert.equal(
      await mark(client, 1, true, { producerEpoch: 5, transactionVersion: 2 }),
      'INVALID_PRODUCER_EPOCH',
    );
    assert.equal(
      await mark(client, 1, true, { producerEpoch: 6, transactionVersion: 2, coordinatorEpoch: 3 }),
      'NONE',
    );
    assert.equal(
      await mark(client, 1, true, { producerEpoch: 6, transactionVersion: 2, coordinatorEpoch: 3 }),
      'NONE',
    );
    assert.equal(
      await mark(client, 1, true, { producerEpoch: 7, coordinatorEpoch: 2 }),
      'TRANSACTION_COORDINATOR_FENCED',
    );
    assert.equal(await mark(client, 9, true), 'NONE', 'a marker that ends nothing');
    assert.equal(await mark(client, 1, true, { partition: 7 }), 'UNKNOWN_TOPIC_OR_PARTITION');
    assert.equal(await mark(client, 1, true, { topic: 'none' }), 'UNKNOWN_TOPIC_OR_PARTITION');
    assert.equal(await produce(client, part(['b'], 1, 1, 5)), 'INVALID_PRODUCER_EPOCH', 'behind its marker');
  }));

test('a marker to the wrong broker is told that it is', () =>
  withTopic(
    async ({ client, cluster }) => {
      const leader = await leaderOf(cluster, client, 'topic', 0);
      const wrong = await cluster.connect((leader + 1) % 3);
      assert.equal(await mark(wrong, 1, true), 'NOT_LEADER_OR_FOLLOWER');
    },
    { brokers: 3 },
  ));

test('DescribeProducers tells of open transactions and their coordinators', () =>
  withTopic(async ({ client, cluster }) => {
    await produce(client, batchOf(['x']), { id: null });
    await produce(client, part(['a', 'b'], 1, 0, 3));
    await produce(client, sequenced(['c'], 2, 0), { id: null });
    await produce(client, part(['d'], 3));
    await mark(client, 3, true, { producerEpoch: 1, coordinatorEpoch: 8, transactionVersion: 2 });
    const answer = await ask(client, describeProducersRequest, describeProducersResponse, {
      topics: [{ name: 'topic', partitionIndexes: [0] }],
    });
    const producers = answer.topics[0]!.partitions[0]!.activeProducers;
    assert.deepEqual(
      producers.map((p) => [
        p.producerId,
        p.producerEpoch,
        p.lastSequence,
        p.coordinatorEpoch,
        p.currentTxnStartOffset,
      ]),
      [
        [1, 3, 1, -1, 1],
        [2, 0, 0, -1, -1],
        [3, 1, -1, 8, -1],
      ],
    );
    assert(Math.abs(producers[2]!.lastTimestamp - cluster.scheduler.clock.now()) < 1000);
  }));

test('records of an open transaction may be deleted: read_committed goes on behind them, and the marker is taken', () =>
  withTopic(async ({ client }) => {
    await produce(client, part(['a', 'b'], 1));
    await produce(client, batchOf(['plain']), { id: null });
    const topics = [{ name: 'topic', partitions: [{ partitionIndex: 0, offset: 2 }] }];
    await ask(client, deleteRecordsRequest, deleteRecordsResponse, { topics, timeoutMs: 1000 });
    assert.equal(await latest(client, READ_COMMITTED), 2, 'nothing before what is left');
    assert.equal(await mark(client, 1, false), 'NONE');
    assert.deepEqual(consumed(await fetch(client, 'topic', 2, { isolationLevel: READ_COMMITTED })), [
      'plain',
    ]);
  }));

test('a topic with open transactions, and with batches that wait for a coordinator, is deleted like any', () =>
  withTopic(async ({ client, coordinator, cluster }) => {
    await produce(client, part(['a'], 1));
    let release = (_error: ErrorCode): void => {};
    coordinator.answer = () => new Promise((resolve) => (release = resolve));
    const waiting = produce(client, part(['b'], 2));
    while (coordinator.asked.length < 2) await cluster.sleep(1);
    const other = await cluster.connect();
    assert.equal(await deleteTopic(other, 'topic'), ErrorCode.NONE);
    await createTopic(other, 'topic');
    release(ErrorCode.NONE);
    assert.equal(await waiting, 'NOT_LEADER_OR_FOLLOWER');
    assert.equal(await mark(other, 1, true), 'NONE', 'of nothing, in the new topic');
    assert.deepEqual(consumed(await fetch(other, 'topic', 0)), []);
  }));
