// What partitions ask the coordinators of transactions: gathered by broker, answered as producers understand it.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { CoordinatorPartitionVerifier } from './coordinator-partition-verifier.ts';

const OWN = 1;
const OTHER = 2;

interface Asked {
  readonly brokerId: number;
  readonly request: AddPartitionsToTxnRequest;
  answer(errorOf?: (topic: string, partition: number) => ErrorCode, whole?: ErrorCode): Promise<void>;
  fail(): Promise<void>;
}

function start(coordinator: number | null = OTHER) {
  const clock = new SimulatedClock();
  const asked: Asked[] = [];
  const verifier = new CoordinatorPartitionVerifier({
    clock,
    brokerId: OWN,
    coordinatorOf: () => coordinator ?? undefined,
    addPartitionsToTxn: (brokerId, request) =>
      new Promise<AddPartitionsToTxnResponse>((resolve, reject) => {
        asked.push({
          brokerId,
          request,
          answer: async (errorOf = () => ErrorCode.NONE, whole = ErrorCode.NONE) => {
            resolve({
              throttleTimeMs: 0,
              errorCode: whole,
              resultsByTopicV3AndBelow: [],
              resultsByTransaction: request.transactions.map(({ transactionalId, topics }) => ({
                transactionalId,
                topicResults: topics.map(({ name, partitions }) => ({
                  name,
                  resultsByPartition: partitions.map((partitionIndex) => ({
                    partitionIndex,
                    partitionErrorCode: errorOf(name, partitionIndex),
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
  });
  const answers: string[] = [];
  const ask = (partition: number, mode: 'verify' | 'add' = 'verify', producerEpoch = 3, id = 'x'): void => {
    void verifier
      .ask({ transactionalId: id, producerId: 7, producerEpoch, topic: 't', partition }, mode)
      .then((error) => answers.push(`${partition} ${errorName(error)}`));
  };
  return { clock, asked, answers, ask };
}

void test('while a request is under way, what is asked of the same broker gathers', async () => {
  const { asked, answers, ask } = start();
  for (const partition of [0, 1, 2]) ask(partition);
  ask(2);
  ask(3, 'verify', 3, 'y');
  ask(4, 'add');
  assert.equal(asked.length, 1);
  await asked[0]!.answer();
  assert.deepEqual(answers, ['0 NONE']);
  assert.deepEqual(
    asked[1]!.request.transactions.map(({ transactionalId, verifyOnly, topics }) => ({
      transactionalId,
      verifyOnly,
      partitions: topics[0]?.partitions,
    })),
    [
      { transactionalId: 'x', verifyOnly: true, partitions: [1, 2] },
      { transactionalId: 'y', verifyOnly: true, partitions: [3] },
      { transactionalId: 'x', verifyOnly: false, partitions: [4] },
    ],
  );
  await asked[1]!.answer((_topic, partition) =>
    partition === 2 ? ErrorCode.TRANSACTION_ABORTABLE : ErrorCode.NONE,
  );
  assert.deepEqual(answers.slice(1).toSorted(), [
    '1 NONE',
    '2 TRANSACTION_ABORTABLE',
    '2 TRANSACTION_ABORTABLE',
    '3 NONE',
    '4 NONE',
  ]);
});

void test('of this broker itself everything that comes at once is asked together, and nothing waits for an answer', async () => {
  const { asked, answers, ask, clock } = start(OWN);
  for (const partition of [0, 1, 2]) ask(partition, 'add');
  assert.equal(asked.length, 0);
  clock.advance(0);
  assert.deepEqual(asked[0]!.request.transactions[0]!.topics, [{ name: 't', partitions: [0, 1, 2] }]);
  ask(3, 'add');
  clock.advance(0);
  assert.equal(asked.length, 2);
  await asked[1]!.answer();
  assert.deepEqual(answers, ['3 NONE']);
});

void test('two producers of one id are told apart', async () => {
  const { asked, answers, ask, clock } = start(OWN);
  ask(0, 'add', 3);
  ask(0, 'add', 4);
  clock.advance(0);
  const epochs = asked[0]!.request.transactions.map(({ producerEpoch }) => producerEpoch);
  assert.deepEqual(epochs, [3, 4]);
  let answered = 0;
  await asked[0]!.answer(() => (answered++ === 0 ? ErrorCode.PRODUCER_FENCED : ErrorCode.NONE));
  assert.deepEqual(answers, ['0 INVALID_PRODUCER_EPOCH', '0 NONE']);
});

for (const [error, verified, added] of [
  ['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_EPOCH'],
  ['INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING', 'INVALID_PRODUCER_ID_MAPPING'],
  ['CONCURRENT_TRANSACTIONS', 'NOT_ENOUGH_REPLICAS', 'CONCURRENT_TRANSACTIONS'],
  ['NOT_COORDINATOR', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS'],
  ['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS'],
  ['COORDINATOR_NOT_AVAILABLE', 'NOT_ENOUGH_REPLICAS', 'NOT_ENOUGH_REPLICAS'],
] as const) {
  void test(`a coordinator that says ${error} is heard by producers as ${verified}`, async () => {
    const { asked, answers, ask } = start();
    ask(0, 'verify');
    ask(1, 'add');
    await asked[0]!.answer(() => ErrorCode[error]);
    await asked[1]!.answer(() => ErrorCode[error]);
    assert.deepEqual(answers, [`0 ${verified}`, `1 ${added}`]);
  });
}

void test('no coordinator, no answer, or one about something else: nothing of it is a yes', async () => {
  const nobody = start(null);
  nobody.ask(0);
  await setImmediate();
  assert.deepEqual(nobody.answers, ['0 NOT_ENOUGH_REPLICAS']);
  const { asked, answers, ask } = start();
  ask(0);
  ask(1);
  await asked[0]!.fail();
  assert.deepEqual(answers, ['0 NOT_ENOUGH_REPLICAS']);
  ask(2);
  asked[1]!.request.transactions.length = 0;
  await asked[1]!.answer();
  await asked[2]!.answer(() => ErrorCode.NONE, ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  assert.deepEqual(answers.slice(1), ['1 NOT_ENOUGH_REPLICAS', '2 CLUSTER_AUTHORIZATION_FAILED']);
});
