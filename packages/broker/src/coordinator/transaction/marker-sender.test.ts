// Markers on their way: gathered by broker, tried again until they are written, given up by nobody but their owner.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { MarkerSender, type MarkerDelay, type MarkerLeader } from './marker-sender.ts';
import { newTransaction, type Transaction } from './transaction.ts';
import { withPartitions, NO_PARTITIONS } from './transaction-partitions.ts';

interface Asked {
  readonly brokerId: number;
  readonly request: WriteTxnMarkersRequest;
  readonly answer: (
    errorOf?: (topic: string, partition: number, producerId: number) => ErrorCode,
  ) => Promise<void>;
  readonly fail: () => Promise<void>;
}

function start() {
  const clock = new SimulatedClock();
  const asked: Asked[] = [];
  const delays: MarkerDelay[] = [];
  const written: string[] = [];
  const leaders = new Map<string, MarkerLeader>();
  const leadBy = (topic: string, partition: number, brokerId: number | 'none' | 'gone'): void => {
    const leader: MarkerLeader =
      typeof brokerId === 'number' ? { kind: 'leader', brokerId } : { kind: brokerId };
    leaders.set(`${topic}-${partition}`, leader);
  };
  const sender = new MarkerSender({
    clock,
    random: new SeededRandom(1),
    leaderOf: (topic, partition) => leaders.get(`${topic}-${partition}`) ?? { kind: 'leader', brokerId: 1 },
    writeTxnMarkers: (brokerId, request) =>
      new Promise<WriteTxnMarkersResponse>((resolve, reject) => {
        asked.push({
          brokerId,
          request,
          answer: async (errorOf = () => ErrorCode.NONE) => {
            resolve({
              markers: request.markers.map(({ producerId, topics }) => ({
                producerId,
                topics: topics.map(({ name, partitionIndexes }) => ({
                  name,
                  partitions: partitionIndexes.map((partitionIndex) => ({
                    partitionIndex,
                    errorCode: errorOf(name, partitionIndex, producerId),
                  })),
                })),
              })),
            });
            await setImmediate();
          },
          fail: async () => {
            reject(new Error('cut off'));
            await setImmediate();
          },
        });
      }),
    onDelay: (delay) => delays.push(delay),
  });
  const owner = {};
  const send = (id: string, producerId: number, partitions: readonly number[], of: object = owner): void =>
    sender.send({
      owner: of,
      transaction: decided(id, producerId, partitions),
      coordinatorEpoch: 4,
      written: () => written.push(id),
    });
  return { clock, asked, delays, written, leadBy, sender, owner, send };
}

const decided = (
  transactionalId: string,
  producerId: number,
  partitions: readonly number[],
): Transaction => ({
  ...newTransaction(transactionalId, producerId, 1_000, 0),
  status: 'PrepareCommit',
  producerEpoch: 3,
  clientTransactionVersion: 2,
  partitions:
    partitions.length === 0 ? NO_PARTITIONS : withPartitions(NO_PARTITIONS, [{ name: 't', partitions }]),
});

const producersIn = ({ request }: Asked): number[] => request.markers.map(({ producerId }) => producerId);

void test('markers go to the leader of each partition, and are done when all are written', async () => {
  const { asked, leadBy, send, written } = start();
  leadBy('t', 1, 2);
  send('x', 10, [0, 1, 2]);
  assert.deepEqual(
    asked.map(({ brokerId, request }) => [brokerId, request.markers]),
    [1, 2].map((brokerId) => [
      brokerId,
      [
        {
          producerId: 10,
          producerEpoch: 3,
          coordinatorEpoch: 4,
          transactionResult: true,
          transactionVersion: 2,
          topics: [{ name: 't', partitionIndexes: brokerId === 1 ? [0, 2] : [1] }],
        },
      ],
    ]),
  );
  await asked[0]!.answer();
  assert.deepEqual(written, []);
  await asked[1]!.answer();
  assert.deepEqual(written, ['x']);
});

void test('while a request is under way the markers of others gather, and go together', async () => {
  const { asked, send, written } = start();
  for (let i = 0; i < 1_000; i++) send(`x${i}`, i, [i]);
  assert.deepEqual(asked.map(producersIn), [[0]]);
  await asked[0]!.answer();
  assert.equal(asked.length, 2);
  assert.equal(producersIn(asked[1]!).length, 999);
  await asked[1]!.answer();
  assert.equal(written.length, 1_000);
});

void test('a transaction without partitions has nothing to wait for', () => {
  const { asked, send, written } = start();
  send('x', 10, []);
  assert.deepEqual([asked.length, written], [0, ['x']]);
});

void test('what was not written is tried again, where the partition is led then; what was written is not', async () => {
  const { asked, clock, leadBy, send, written } = start();
  send('x', 10, [0, 1]);
  await asked[0]!.answer((_topic, partition) =>
    partition === 0 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NONE,
  );
  assert.equal(asked.length, 1, 'not at once');
  leadBy('t', 0, 3);
  clock.advance(100);
  assert.equal(asked.length, 2);
  assert.equal(asked[1]!.brokerId, 3);
  assert.deepEqual(asked[1]!.request.markers[0]!.topics, [{ name: 't', partitionIndexes: [0] }]);
  await asked[1]!.answer();
  assert.deepEqual(written, ['x']);
});

void test('no error, no silence and no missing leader is ever taken for written', async () => {
  const { asked, clock, delays, leadBy, send, written } = start();
  leadBy('t', 1, 'none');
  send('x', 10, [0, 1]);
  const errors = [
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.KAFKA_STORAGE_ERROR,
    ErrorCode.TRANSACTION_COORDINATOR_FENCED,
    ErrorCode.UNKNOWN_SERVER_ERROR,
  ];
  for (let attempt = 0; attempt < 60; attempt++) {
    const request = asked[attempt];
    assert(request !== undefined);
    if (attempt % 7 === 6) await request.fail();
    else await request.answer(() => errors[attempt % 7]!);
    clock.advance(1_300);
  }
  assert.deepEqual(written, []);
  assert.equal(
    delays.some(({ partition, reason }) => partition === 1 && /no leader/.test(reason)),
    true,
  );
  assert.equal(
    delays.some(({ partition }) => partition === 0),
    true,
  );
  assert.equal(delays.length < 10, true, 'told of now and then, not with each attempt');
  leadBy('t', 1, 1);
  clock.advance(1_300);
  for (let at = 60; at < asked.length; at++) await asked[at]!.answer();
  assert.deepEqual(written, ['x']);
});

void test('attempts become rarer, up to one a second', async () => {
  const { asked, clock, send } = start();
  send('x', 10, [0]);
  const times: number[] = [];
  let answered = 0;
  for (let ms = 0; ms < 20_000; ms += 5) {
    while (answered < asked.length) {
      times.push(clock.monotonic());
      await asked[answered++]!.answer(() => ErrorCode.NOT_LEADER_OR_FOLLOWER);
    }
    clock.advance(5);
  }
  const gaps = times.slice(1).map((time, at) => time - times[at]!);
  assert.equal(gaps[0]! <= 30, true);
  assert.equal(
    gaps.every((gap) => gap <= 1_250),
    true,
  );
  assert.equal(gaps.length < 40, true);
});

void test('a partition that the metadata do not have, and an epoch that has passed, need no marker', async () => {
  const { asked, clock, leadBy, send, written } = start();
  leadBy('t', 0, 'gone');
  send('x', 10, [0, 1, 2]);
  await asked[0]!.answer((_topic, partition) =>
    partition === 1 ? ErrorCode.INVALID_PRODUCER_EPOCH : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  );
  leadBy('t', 2, 'gone');
  clock.advance(100);
  assert.deepEqual(written, ['x']);
});

void test('an answer that leaves partitions out has not written them', async () => {
  const { asked, clock, send, written } = start();
  send('x', 10, [0]);
  send('y', 11, [0]);
  const [first] = asked;
  assert(first !== undefined);
  first.request.markers.length = 0;
  await first.answer();
  clock.advance(100);
  await asked[1]!.answer();
  await asked[2]!.answer();
  assert.deepEqual(written.toSorted(), ['x', 'y']);
});

void test('an owner who is not the coordinator any longer is forgotten, and answers for it too', async () => {
  const { asked, clock, owner, send, sender, written } = start();
  send('x', 10, [0]);
  const next = {};
  send('x again', 10, [0], next);
  send('y', 11, [0]);
  sender.forget(owner);
  await asked[0]!.answer();
  assert.deepEqual(written, []);
  clock.advance(10_000);
  assert.deepEqual(producersIn(asked[1]!), [10]);
  await asked[1]!.answer();
  assert.deepEqual(written, ['x again']);
  assert.equal(sender.pending, 0);
});

void test('two decisions of one producer id are not in one request', async () => {
  const { asked, send, written } = start();
  send('other', 9, [0]);
  send('x', 10, [0]);
  send('x again', 10, [1], {});
  await asked[0]!.answer();
  assert.deepEqual(producersIn(asked[1]!), [10]);
  await asked[1]!.answer();
  await asked[2]!.answer();
  assert.deepEqual(written, ['other', 'x', 'x again']);
});

void test('a sender that is closed sends nothing more', async () => {
  const { asked, clock, send, sender, written } = start();
  send('x', 10, [0]);
  await asked[0]!.answer(() => ErrorCode.NOT_LEADER_OR_FOLLOWER);
  sender.close();
  clock.advance(10_000);
  send('y', 11, [0]);
  assert.equal(asked.length, 1);
  assert.deepEqual(written, []);
});
