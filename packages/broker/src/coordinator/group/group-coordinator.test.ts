// The group coordinator from request to response, over a log in memory and simulated time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { newHeartbeatRequest } from '@moldau/protocol/generated/heartbeat.ts';
import { newOffsetCommitRequest } from '@moldau/protocol/generated/offset-commit.ts';
import { newOffsetFetchRequest } from '@moldau/protocol/generated/offset-fetch.ts';
import { newSyncGroupRequest } from '@moldau/protocol/generated/sync-group.ts';
import { uuidFromString } from '@moldau/protocol/uuid.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import { CoordinatorWorld, bytes } from './coordinator-world.ts';
import { GroupTranscript } from './group-transcript.ts';

void test('a consumer joins, gets its assignment, commits, and finds its offsets after a restart', async () => {
  const world = await CoordinatorWorld.start();
  const joined = await world.joinAlone('g', 'client');
  assert.equal(joined.errorCode, ErrorCode.NONE);
  assert.equal(joined.generationId, 1);
  assert.equal(joined.leader, joined.memberId);
  assert.deepEqual(
    joined.members.map(({ memberId }) => memberId),
    [joined.memberId],
  );

  const { memberId, generationId } = joined;
  const names = { protocolType: 'consumer', protocolName: 'range' };
  const synced = await world.durably(
    world.coordinator.syncGroup(
      newSyncGroupRequest({
        groupId: 'g',
        memberId,
        generationId,
        ...names,
        assignments: [{ memberId, assignment: bytes('all') }],
      }),
      world.client(5),
    ),
  );
  assert.equal(synced.errorCode, ErrorCode.NONE);
  assert.deepEqual(synced.assignment, bytes('all'));

  const beat = await world.coordinator.heartbeat(
    newHeartbeatRequest({ groupId: 'g', memberId, generationId }),
    world.client(4),
  );
  assert.equal(beat.errorCode, ErrorCode.NONE);

  const committed = await world.durably(
    world.coordinator.offsetCommit(
      newOffsetCommitRequest({
        groupId: 'g',
        memberId,
        generationIdOrMemberEpoch: generationId,
        topics: [
          {
            name: 'orders',
            topicId: new Uint8Array(16),
            partitions: [
              { partitionIndex: 1, committedOffset: 42, committedLeaderEpoch: 3, committedMetadata: 'm' },
              { partitionIndex: 9, committedOffset: 42, committedLeaderEpoch: 3, committedMetadata: 'm' },
            ],
          },
        ],
      }),
      world.client(9),
    ),
  );
  assert.deepEqual(
    committed.topics[0]?.partitions.map(({ errorCode }) => errorCode),
    [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
  );

  await world.restart();
  const fetched = await world.coordinator.offsetFetch(
    newOffsetFetchRequest({ groups: [{ groupId: 'g', memberId: null, memberEpoch: -1, topics: null }] }),
    world.client(9),
  );
  assert.deepEqual(fetched.groups[0]?.topics[0]?.partitions, [
    { partitionIndex: 1, committedOffset: 42, committedLeaderEpoch: 3, metadata: 'm', errorCode: 0 },
  ]);
  const beatAgain = await world.coordinator.heartbeat(
    newHeartbeatRequest({ groupId: 'g', memberId, generationId }),
    world.client(4),
  );
  assert.equal(beatAgain.errorCode, ErrorCode.NONE, 'members go on in their generation after a restart');
});

/** a and b in generation 1, a leading; the leader's SyncGroup is not durable. */
async function unstored(world: CoordinatorWorld): Promise<GroupTranscript> {
  const transcript = new GroupTranscript(world.stage());
  for (const name of ['a', 'a', 'b', 'b']) await transcript.join(name);
  await transcript.pass(3_000);
  await transcript.sync('b');
  world.settlesAtOnce = false;
  await transcript.sync('a', { a: 'p0', b: 'p1' });
  return transcript;
}

void test('assignments are seen once they are durable, and so is all that follows', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = await unstored(world);
  await transcript.heartbeat('b');
  transcript.read();
  world.log.settle();
  await world.settle();
  assert.equal(transcript.read(), ['  a is assigned: p0', '  b is assigned: p1', '  b: NONE'].join('\n'));
});

void test('assignments that are lost have never been: the leader is told to try again, followers go on waiting', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = await unstored(world);
  await transcript.heartbeat('b');
  transcript.read();
  world.log.discard();
  await world.settle();
  assert.equal(
    transcript.read(),
    ['  a synced: COORDINATOR_NOT_AVAILABLE', '  b: COORDINATOR_NOT_AVAILABLE'].join('\n'),
  );
  world.settlesAtOnce = true;
  await transcript.sync('a', { a: 'p2', b: 'p3' });
  assert.equal(transcript.read(), ['a syncs', '  a is assigned: p2', '  b is assigned: p3'].join('\n'));
});

void test('a full disk refuses commits, and takes them when there is space again', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = new GroupTranscript(world.stage());
  world.log.refusal = new Error('no space');
  await transcript.commit(undefined, 1);
  await transcript.fetch();
  world.log.refusal = undefined;
  await transcript.commit(undefined, 2);
  await transcript.fetch();
  assert.equal(
    transcript.read(),
    [
      'someone commits 1',
      '  committed: COORDINATOR_NOT_AVAILABLE',
      'fetch',
      '  offsets: ',
      'someone commits 2',
      '  committed: NONE',
      'fetch',
      '  offsets: orders-0=2',
    ].join('\n'),
  );
});

void test('members have their whole session after a restart, and are gone if they do not use it', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = new GroupTranscript(world.stage());
  for (const name of ['a', 'a', 'b', 'b']) await transcript.join(name);
  await transcript.pass(3_000);
  await transcript.sync('a', { a: 'p0', b: 'p1' });
  await transcript.sync('b');
  await transcript.pass(9_000);
  await world.restart();
  transcript.read();
  await transcript.pass(9_000);
  await transcript.heartbeat('a');
  await transcript.pass(2_000);
  await transcript.heartbeat('a');
  await transcript.join('a');
  assert.equal(
    transcript.read(),
    [
      '9000 ms',
      'a beats',
      '  a: NONE',
      '2000 ms',
      'a beats',
      '  a: REBALANCE_IN_PROGRESS',
      'a joins',
      '  a joined: generation 2 of consumer, range, leader a, members a(orders)',
    ].join('\n'),
  );
});

void test('a group that is larger than allowed after a restart is rebalanced, and the last to join are turned away', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = new GroupTranscript(world.stage());
  for (const name of ['a', 'a', 'b', 'b']) await transcript.join(name);
  await transcript.pass(3_000);
  await transcript.sync('a', { a: 'p0', b: 'p1' });
  await world.restart({ maxGroupSize: 1 });
  transcript.read();
  for (const name of ['b', 'a']) await transcript.join(name);
  assert.equal(
    transcript.read(),
    ['b joins', 'a joins', '  a joined: GROUP_MAX_SIZE_REACHED', ''].join('\n').trimEnd(),
  );
});

void test('a member whose sync waits is told when it is removed', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = new GroupTranscript(world.stage());
  for (const name of ['a', 'a', 'b', 'b']) await transcript.join(name);
  await transcript.pass(3_000);
  await transcript.sync('b');
  transcript.read();
  await transcript.leave('b');
  assert.equal(transcript.read(), ['b leave', '  NONE, b NONE', '  b synced: UNKNOWN_MEMBER_ID'].join('\n'));
});

void test('offsets go with their topic, and those of a new topic of the name stay', async () => {
  const world = await CoordinatorWorld.start();
  const transcript = new GroupTranscript(world.stage());
  const id = world.topics.get('orders')?.id ?? '';
  await transcript.commit(undefined, 5);
  await transcript.commit(undefined, 6, { topic: 'payments' });
  world.topics.set('orders', { id: 'AAAAAAAAAAAAAAAAAAAACQ', partitions: 3 });
  transcript.read();
  await transcript.fetch();
  assert.equal(
    transcript.read(),
    'fetch\n  offsets: payments-0=6',
    'an offset of the old topic is not fetched for the new one',
  );
  await transcript.commit(undefined, 1);
  await world.durably(world.coordinator.topicsDeleted([{ name: 'orders', id }]));
  await world.restart();
  transcript.read();
  await transcript.fetch();
  assert.equal(transcript.read(), 'fetch\n  offsets: orders-0=1 payments-0=6');
  const deleted = world.coordinator.topicsDeleted([
    { name: 'payments', id: world.topics.get('payments')?.id ?? '' },
  ]);
  await world.durably(deleted);
  await transcript.fetch();
  assert.equal(transcript.read(), 'fetch\n  offsets: orders-0=1');
});

void test('topics by id, in the versions that name them so', async () => {
  const world = await CoordinatorWorld.start();
  const { coordinator } = world.stage();
  const known = uuidFromString(world.topics.get('orders')?.id ?? '');
  const unknown = uuidFromString('BBBBBBBBBBBBBBBBBBBBBA');
  const partitions = [
    { partitionIndex: 0, committedOffset: 9, committedLeaderEpoch: 2, committedMetadata: null },
  ];
  const topics = [known, unknown].map((topicId) => ({ name: '', topicId, partitions }));
  const committed = await world.durably(
    coordinator.offsetCommit(newOffsetCommitRequest({ groupId: 'g', topics }), world.client(10)),
  );
  assert.deepEqual(
    committed.topics.map(({ partitions: [partition] }) => partition?.errorCode),
    [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_ID],
  );
  const wanted = [unknown, known].map((topicId) => ({ name: '', topicId, partitionIndexes: [0] }));
  const groups = [wanted, null].map((asked) => ({
    groupId: 'g',
    memberId: null,
    memberEpoch: -1,
    topics: asked,
  }));
  const fetched = await coordinator.offsetFetch(newOffsetFetchRequest({ groups }), world.client(10));
  assert.deepEqual(
    fetched.groups.map((group) =>
      group.topics.map(({ topicId, partitions: [partition] }) => [
        topicId[0] === unknown[0],
        partition?.committedOffset,
        partition?.errorCode,
      ]),
    ),
    [
      [
        [true, -1, ErrorCode.UNKNOWN_TOPIC_ID],
        [false, 9, ErrorCode.NONE],
      ],
      [[false, 9, ErrorCode.NONE]],
    ],
  );
});

void test('a broker that does not coordinate says so in the way of each API', async () => {
  const world = await CoordinatorWorld.start();
  world.coordinator.onResigned(0);
  const transcript = new GroupTranscript(world.stage());
  await transcript.join('a');
  await transcript.sync('a');
  await transcript.heartbeat('a');
  await transcript.leave('a');
  await transcript.commit(undefined, 1);
  await transcript.fetch();
  await transcript.deleteOffsets('orders');
  await transcript.describe();
  await transcript.deleteGroup();
  await transcript.list();
  const answers = transcript
    .read()
    .split('\n')
    .filter((line) => line.startsWith(' '));
  assert.deepEqual(
    answers.slice(0, -1).filter((line) => !line.includes('NOT_COORDINATOR')),
    [],
  );
  assert.equal(answers.at(-1), '  NONE', 'it lists what it has: nothing');
  const old = newOffsetFetchRequest({ groupId: 'g', topics: [{ name: 'orders', partitionIndexes: [0] }] });
  const v1 = await world.stage().coordinator.offsetFetch(old, world.client(1));
  assert.equal(
    v1.topics[0]?.partitions[0]?.errorCode,
    ErrorCode.NOT_COORDINATOR,
    'version 1 has no other place for it',
  );
});

void test('while groups are being read, heartbeats are good and everything else is to come again', async () => {
  const world = await CoordinatorWorld.start();
  let loaded = (): void => {};
  const log = new MemoryCoordinatorLog();
  log.load = () => new Promise((resolve) => (loaded = resolve));
  const loading = world.coordinator.onLeader(0, 99, log);
  const transcript = new GroupTranscript(world.stage());
  await transcript.heartbeat('a');
  await transcript.join('a');
  await transcript.list();
  assert.equal(
    transcript.read(),
    [
      'a beats',
      '  a: NONE',
      'a joins',
      '  a joined: COORDINATOR_LOAD_IN_PROGRESS',
      'list ',
      '  COORDINATOR_LOAD_IN_PROGRESS',
    ].join('\n'),
  );
  loaded();
  await loading;
  await transcript.list();
  assert.equal(transcript.read(), 'list \n  NONE');
});

void test('what does not fit into a record is refused with an error that says so', async () => {
  const world = await CoordinatorWorld.start({ maxMemberMetadataBytes: 100 });
  const transcript = new GroupTranscript(world.stage());
  await transcript.join('a', { protocols: [`range:${'x'.repeat(100)}`] });
  world.log.maxBatchBytes = 100;
  await transcript.commit(undefined, 1);
  assert.equal(
    transcript.read(),
    [
      'a joins',
      '  a joined: MESSAGE_TOO_LARGE',
      'someone commits 1',
      '  committed: INVALID_COMMIT_OFFSET_SIZE',
    ].join('\n'),
  );
});

void test('groups beyond the limit of a partition are refused', async () => {
  const world = await CoordinatorWorld.start({ maxGroupsPerPartition: 1 });
  const stage = world.stage();
  await new GroupTranscript(stage, 'first').commit(undefined, 1);
  const second = new GroupTranscript(stage, 'second');
  await second.commit(undefined, 1);
  await second.join('a');
  assert.equal(
    second.read(),
    [
      'someone commits 1',
      '  committed: POLICY_VIOLATION',
      'a joins',
      '  a joined: GROUP_MAX_SIZE_REACHED',
    ].join('\n'),
  );
});
