// The group coordinator from request to response, over a log in memory and simulated time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { newHeartbeatRequest } from '@moldau/protocol/generated/heartbeat.ts';
import { newOffsetCommitRequest } from '@moldau/protocol/generated/offset-commit.ts';
import { newOffsetFetchRequest } from '@moldau/protocol/generated/offset-fetch.ts';
import { newSyncGroupRequest } from '@moldau/protocol/generated/sync-group.ts';
import { CoordinatorWorld, bytes } from './coordinator-world.ts';

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
