import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import { newOffsetFetchRequest } from '@moldau/protocol/generated/offset-fetch.ts';
import { newTxnOffsetCommitRequest } from '@moldau/protocol/generated/txn-offset-commit.ts';
import { ZERO_UUID } from '@moldau/protocol/uuid.ts';
import type { TransactionMarker } from '../../partition/transaction-marker.ts';
import { CoordinatorAppendError } from '../coordinator-error.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import { CoordinatorWorld } from './coordinator-world.ts';

const PARTITION = 0;
const ID = 'tx';

async function begin() {
  const world = await CoordinatorWorld.start();
  const producer = await world.transactions.init(ID);
  const errors: string[] = [];
  const commit = (offset: number, apiVersion = 5, by: TransactionalProducer = producer): void => {
    const partition = {
      partitionIndex: 0,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    };
    const request = newTxnOffsetCommitRequest({
      ...by,
      transactionalId: ID,
      groupId: 'g',
      topics: [{ name: 'orders', partitions: [partition] }],
    });
    void world.coordinator.txnOffsetCommit(request, world.client(apiVersion)).then(({ topics }) => {
      errors.push(errorName(topics[0]?.partitions[0]?.errorCode ?? -1));
    });
  };
  const marker = (committed: boolean): TransactionMarker => ({
    ...producer,
    coordinatorEpoch: 0,
    committed,
    transactionVersion: 1,
  });
  const fetch = async (): Promise<string> => {
    const topics = [{ name: 'orders', topicId: ZERO_UUID, partitionIndexes: [0] }];
    const { groups } = await world.durably(
      world.coordinator.offsetFetch(
        newOffsetFetchRequest({
          groups: [{ groupId: 'g', memberId: null, memberEpoch: -1, topics }],
          requireStable: true,
        }),
        world.client(9),
      ),
    );
    const partition = groups[0]?.topics[0]?.partitions[0];
    return `${errorName(partition?.errorCode ?? -1)} ${partition?.committedOffset}`;
  };
  /** The errors since the last look. */
  const seen = async (): Promise<string[]> => {
    await world.settle();
    return errors.splice(0);
  };
  return { world, producer, commit, marker, fetch, seen };
}

void test('a commit is answered, and a marker too, once it is durable', async () => {
  const { world, commit, marker, fetch, seen } = await begin();
  commit(7);
  assert.deepEqual(await seen(), []);
  world.log.settle();
  assert.deepEqual(await seen(), ['NONE']);
  assert.equal(await fetch(), 'UNSTABLE_OFFSET_COMMIT -1');
  let ended: ErrorCode | undefined;
  void world.coordinator.completeTransaction(PARTITION, marker(true)).then((error) => (ended = error));
  await world.settle();
  assert.equal(ended, undefined);
  world.log.settle();
  await world.settle();
  assert.equal(ended, ErrorCode.NONE);
  assert.equal(await fetch(), 'NONE 7');
});

void test('a marker that is discarded leaves the offsets pending', async () => {
  const { world, commit, marker, fetch, seen } = await begin();
  commit(7);
  await seen();
  world.log.settle();
  const ended = world.coordinator.completeTransaction(PARTITION, marker(true));
  await world.settle();
  world.log.discard();
  assert.equal(await ended, ErrorCode.NOT_LEADER_OR_FOLLOWER, 'ordered once more');
  assert.equal(await fetch(), 'UNSTABLE_OFFSET_COMMIT -1');
});

void test('a new coordinator finds the offsets of an open transaction, still pending', async () => {
  const { world, commit, marker, fetch, seen } = await begin();
  commit(7);
  await seen();
  world.log.settle();
  await world.restart();
  assert.equal(await fetch(), 'UNSTABLE_OFFSET_COMMIT -1');
  await world.durably(world.coordinator.completeTransaction(PARTITION, marker(true)));
  assert.equal(await fetch(), 'NONE 7');
});

void test('the coordinator of the transaction is asked before the first commit of each transaction', async () => {
  const { world, commit, seen } = await begin();
  const { asked } = world.transactions;
  commit(1);
  await seen();
  world.log.settle();
  commit(2);
  await seen();
  world.log.settle();
  assert.deepEqual(asked, ['add']);
  await world.transactions.end(ID, true);
  commit(3, 4);
  assert.deepEqual(await seen(), ['NONE', 'TRANSACTION_ABORTABLE']);
  commit(3, 3);
  assert.deepEqual(await seen(), ['INVALID_TXN_STATE'], 'what older clients know');
  assert.deepEqual(asked, ['add', 'verify', 'verify']);
});

void test('a marker that comes between the answer of the coordinator and the commit makes the answer void', async () => {
  const { world, commit, marker, fetch, seen } = await begin();
  const ask = world.transactions.ask.bind(world.transactions);
  const modes: string[] = [];
  world.transactions.ask = async (partition, mode) => {
    modes.push(mode);
    const error = await ask(partition, mode);
    if (modes.length === 1)
      await world.durably(world.coordinator.completeTransaction(PARTITION, marker(false)));
    return error;
  };
  commit(7);
  await seen();
  await seen();
  world.log.settle();
  assert.deepEqual(await seen(), ['NONE']);
  assert.deepEqual(modes, ['add', 'add'], 'asked again');
  assert.equal(await fetch(), 'UNSTABLE_OFFSET_COMMIT -1');
});

void test('producers and coordinators that are fenced are told so', async () => {
  const { world, commit, marker, seen } = await begin();
  world.log.refusal = new CoordinatorAppendError(ErrorCode.INVALID_PRODUCER_EPOCH, 'fenced');
  commit(1);
  assert.deepEqual(await seen(), ['INVALID_PRODUCER_EPOCH']);
  world.log.refusal = new CoordinatorAppendError(ErrorCode.TRANSACTION_COORDINATOR_FENCED, 'fenced');
  assert.equal(
    await world.coordinator.completeTransaction(PARTITION, marker(true)),
    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
  );
  world.log.refusal = new CoordinatorAppendError(ErrorCode.KAFKA_STORAGE_ERROR, 'full');
  commit(1);
  assert.deepEqual(await seen(), ['COORDINATOR_NOT_AVAILABLE']);
});

void test('when the coordinator of the transaction cannot be asked, clients of every version try again', async () => {
  const { world, commit, seen } = await begin();
  world.transactions.ask = () => Promise.resolve(ErrorCode.NOT_ENOUGH_REPLICAS);
  for (const version of [0, 1, 2, 3, 4, 5]) commit(1, version);
  assert.deepEqual((await seen()).toSorted(), [
    ...Array<string>(4).fill('COORDINATOR_LOAD_IN_PROGRESS'),
    ...Array<string>(2).fill('COORDINATOR_NOT_AVAILABLE'),
  ]);
});

void test('nobody is asked by a broker that does not coordinate the group', async () => {
  const { world, commit, marker, seen } = await begin();
  world.coordinator.onResigned(PARTITION);
  commit(1);
  assert.deepEqual(await seen(), ['NOT_COORDINATOR']);
  assert.deepEqual(world.transactions.asked, []);
  assert.equal(
    await world.coordinator.completeTransaction(PARTITION, marker(true)),
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
  );
});

void test('neither an offset nor its group expires while a transaction has one pending', async () => {
  const { world, commit, fetch, seen } = await begin();
  const { offsetsRetentionMs } = world.settings;
  commit(1);
  await seen();
  world.log.settle();
  await world.transactions.end(ID, true).then(() => world.settle());
  commit(2);
  await seen();
  world.log.settle();
  await world.advance(2 * offsetsRetentionMs);
  assert.equal(await fetch(), 'UNSTABLE_OFFSET_COMMIT -1');
  await world.transactions.end(ID, false);
  assert.equal(await fetch(), 'NONE 1', 'the aborted one leaves the one before');
  await world.advance(2 * world.settings.offsetsRetentionCheckIntervalMs);
  assert.equal(await fetch(), 'NONE -1', 'which expires now');
});
