// A consumer group through the wire, once from its first member to its deletion. Its decisions are tested in coordinator/group/.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { deleteGroupsRequest, deleteGroupsResponse } from '@moldau/protocol/generated/delete-groups.ts';
import { describeGroupsRequest, describeGroupsResponse } from '@moldau/protocol/generated/describe-groups.ts';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
} from '@moldau/protocol/generated/find-coordinator.ts';
import { leaveGroupRequest, leaveGroupResponse } from '@moldau/protocol/generated/leave-group.ts';
import { listGroupsRequest, listGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import { ask } from '../testing/ask.ts';
import { createTopic } from '../testing/calls.ts';
import {
  commitOffset,
  committedOffset,
  findCoordinator,
  heartbeat,
  joinAlone,
  joinGroup,
  syncGroup,
} from '../testing/group-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

async function stateOf(client: SimulatedClient, group: string): Promise<string> {
  return (await ask(client, describeGroupsRequest, describeGroupsResponse, { groups: [group] })).groups[0]!
    .groupState;
}

test('two members share a group; one dies and the other goes on; commits survive power cuts; an empty group can be deleted', () =>
  simulate({ seed: 5 }, async (cluster) => {
    let [one, two] = [await cluster.connect(), await cluster.connect()];
    await createTopic(one, 'topic', 2);
    const first = await joinAlone(one, 'g');
    assert.equal(await heartbeat(one, first), ErrorCode.NONE);
    assert.equal(await commitOffset(one, first, 'topic', 0, 11), ErrorCode.NONE);

    const second = joinGroup(two, 'g');
    await cluster.sleep(10);
    assert.equal(await heartbeat(one, first), ErrorCode.REBALANCE_IN_PROGRESS);
    const leader = await joinGroup(one, 'g', { memberId: first.memberId });
    const follower = await second;
    assert.deepEqual(
      [leader.generationId, follower.generationId, leader.members.length, follower.members.length],
      [2, 2, 2, 0],
    );
    const members = [leader, follower].map(({ memberId, generationId }) => ({
      groupId: 'g',
      memberId,
      generationId,
    }));
    const waiting = syncGroup(two, members[1]!);
    const plan = { [leader.memberId]: 'p0', [follower.memberId]: 'p1' };
    assert.equal(Buffer.from((await syncGroup(one, members[0]!, plan)).assignment).toString(), 'p0');
    assert.equal(Buffer.from((await waiting).assignment).toString(), 'p1');
    assert.equal(await stateOf(one, 'g'), 'Stable');

    // The second falls silent: it is out after its session timeout of 10 s.
    for (let i = 0; i < 12; i++) {
      await cluster.sleep(1000);
      await heartbeat(one, members[0]!);
    }
    assert.equal(await heartbeat(one, members[0]!), ErrorCode.REBALANCE_IN_PROGRESS);
    const alone = await joinGroup(one, 'g', { memberId: leader.memberId });
    assert.equal(alone.members.length, 1);
    await syncGroup(
      one,
      { ...members[0]!, generationId: alone.generationId },
      { [leader.memberId]: 'p0 p1' },
    );

    cluster.powerCut();
    await cluster.start();
    [one, two] = [await cluster.connect(), await cluster.connect()];
    assert.deepEqual(await committedOffset(one, 'g', 'topic', 0), { offset: 11, error: ErrorCode.NONE });
    assert.deepEqual(await committedOffset(one, 'g', 'topic', 1), { offset: -1, error: ErrorCode.NONE });
    const still = { groupId: 'g', memberId: leader.memberId, generationId: alone.generationId };
    assert.equal(await heartbeat(one, still), ErrorCode.NONE);
    assert.equal(await heartbeat(two, members[1]!), ErrorCode.UNKNOWN_MEMBER_ID);

    const busy = await ask(one, deleteGroupsRequest, deleteGroupsResponse, { groupsNames: ['g'] });
    assert.equal(busy.results[0]!.errorCode, ErrorCode.NON_EMPTY_GROUP);
    const left = await ask(one, leaveGroupRequest, leaveGroupResponse, {
      groupId: 'g',
      members: [{ memberId: still.memberId }],
    });
    assert.equal(left.members[0]!.errorCode, ErrorCode.NONE);
    assert.equal(await stateOf(one, 'g'), 'Empty');
    assert.deepEqual(
      (await ask(one, listGroupsRequest, listGroupsResponse, {})).groups.map(({ groupId }) => groupId),
      ['g'],
    );
    const deleted = await ask(one, deleteGroupsRequest, deleteGroupsResponse, { groupsNames: ['g'] });
    assert.equal(deleted.results[0]!.errorCode, ErrorCode.NONE);
    assert.deepEqual(await committedOffset(one, 'g', 'topic', 0), { offset: -1, error: ErrorCode.NONE });
  }));

test('FindCoordinator names one broker for a group, whichever is asked; the others send its members away', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const clients = await Promise.all([0, 1, 2].map((broker) => cluster.connect(broker)));
    const coordinators = new Set<number>();
    for (const group of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const named = await Promise.all(clients.map((client) => findCoordinator(client, group)));
      assert.equal(new Set(named.map(({ nodeId }) => nodeId)).size, 1);
      coordinators.add(named[0]!.nodeId);
      const right = cluster.indexOf(named[0]!.nodeId);
      assert.equal(named[0]!.port, cluster.address(right).port);
      assert.equal((await joinGroup(clients[right]!, group)).errorCode, ErrorCode.NONE);
      const wrong = clients[(right + 1) % 3]!;
      assert.equal((await joinGroup(wrong, group)).errorCode, ErrorCode.NOT_COORDINATOR);
      assert.equal((await committedOffset(wrong, group, 'topic', 0)).error, ErrorCode.NOT_COORDINATOR);
    }
    assert.ok(coordinators.size > 1, 'groups are spread over the brokers');
  }));

test('coordinators of what there is not yet are refused in words', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    for (const [keyType, error] of [
      [2, ErrorCode.UNSUPPORTED_VERSION],
      [9, ErrorCode.INVALID_REQUEST],
    ] as const) {
      const answer = await ask(client, findCoordinatorRequest, findCoordinatorResponse, {
        keyType,
        coordinatorKeys: ['k'],
      });
      assert.equal(answer.coordinators[0]!.errorCode, error);
      assert.ok(answer.coordinators[0]!.errorMessage);
    }
  }));
