// What a member of a classic group sends, in one line each.
import { ErrorCode } from '@moldau/protocol';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
  newFindCoordinatorRequest,
  type Coordinator,
} from '@moldau/protocol/generated/find-coordinator.ts';
import {
  heartbeatRequest,
  heartbeatResponse,
  newHeartbeatRequest,
} from '@moldau/protocol/generated/heartbeat.ts';
import {
  joinGroupRequest,
  joinGroupResponse,
  newJoinGroupRequest,
  newJoinGroupRequestProtocol,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '@moldau/protocol/generated/join-group.ts';
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
  offsetCommitRequest,
  offsetCommitResponse,
} from '@moldau/protocol/generated/offset-commit.ts';
import {
  newOffsetFetchRequest,
  newOffsetFetchRequestGroup,
  newOffsetFetchRequestTopics,
  offsetFetchRequest,
  offsetFetchResponse,
} from '@moldau/protocol/generated/offset-fetch.ts';
import {
  newSyncGroupRequest,
  newSyncGroupRequestAssignment,
  syncGroupRequest,
  syncGroupResponse,
  type SyncGroupResponse,
} from '@moldau/protocol/generated/sync-group.ts';
import type { SimulatedClient } from './simulated-client.ts';

/** The last versions in which topics are named. */
const BY_NAME = 9;

export interface Membership {
  readonly groupId: string;
  readonly memberId: string;
  readonly generationId: number;
}

export async function findCoordinator(client: SimulatedClient, group: string): Promise<Coordinator> {
  const message = newFindCoordinatorRequest({ coordinatorKeys: [group] });
  return (await client.request(findCoordinatorRequest, findCoordinatorResponse, message)).coordinators[0]!;
}

/** The second half of a join: the first gets a member id. */
export async function joinGroup(
  client: SimulatedClient,
  groupId: string,
  init: Partial<JoinGroupRequest> = {},
): Promise<JoinGroupResponse> {
  const message = newJoinGroupRequest({
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [newJoinGroupRequestProtocol({ name: 'range', metadata: new Uint8Array(4) })],
    ...init,
  });
  const answer = await client.request(joinGroupRequest, joinGroupResponse, message);
  if (answer.errorCode !== ErrorCode.MEMBER_ID_REQUIRED) return answer;
  return client.request(joinGroupRequest, joinGroupResponse, { ...message, memberId: answer.memberId });
}

export async function syncGroup(
  client: SimulatedClient,
  member: Membership,
  assignments: Readonly<Record<string, string>> = {},
): Promise<SyncGroupResponse> {
  const message = newSyncGroupRequest({
    ...member,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: Object.entries(assignments).map(([memberId, text]) =>
      newSyncGroupRequestAssignment({ memberId, assignment: Buffer.from(text) }),
    ),
  });
  return client.request(syncGroupRequest, syncGroupResponse, message);
}

/** Makes a group of one member, stable. The coordinator is asked for first, so that it exists. */
export async function joinAlone(client: SimulatedClient, groupId: string): Promise<Membership> {
  await findCoordinator(client, groupId);
  const joined = await joinGroup(client, groupId);
  const member = { groupId, memberId: joined.memberId, generationId: joined.generationId };
  await syncGroup(client, member, { [joined.memberId]: 'all' });
  return member;
}

export async function heartbeat(client: SimulatedClient, member: Membership): Promise<ErrorCode> {
  return (await client.request(heartbeatRequest, heartbeatResponse, newHeartbeatRequest(member)))
    .errorCode as ErrorCode;
}

export async function commitOffset(
  client: SimulatedClient,
  member: Membership,
  topic: string,
  partition: number,
  offset: number,
): Promise<ErrorCode> {
  const partitions = [
    newOffsetCommitRequestPartition({ partitionIndex: partition, committedOffset: offset }),
  ];
  const message = newOffsetCommitRequest({
    groupId: member.groupId,
    memberId: member.memberId,
    generationIdOrMemberEpoch: member.generationId,
    topics: [newOffsetCommitRequestTopic({ name: topic, partitions })],
  });
  const answer = await client.request(offsetCommitRequest, offsetCommitResponse, message, BY_NAME);
  return answer.topics[0]!.partitions[0]!.errorCode as ErrorCode;
}

/** The committed offset, -1 for none, or the error. */
export async function committedOffset(
  client: SimulatedClient,
  groupId: string,
  topic: string,
  partition: number,
): Promise<{ offset: number; error: ErrorCode }> {
  const topics = [newOffsetFetchRequestTopics({ name: topic, partitionIndexes: [partition] })];
  const message = newOffsetFetchRequest({
    groups: [newOffsetFetchRequestGroup({ groupId, memberId: null, memberEpoch: -1, topics })],
    requireStable: true,
  });
  const group = (await client.request(offsetFetchRequest, offsetFetchResponse, message, BY_NAME)).groups[0]!;
  const found = group.topics[0]?.partitions[0];
  return {
    offset: found?.committedOffset ?? -1,
    error: (group.errorCode || (found?.errorCode ?? 0)) as ErrorCode,
  };
}
