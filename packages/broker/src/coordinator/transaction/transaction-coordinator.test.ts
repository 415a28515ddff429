// What the stories of transaction-scenarios.ts cannot tell of a real Kafka: what is durable when, markers that are held up, restarts, time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import { TransactionTranscript } from './transaction-transcript.ts';
import { TransactionWorld } from './transaction-world.ts';
import type { TransactionSettings } from './transaction-settings.ts';

async function open(settings: Partial<TransactionSettings> = {}) {
  const world = await TransactionWorld.start(settings);
  const t = new TransactionTranscript(world.stage());
  return { world, t };
}

/** With an open transaction of `a` in two partitions. */
async function begun(settings: Partial<TransactionSettings> = {}) {
  const told = await open(settings);
  await told.t.init('a');
  await told.t.add('a', ['orders-0', 'payments-1'], { version: 5 });
  told.t.read();
  return told;
}

const lines = (...text: string[]): string => text.join('\n');

void test('no answer before its records are durable, and no marker before the decision is', async () => {
  const { world, t } = await open();
  await t.init('a');
  world.settlesAtOnce = false;
  const { id: producerId, epoch: producerEpoch } = t.producer('a');
  const request = { transactionalId: 'x', producerId, producerEpoch };
  const answers: string[] = [];
  const { coordinator } = world;
  void coordinator
    .addPartitionsToTxn(
      {
        transactions: [{ ...request, verifyOnly: false, topics: [{ name: 'orders', partitions: [0] }] }],
        v3AndBelowTransactionalId: '',
        v3AndBelowProducerId: 0,
        v3AndBelowProducerEpoch: 0,
        v3AndBelowTopics: [],
      },
      { apiVersion: 5 },
    )
    .then(() => answers.push('added'));
  void coordinator
    .endTxn({ ...request, committed: true }, { apiVersion: 5 })
    .then(() => answers.push('ended'));
  await world.settle();
  assert.deepEqual(answers, []);
  world.log.settle(1);
  await world.settle();
  assert.deepEqual(answers, ['added']);
  assert.deepEqual(world.markerRequests, []);
  world.log.settle(1);
  await world.settle();
  assert.deepEqual(answers, ['added', 'ended']);
  assert.equal(world.written.length, 1);
});

void test('a decision that is discarded has not happened: nothing is written, and it may be decided otherwise', async () => {
  const { world, t } = await begun();
  world.settlesAtOnce = false;
  const { id: producerId, epoch: producerEpoch } = t.producer('a');
  const commit = world.coordinator.endTxn(
    { transactionalId: 'x', producerId, producerEpoch, committed: true },
    { apiVersion: 5 },
  );
  world.log.discard();
  assert.equal((await commit).errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE);
  world.settlesAtOnce = true;
  assert.deepEqual(world.written, []);
  await t.describe();
  await t.abort('a');
  assert.equal(
    t.read(),
    lines('describe', '  NONE Ongoing P1/0 begun orders-0 payments-1', 'a aborts', '  NONE P1/1'),
  );
  assert.deepEqual(
    world.written.map(({ topic, partition, committed, producerEpoch: epoch }) => [
      topic,
      partition,
      committed,
      epoch,
    ]),
    [
      ['orders', 0, false, 1],
      ['payments', 1, false, 1],
    ],
  );
});

void test('while markers are not written the id is busy, whoever asks', async () => {
  const { world, t } = await begun();
  world.writeMarker = ({ topic }) =>
    topic === 'payments' ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.NONE;
  t.copy('a', 'before');
  await t.commit('a');
  await t.init('b');
  await t.add('a', ['orders-1'], { version: 5 });
  await t.commit('before');
  await t.abort('before');
  await t.commit('a');
  await t.abort('a');
  await t.verify('a', ['orders-0']);
  await t.describe();
  assert.equal(
    t.read(),
    lines(
      'a commits',
      '  NONE P1/1',
      'b inits',
      '  CONCURRENT_TRANSACTIONS -',
      'a adds orders-1 (version 5)',
      '  orders-1 CONCURRENT_TRANSACTIONS',
      'before commits',
      '  CONCURRENT_TRANSACTIONS -',
      'before aborts',
      '  CONCURRENT_TRANSACTIONS -',
      'a commits',
      '  CONCURRENT_TRANSACTIONS -',
      'a aborts',
      '  CONCURRENT_TRANSACTIONS -',
      "a's orders-0 verified",
      '  orders-0 CONCURRENT_TRANSACTIONS',
      'describe',
      '  NONE PrepareCommit P1/1 begun orders-0 payments-1',
    ),
  );
  world.writeMarker = () => ErrorCode.NONE;
  await world.advance(2_000);
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteCommit P1/1 begun'));
  assert.equal(world.written.length, 2, 'what was written is not written again');
});

void test('a restart resumes what is decided, in the next epoch of the coordinator, and waits for leaders', async () => {
  const { world, t } = await begun();
  world.writeMarker = () => Promise.reject(new Error('cut off'));
  await t.commit('a');
  world.writeMarker = () => ErrorCode.NONE;
  // Nobody leads the partitions yet, as it may be after a restart of everything (KAFKA-20734).
  world.leaderOf = () => -1;
  await world.restart();
  await world.advance(60_000);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE PrepareCommit P1/1 begun orders-0 payments-1'));
  assert.equal(world.delays.length > 0, true, 'it is told that the markers are overdue');
  world.leaderOf = (topic) => (topic === 'orders' ? 1 : 2);
  await world.advance(2_000);
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteCommit P1/1 begun'));
  assert.deepEqual(
    world.written.map(({ topic, partition, committed, coordinatorEpoch, transactionVersion }) => ({
      at: `${topic}-${partition}`,
      committed,
      coordinatorEpoch,
      transactionVersion,
    })),
    [
      { at: 'orders-0', committed: true, coordinatorEpoch: 2, transactionVersion: 2 },
      { at: 'payments-1', committed: true, coordinatorEpoch: 2, transactionVersion: 2 },
    ],
  );
});

void test('a partition of a topic that was deleted needs no marker', async () => {
  const { world, t } = await begun();
  world.topics.delete('payments');
  await t.abort('a');
  await t.describe();
  assert.equal(t.read(), lines('a aborts', '  NONE P1/1', 'describe', '  NONE CompleteAbort P1/1 begun'));
  assert.deepEqual(
    world.written.map(({ topic }) => topic),
    ['orders'],
  );
});

void test('who leads the coordinator no longer sends no more markers; who does begins again', async () => {
  const { world, t } = await begun();
  world.writeMarker = () => ErrorCode.NOT_LEADER_OR_FOLLOWER;
  await t.commit('a');
  world.coordinator.onResigned(0);
  const before = world.markerRequests.length;
  await world.advance(10_000);
  assert.equal(world.markerRequests.length, before);
  assert.equal(world.coordinator.pendingMarkers, 0);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NOT_COORDINATOR P2/0 0'));
  world.writeMarker = () => ErrorCode.NONE;
  await world.lead();
  await world.durable();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteCommit P1/1 begun'));
});

void test('the end that could not be stored is stored later', async () => {
  const { world, t } = await begun();
  let refuse = true;
  world.writeMarker = () => {
    if (refuse) world.log.refusal = new Error('full');
    return ErrorCode.NONE;
  };
  await t.commit('a');
  assert.equal(world.errors.length, 1);
  refuse = false;
  world.log.refusal = undefined;
  await world.advance(1_000);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteCommit P1/1 begun'));
});

void test('nothing is coordinated while the log is read', async () => {
  const { world, t } = await begun();
  world.coordinator.close();
  let loaded: () => void = () => {};
  const slow = world.log.restarted();
  const load = slow.load.bind(slow);
  slow.load = async (visitor) => {
    await new Promise<void>((resolve) => {
      loaded = resolve;
    });
    return load(visitor);
  };
  const leading = world.coordinator.onLeader(0, 9, slow);
  world.log = slow;
  await t.init('b');
  await t.describe();
  await t.list();
  assert.equal(
    t.read(),
    lines(
      'b inits',
      '  COORDINATOR_LOAD_IN_PROGRESS -',
      'describe',
      '  COORDINATOR_LOAD_IN_PROGRESS P2/0 0',
      'list',
      '  COORDINATOR_LOAD_IN_PROGRESS',
    ),
  );
  loaded();
  await leading;
  await t.list();
  assert.equal(t.read(), lines('list', '  NONE P1 Ongoing'));
});

void test('the time-out of a transaction counts from its beginning, over a restart too', async () => {
  const { world, t } = await open({ abortTimedOutIntervalMs: 1_000 });
  await t.init('a', { timeout: 60_000 });
  await t.add('a', ['orders-0'], { version: 5 });
  await world.advance(40_000);
  await t.add('a', ['orders-1'], { version: 5 });
  await world.restart();
  await world.advance(19_000);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE Ongoing P1/0 begun orders-0 orders-1'));
  await world.advance(2_000);
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteAbort P1/1 begun'));
  assert.equal(
    world.written.every(({ committed }) => !committed),
    true,
  );
});

void test('of many that run out of time at once each that is decided gets its markers, though others could not be stored', async () => {
  const { world, t } = await open({ abortTimedOutIntervalMs: 1_000 });
  world.log.maxBatchBytes = 250;
  for (const name of ['a', 'b', 'c']) {
    await t.init(name, { transactionalId: name, timeout: 5_000 });
    await t.add(name, ['orders-0'], { version: 5, transactionalId: name });
  }
  world.clock.advance(6_000);
  assert.equal(world.log.open, 3);
  world.log.settle(1);
  world.log.discard();
  await world.settle();
  assert.equal(world.written.length, 1, 'of the first, which is decided');
  await world.advance(2_000);
  assert.deepEqual(
    new Set(world.written.map(({ producerId }) => producerId)),
    new Set(['a', 'b', 'c'].map((name) => t.producer(name).id)),
  );
  assert.equal(world.coordinator.pendingMarkers, 0);
});

void test('a transaction whose end does not fit into the log does not keep others open', async () => {
  const { world, t } = await open({ abortTimedOutIntervalMs: 1_000 });
  for (const [name, partitions] of [
    ['a', Array.from({ length: 50 }, (_, partition) => `__consumer_offsets-${partition}`)],
    ['b', ['orders-0']],
  ] as const) {
    await t.init(name, { transactionalId: name, timeout: 5_000 });
    await t.add(name, partitions, { version: 5, transactionalId: name });
  }
  // Somebody has lowered `max.message.bytes` of __transaction_state.
  world.log.maxBatchBytes = 250;
  await world.advance(6_000);
  assert.deepEqual(
    world.written.map(({ producerId }) => producerId),
    [t.producer('b').id],
  );
  assert.match(String(world.errors[0]), /do not fit/);
  world.log.maxBatchBytes = 1_000_000;
  await world.advance(6_000);
  assert.equal(world.written.length, 51);
});

void test('a clock that is set back while nobody runs does not keep a transaction open', async () => {
  const { world, t } = await open({ abortTimedOutIntervalMs: 1_000 });
  await t.init('a', { timeout: 60_000 });
  await t.add('a', ['orders-0'], { version: 5 });
  world.clock.jump(-24 * 3_600_000);
  await world.restart();
  await world.advance(62_000);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteAbort P1/1 begun'));
});

void test('a transaction that others coordinate has all the time of the world (KIP-939)', async () => {
  const { world, t } = await open({ twoPhaseCommit: true });
  await t.init('a', { version: 6, twoPhase: true });
  await t.add('a', ['orders-0'], { version: 5 });
  for (let day = 0; day < 30; day++) await world.advance(24 * 3_600_000);
  await world.restart();
  await world.advance(24 * 3_600_000);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE Ongoing P1/0 begun orders-0'));
});

void test('ids that nobody uses are forgotten, those with a transaction are not', async () => {
  const { world, t } = await begun({ idExpirationMs: 3_600_000 * 5, twoPhaseCommit: true });
  const other = new TransactionTranscript(world.stage(), 'other');
  await other.init('b', { version: 6, twoPhase: true });
  await other.add('b', ['orders-0'], { version: 5 });
  await t.commit('a');
  await world.advance(3_600_000 * 4);
  t.read();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  NONE CompleteCommit P1/1 begun'));
  await world.advance(3_600_000 * 2);
  await t.describe();
  await t.commit('a');
  other.read();
  await other.describe();
  assert.equal(
    t.read(),
    lines('describe', '  TRANSACTIONAL_ID_NOT_FOUND P2/0 0', 'a commits', '  INVALID_PRODUCER_ID_MAPPING -'),
  );
  assert.equal(other.read(), lines('describe', '  NONE Ongoing P1/0 begun orders-0'));
  await world.restart();
  await t.describe();
  assert.equal(t.read(), lines('describe', '  TRANSACTIONAL_ID_NOT_FOUND P2/0 0'), 'after a restart too');
});

void test('producer ids that are not at hand are waited for', async () => {
  const { world, t } = await open();
  world.producerIdsAtHand = 0;
  await t.init('a');
  await t.init('n', { transactionalId: null });
  assert.equal(t.read(), lines('a inits', '  NONE P1/0', 'n inits (transactionalId null)', '  NONE P2/0'));
});

void test('as many ids as a partition may have, and no more', async () => {
  const { world, t } = await open({ maxIdsPerPartition: 1 });
  await t.init('a');
  await t.init('b', { transactionalId: 'second' });
  await t.init('a');
  assert.equal(
    t.read(),
    lines(
      'a inits',
      '  NONE P1/0',
      'b inits (transactionalId second)',
      '  COORDINATOR_NOT_AVAILABLE -',
      'a inits',
      '  NONE P1/1',
    ),
  );
  assert.deepEqual(world.errors, []);
});

void test('under transaction.version 0 and 1 the coordinator itself ends transactions without the second epoch', async () => {
  for (const version of [0, 1]) {
    const { world, t } = await open({ abortTimedOutIntervalMs: 1_000 });
    world.transactionVersion = version;
    await t.init('a', { timeout: 5_000, version: 2 });
    await t.add('a', ['orders-0']);
    await world.advance(7_000);
    await t.describe();
    await t.commit('a', { version: 3 });
    await world.restart();
    await t.describe();
    assert.deepEqual(t.read().split('\n').slice(4), [
      'describe',
      '  NONE CompleteAbort P1/1 begun',
      'a commits (version 3)',
      '  PRODUCER_FENCED',
      'describe',
      '  NONE CompleteAbort P1/1 begun',
    ]);
    assert.deepEqual(
      world.written.map(({ producerEpoch, transactionVersion }) => [producerEpoch, transactionVersion]),
      [[1, 0]],
    );
  }
});

void test('a log that cannot be read leaves nobody coordinated, and says so', async () => {
  const { world, t } = await open();
  const broken = new MemoryCoordinatorLog();
  broken.load = () => Promise.reject(new Error('corrupt'));
  await assert.rejects(world.coordinator.onLeader(0, 5, broken), /corrupt/);
  await t.init('a');
  assert.equal(t.read(), lines('a inits', '  NOT_COORDINATOR -'));
});

void test('a fenced producer is not taken for one whose answer was lost (Kafka 4.3.1 gives it the epoch of the next)', async () => {
  const { t } = await open();
  await t.init('zombie');
  await t.init('next');
  await t.add('next', ['orders-0']);
  await t.commit('next', { version: 4 });
  t.read();
  await t.commit('zombie');
  assert.equal(t.read(), lines('zombie commits', '  PRODUCER_FENCED -'));
});

void test('the next transaction, begun before the last has ended, waits for that and for no longer than it should', async () => {
  const { world, t } = await begun({ clientWaitsForEndMs: 50 });
  const held: (() => void)[] = [];
  world.writeMarker = () =>
    new Promise((resolve) => {
      held.push(() => resolve(ErrorCode.NONE));
    });
  const { id: producerId, epoch } = t.producer('a');
  const ended = world.coordinator.endTxn(
    { transactionalId: 'x', producerId, producerEpoch: epoch, committed: true },
    { apiVersion: 4 },
  );
  await world.durable();
  assert.equal((await ended).errorCode, ErrorCode.NONE);
  const answers: number[] = [];
  const add = (): void =>
    void world.coordinator
      .addOffsetsToTxn(
        { transactionalId: 'x', producerId, producerEpoch: epoch, groupId: 'g' },
        { apiVersion: 4 },
      )
      .then(({ errorCode }) => answers.push(errorCode));
  add();
  await world.durable();
  assert.deepEqual(answers, []);
  await world.advance(50);
  assert.deepEqual(answers, [ErrorCode.CONCURRENT_TRANSACTIONS], 'its time is up');
  add();
  await world.durable();
  for (const write of held) write();
  await world.durable();
  assert.deepEqual(answers, [ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NONE]);
});
