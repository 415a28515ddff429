// A partition that moves from broker to broker, with clients at work: they are sent from the old leader to the new one, and find there what was
// written before.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, errorName } from '@moldau/protocol';
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/alter-partition-reassignments.ts';
import {
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
} from '@moldau/protocol/generated/alter-replica-log-dirs.ts';
import {
  describeLogDirsRequest,
  describeLogDirsResponse,
} from '@moldau/protocol/generated/describe-log-dirs.ts';
import { electLeadersRequest, electLeadersResponse } from '@moldau/protocol/generated/elect-leaders.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import { ask } from '../testing/ask.ts';
import { batchOf, sequenced } from '../testing/batches.ts';
import {
  createTopic,
  describeTopic,
  fetch,
  fetchOf,
  leaderOf,
  newProducerId,
  produce,
  PRODUCE_BY_NAME,
  produceTo,
  readAll,
  sendFetch,
} from '../testing/calls.ts';
import { commitOffset, committedOffset, findCoordinator, joinAlone } from '../testing/group-calls.ts';
import {
  addPartitions,
  consumed,
  endTransaction,
  initialized,
  transactional,
  transactionCoordinator,
  type TestProducer,
} from '../testing/transaction-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';

const READ_COMMITTED = 1;

/** Produces to partition 0 of the topic within the producer's transaction. */
async function produceWithin(
  client: SimulatedClient,
  producer: TestProducer,
  value: string,
  sequence: number,
): Promise<string> {
  const message = {
    ...produceTo('topic', 0, transactional([value], producer, sequence)),
    transactionalId: producer.transactionalId,
  };
  const answer = await client.request(produceRequest, produceResponse, message, PRODUCE_BY_NAME);
  return errorName(answer.responses[0]!.partitionResponses[0]!.errorCode);
}

async function reassign(
  client: SimulatedClient,
  topic: string,
  replicas: number[] | null,
  partitionIndex = 0,
): Promise<string> {
  const answer = await ask(client, alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse, {
    timeoutMs: 1000,
    topics: [{ name: topic, partitions: [{ partitionIndex, replicas }] }],
  });
  return errorName(answer.responses[0]!.partitions[0]!.errorCode);
}

const values = async (client: SimulatedClient): Promise<(string | null)[]> =>
  (await readAll(client, 'topic')).map(({ value }) => value);

/** Where the topic is led, and a client there; and a client of another broker, which becomes the leader when told so. */
async function twoLeaders(cluster: SimulatedCluster) {
  const any = await cluster.connect();
  const from = await leaderOf(cluster, any, 'topic', 0);
  const to = (from + 1) % 3;
  const ids = cluster.running.brokers.map(({ id }) => id);
  return {
    before: await cluster.connect(from),
    after: await cluster.connect(to),
    target: ids[to] as number,
  };
}

test('what was written before, while and after a partition moves is all at its new leader', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    await createTopic(await cluster.connect(), 'topic');
    const { before, after, target } = await twoLeaders(cluster);
    await produce(before, 'topic', batchOf(['before']));
    // Sent together: some of them arrive before the move, some after, and each is told what became of it.
    const during = Array.from({ length: 8 }, (_, i) => produce(before, 'topic', batchOf([`during-${i}`])));
    const [moved, ...answers] = await Promise.all([reassign(after, 'topic', [target]), ...during]);
    assert.equal(moved, 'NONE');
    const taken = answers.flatMap(({ errorCode }, i) =>
      errorCode === ErrorCode.NONE ? [`during-${i}`] : [],
    );
    for (const { errorCode } of answers)
      assert.match(errorName(errorCode), /^(NONE|NOT_LEADER_OR_FOLLOWER)$/);
    assert.equal(
      (await produce(before, 'topic', batchOf(['late']))).errorCode,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
    );
    assert.equal((await produce(after, 'topic', batchOf(['after']))).errorCode, ErrorCode.NONE);
    assert.deepEqual(await values(after), ['before', ...taken, 'after']);
    cluster.powerCut();
    await cluster.start();
    assert.deepEqual(await values(await cluster.connect(cluster.indexOf(target))), [
      'before',
      ...taken,
      'after',
    ]);
  }));

test('a fetch that waits at the old leader is sent to the new one at once', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    await createTopic(await cluster.connect(), 'topic');
    const { before, after, target } = await twoLeaders(cluster);
    const waiting = sendFetch(before, fetchOf('topic', 0, { maxWaitMs: 60_000 }));
    await cluster.sleep(100);
    const start = cluster.now();
    assert.equal(await reassign(after, 'topic', [target]), 'NONE');
    assert.equal((await waiting).responses[0]!.partitions[0]!.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assert.ok(cluster.now() - start < 10_000);
    assert.equal((await fetch(before, 'topic', 0)).errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assert.equal((await fetch(after, 'topic', 0)).errorCode, ErrorCode.NONE);
  }));

test('an idempotent producer goes on at the new leader: nothing twice, nothing missing', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    await createTopic(await cluster.connect(), 'topic');
    const { before, after, target } = await twoLeaders(cluster);
    const producerId = await newProducerId(before);
    await produce(before, 'topic', sequenced(['a'], producerId, 0));
    await reassign(after, 'topic', [target]);
    assert.equal((await produce(after, 'topic', sequenced(['a'], producerId, 0))).baseOffset, 0);
    const gap = await produce(after, 'topic', sequenced(['c'], producerId, 2));
    assert.equal(gap.errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert.equal((await produce(after, 'topic', sequenced(['b'], producerId, 1))).baseOffset, 1);
    assert.deepEqual(await values(after), ['a', 'b']);
  }));

test('a group follows its partition of __consumer_offsets', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const any = await cluster.connect();
    await createTopic(any, 'topic');
    const { nodeId } = await findCoordinator(any, 'group');
    const old = await cluster.connect(cluster.indexOf(nodeId));
    const member = await joinAlone(old, 'group');
    assert.equal(await commitOffset(old, member, 'topic', 0, 7), ErrorCode.NONE);
    const target = cluster.running.brokers.map(({ id }) => id).find((id) => id !== nodeId) as number;
    const { partitions } = await describeTopic(any, '__consumer_offsets');
    for (const { partitionIndex, leaderId } of partitions)
      if (leaderId === nodeId)
        assert.equal(await reassign(any, '__consumer_offsets', [target], partitionIndex), 'NONE');
    assert.equal((await findCoordinator(any, 'group')).nodeId, target);
    const now = await cluster.connect(cluster.indexOf(target));
    await cluster.sleep(100);
    assert.equal(await commitOffset(old, member, 'topic', 0, 8), ErrorCode.NOT_COORDINATOR);
    assert.deepEqual(await committedOffset(now, 'group', 'topic', 0), { offset: 7, error: ErrorCode.NONE });
    assert.equal(await commitOffset(now, member, 'topic', 0, 8), ErrorCode.NONE);
  }));

test('a transaction goes on when its partition moves, and ends when its coordinator has moved', () =>
  simulate({ brokers: 3, settings: ['transaction.state.log.num.partitions=4'] }, async (cluster) => {
    const any = await cluster.connect();
    await createTopic(any, 'topic');
    const { before, after, target } = await twoLeaders(cluster);
    const old = await transactionCoordinator(cluster, any, 'tx');
    const producer = await initialized(cluster, old, 'tx');
    assert.equal(await addPartitions(old, producer, 'topic', [0]), 'NONE');
    assert.equal(await produceWithin(before, producer, 'a', 0), 'NONE');
    assert.equal(await reassign(any, 'topic', [target]), 'NONE');
    assert.equal(await produceWithin(before, producer, 'b', 1), 'NOT_LEADER_OR_FOLLOWER');
    assert.equal(await produceWithin(after, producer, 'b', 1), 'NONE');
    const committed = async (): Promise<string[]> =>
      consumed(await fetch(after, 'topic', 0, { isolationLevel: READ_COMMITTED }));
    assert.deepEqual(await committed(), []);

    const { partitions } = await describeTopic(any, '__transaction_state');
    const ids = cluster.running.brokers.map(({ id }) => id);
    for (const { partitionIndex, leaderId } of partitions) {
      const other = ids.find((id) => id !== leaderId) as number;
      assert.equal(await reassign(any, '__transaction_state', [other], partitionIndex), 'NONE');
    }
    const now = await transactionCoordinator(cluster, any, 'tx');
    assert.equal((await endTransaction(old, producer, true)).error, 'NOT_COORDINATOR');
    assert.equal((await endTransaction(now, producer, true)).error, 'NONE');
    await cluster.sleep(1000);
    assert.deepEqual(await committed(), ['a', 'b']);
  }));

test('a move that only changes the order of replicas leaves the leader, until an election is asked for', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 1, {}, 3);
    const described = async () => (await describeTopic(client, 'topic')).partitions[0]!;
    const start = await described();
    const turned = start.replicaNodes.toReversed();
    assert.equal(await reassign(client, 'topic', turned), 'NONE');
    const after = await described();
    assert.deepEqual([after.leaderId, after.leaderEpoch], [start.leaderId, start.leaderEpoch]);
    assert.deepEqual([after.replicaNodes, after.isrNodes], [turned, turned]);
    await ask(client, electLeadersRequest, electLeadersResponse, {
      topicPartitions: [{ topic: 'topic', partitions: [0] }],
      timeoutMs: 100,
    });
    assert.equal((await described()).leaderId, turned[0]);
    assert.equal(await reassign(client, 'topic', null), 'NO_REASSIGNMENT_IN_PROGRESS');
  }));

test('a replica can be sent to the log directory where it is, and to no other', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    const here = cluster.running.brokers[0]!.id;
    const elsewhere = cluster.running.brokers[1]!.id;
    await createTopic(client, 'topic', 2);
    await reassign(client, 'topic', [here], 0);
    await reassign(client, 'topic', [elsewhere], 1);
    const described = await ask(client, describeLogDirsRequest, describeLogDirsResponse, { topics: null });
    const [dir] = described.results;
    assert.deepEqual(
      dir!.topics.flatMap(({ name, partitions }) => partitions.map((p) => `${name}-${p.partitionIndex}`)),
      ['topic-0'],
    );
    const move = async (path: string) => {
      const topics = [
        { name: 'topic', partitions: [0, 1, 9] },
        { name: 'none', partitions: [0] },
      ];
      const { results } = await ask(client, alterReplicaLogDirsRequest, alterReplicaLogDirsResponse, {
        dirs: [{ path, topics }],
      });
      return results.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorName(errorCode)));
    };
    assert.deepEqual(await move(dir!.logDir), [
      'NONE',
      'REPLICA_NOT_AVAILABLE',
      'UNKNOWN_TOPIC_OR_PARTITION',
      'UNKNOWN_TOPIC_OR_PARTITION',
    ]);
    assert.deepEqual(new Set(await move('/elsewhere')), new Set(['LOG_DIR_NOT_FOUND']));
  }));
