// Transactions through the whole broker: producers, coordinators, markers and readers, in the simulated world.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorName } from '@moldau/protocol';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import { createTopic, fetch, leaderOf, PRODUCE_BY_NAME, produceTo } from '../testing/calls.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import {
  addPartitions,
  consumed,
  endTransaction,
  initialized,
  initProducer,
  transactional,
  transactionCoordinator,
  transactionState,
  type TestProducer,
} from '../testing/transaction-calls.ts';

const READ_COMMITTED = 1;
const SETTINGS = ['transaction.state.log.num.partitions=4'];

/** Produces until the broker takes it: a verification may have to be tried again, as producers do. */
async function write(
  client: SimulatedClient,
  producer: TestProducer,
  values: readonly string[],
  { partition = 0, sequence = 0, version = PRODUCE_BY_NAME } = {},
): Promise<string> {
  const message = {
    ...produceTo('t', partition, transactional(values, producer, sequence)),
    transactionalId: producer.transactionalId,
  };
  const answer = await client.request(produceRequest, produceResponse, message, version);
  return errorName(answer.responses[0]!.partitionResponses[0]!.errorCode);
}

const committed = async (client: SimulatedClient, partition = 0): Promise<string[]> => {
  const data = await fetch(client, 't', 0, { partition, isolationLevel: READ_COMMITTED });
  return consumed(data);
};

/** Waits until the last transaction of the id is over. */
async function settled(cluster: SimulatedCluster, coordinator: SimulatedClient, id: string): Promise<string> {
  for (;;) {
    const state = await transactionState(coordinator, id);
    if (!state.startsWith('Prepare') && state !== 'COORDINATOR_LOAD_IN_PROGRESS') return state;
    await cluster.sleep(10);
  }
}

void test('what is committed is read, what is aborted is not', () =>
  simulate({ settings: SETTINGS }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 't');
    const coordinator = await transactionCoordinator(cluster, client, 'x');
    const first = await initialized(cluster, coordinator, 'x');
    assert.equal(first.producerEpoch, 0);
    assert.equal(await write(client, first, ['a', 'b']), 'NONE');
    assert.equal(await transactionState(coordinator, 'x'), 'Ongoing');
    assert.deepEqual(await committed(client), []);
    const ended = await endTransaction(coordinator, first, true);
    assert.equal(ended.error, 'NONE');
    assert.equal(ended.producer.producerEpoch, 1, 'the epoch is raised');
    assert.equal(await settled(cluster, coordinator, 'x'), 'CompleteCommit');
    assert.deepEqual(await committed(client), ['a', 'b']);
    assert.equal(await write(client, first, ['late'], { sequence: 2 }), 'INVALID_PRODUCER_EPOCH');

    assert.equal(await write(client, ended.producer, ['c']), 'NONE');
    await endTransaction(coordinator, ended.producer, false);
    assert.equal(await settled(cluster, coordinator, 'x'), 'CompleteAbort');
    assert.deepEqual(await committed(client), ['a', 'b']);
    assert.deepEqual(consumed(await fetch(client, 't', 0)), ['a', 'b', 'c'], 'read_uncommitted');
  }));

void test('older clients name their partitions first, and keep their epoch', () =>
  simulate({ settings: SETTINGS }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 't', 2);
    const coordinator = await transactionCoordinator(cluster, client, 'x');
    const producer = await initialized(cluster, coordinator, 'x', { version: 4 });
    assert.notEqual(await write(client, producer, ['unannounced'], { version: 11 }), 'NONE');
    assert.equal(await addPartitions(coordinator, producer, 't', [0, 1]), 'NONE');
    assert.equal(await addPartitions(coordinator, producer, 'missing', [0]), 'UNKNOWN_TOPIC_OR_PARTITION');
    assert.equal(await write(client, producer, ['a'], { version: 11 }), 'NONE');
    assert.equal(await write(client, producer, ['b'], { version: 11, partition: 1 }), 'NONE');
    assert.equal((await endTransaction(coordinator, producer, true, 4)).error, 'NONE');
    assert.equal(await settled(cluster, coordinator, 'x'), 'CompleteCommit');
    assert.deepEqual([await committed(client), await committed(client, 1)], [['a'], ['b']]);
    assert.equal((await endTransaction(coordinator, producer, true, 4)).error, 'NONE', 'carried out already');
    assert.equal((await endTransaction(coordinator, producer, false, 4)).error, 'INVALID_TXN_STATE');
  }));

void test('whoever begins anew fences the one before, and what that one left open is aborted', () =>
  simulate({ settings: SETTINGS }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 't');
    const coordinator = await transactionCoordinator(cluster, client, 'x');
    const old = await initialized(cluster, coordinator, 'x');
    assert.equal(await write(client, old, ['old']), 'NONE');
    // Not CONCURRENT_TRANSACTIONS: the request waits until what was open has been aborted.
    const { error, producer: next } = await initProducer(coordinator, 'x');
    assert.equal(error, 'NONE');
    assert.equal(next.producerId, old.producerId);
    assert.equal(next.producerEpoch, 2);
    assert.equal((await endTransaction(coordinator, old, true)).error, 'PRODUCER_FENCED');
    assert.equal(await write(client, old, ['zombie'], { sequence: 1 }), 'INVALID_PRODUCER_EPOCH');
    assert.equal(await write(client, next, ['new']), 'NONE');
    await endTransaction(coordinator, next, true);
    await settled(cluster, coordinator, 'x');
    assert.deepEqual(await committed(client), ['new']);
  }));

void test('a transaction that outlives its time-out is aborted, and its producer fenced', () =>
  simulate(
    { settings: [...SETTINGS, 'transaction.abort.timed.out.transaction.cleanup.interval.ms=1000'] },
    async (cluster) => {
      const client = await cluster.connect();
      await createTopic(client, 't');
      const coordinator = await transactionCoordinator(cluster, client, 'x');
      const producer = await initialized(cluster, coordinator, 'x', { timeoutMs: 5_000 });
      assert.equal(await write(client, producer, ['a']), 'NONE');
      await cluster.sleep(4_000);
      assert.equal(await transactionState(coordinator, 'x'), 'Ongoing');
      await cluster.sleep(2_500);
      assert.equal(await settled(cluster, coordinator, 'x'), 'CompleteAbort');
      assert.equal((await endTransaction(coordinator, producer, true)).error, 'INVALID_TXN_STATE');
      assert.equal(await write(client, producer, ['late'], { sequence: 1 }), 'INVALID_PRODUCER_EPOCH');
    },
  ));

for (const end of ['processCrash', 'powerCut'] as const) {
  void test(`a decision outlives ${end}, and is carried out by the next process`, () =>
    simulate({ settings: SETTINGS, brokers: 3 }, async (cluster) => {
      const client = await cluster.connect();
      await createTopic(client, 't', 6, {}, 3);
      const coordinator = await transactionCoordinator(cluster, client, 'x');
      const producer = await initialized(cluster, coordinator, 'x');
      for (let partition = 0; partition < 6; partition++) {
        const leader = await cluster.connect(await leaderOf(cluster, client, 't', partition));
        assert.equal(await write(leader, producer, [`p${partition}`], { partition }), 'NONE');
      }
      const { error } = await endTransaction(coordinator, producer, true);
      assert.equal(error, 'NONE');
      cluster[end]();
      await cluster.start();
      const again = await cluster.connect();
      const next = await transactionCoordinator(cluster, again, 'x');
      assert.equal(await settled(cluster, next, 'x'), 'CompleteCommit');
      for (let partition = 0; partition < 6; partition++) {
        const leader = await cluster.connect(await leaderOf(cluster, again, 't', partition));
        assert.deepEqual(await committed(leader, partition), [`p${partition}`]);
      }
    }));
}
