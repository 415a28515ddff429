// The requests of members, from the wire to a decision and back: JoinGroup, SyncGroup, Heartbeat, LeaveGroup. What the versions of the protocol
// differ in is dealt with here; the decisions (join-group.ts, ...) do not know versions where they need not.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import { newHeartbeatResponse } from '@moldau/protocol/generated/heartbeat.ts';
import type {
  HeartbeatRequest as HeartbeatMessage,
  HeartbeatResponse,
} from '@moldau/protocol/generated/heartbeat.ts';
import { newJoinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import { newLeaveGroupResponse, newMemberResponse } from '@moldau/protocol/generated/leave-group.ts';
import type { LeaveGroupRequest, LeaveGroupResponse } from '@moldau/protocol/generated/leave-group.ts';
import { newSyncGroupResponse } from '@moldau/protocol/generated/sync-group.ts';
import type { SyncGroupRequest, SyncGroupResponse } from '@moldau/protocol/generated/sync-group.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import { emptyGroup } from './classic-group.ts';
import type { JoinAnswer, SyncAnswer } from './group-answer.ts';
import { unanswered } from '../unanswered.ts';
import type { GroupShards } from './group-shards.ts';
import { answered, decisionOf } from './group-state.ts';
import type { GroupDecision, GroupState } from './group-state.ts';
import { GroupTransition } from './group-transition.ts';
import { heartbeat } from './heartbeat.ts';
import type { HeartbeatRequest } from './heartbeat.ts';
import { joinGroup } from './join-group.ts';
import type { JoinRequest } from './join-group.ts';
import { leaveGroup } from './leave-group.ts';
import type { LeaveAnswer, LeavingMember } from './leave-group.ts';
import { syncGroup } from './sync-group.ts';
import type { SyncRequest } from './sync-group.ts';

/** Who sent a request. */
export interface ClientContext {
  readonly apiVersion: number;
  readonly clientId: string;
  /** `/127.0.0.1` */
  readonly clientHost: string;
}

/** From this version on the protocol name may be null. */
const NULLABLE_PROTOCOL_NAME_VERSION = 7;
/** From this version on a member has to say what it believes the group to agree on. */
const SYNC_NAMES_PROTOCOL_VERSION = 5;
/** From this version on several members can leave at once. */
const BATCHED_LEAVE_VERSION = 3;

/** Request bytes are the network's; what stays in the state is copied. */
const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);

export async function handleJoinGroup(
  shards: GroupShards,
  message: JoinGroupRequest,
  client: ClientContext,
): Promise<JoinGroupResponse> {
  const { memberId, sessionTimeoutMs, groupId } = message;
  const { minSessionTimeoutMs, maxSessionTimeoutMs } = shards.settings;
  if (groupId === '') return joinResponse({ error: 'INVALID_GROUP_ID', memberId }, client);
  if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs) {
    return joinResponse({ error: 'INVALID_SESSION_TIMEOUT', memberId }, client);
  }
  const request: JoinRequest = {
    ...client,
    memberId,
    groupInstanceId: message.groupInstanceId,
    sessionTimeoutMs,
    // Version 0 knows one timeout for both.
    rebalanceTimeoutMs: client.apiVersion === 0 ? sessionTimeoutMs : message.rebalanceTimeoutMs,
    protocolType: message.protocolType,
    protocols: message.protocols.map(({ name, metadata }) => ({ name, metadata: copyOf(metadata) })),
  };
  try {
    return joinResponse(
      await shards.decide<JoinAnswer>(groupId, (state, context) =>
        decideJoin(state, context, groupId, request),
      ),
      client,
    );
  } catch (error) {
    return joinResponse({ error: unanswered(error), memberId }, client);
  }
}

export function decideJoin(
  state: GroupState,
  context: DecisionContext,
  groupId: string,
  request: JoinRequest,
): GroupDecision {
  const existing = state.group(groupId);
  if (existing === undefined) {
    // An id that this group never gave out, or of a group that is gone: the client begins anew.
    if (request.memberId !== '')
      return answered(context, {
        error: 'UNKNOWN_MEMBER_ID',
        memberId: request.memberId,
      } satisfies JoinAnswer);
    if (state.groupCount >= state.settings.maxGroupsPerPartition) {
      return answered(context, { error: 'GROUP_MAX_SIZE_REACHED', memberId: '' } satisfies JoinAnswer);
    }
  }
  const group = existing ?? emptyGroup(groupId, context.nowMs);
  const transition = new GroupTransition(group, context, state.settings);
  joinGroup(transition, request, existing === undefined);
  return decisionOf(transition, group);
}

function joinResponse(answer: JoinAnswer, { apiVersion }: ClientContext): JoinGroupResponse {
  const protocolName = answer.protocolName ?? null;
  return newJoinGroupResponse({
    errorCode: ErrorCode[answer.error ?? 'NONE'],
    generationId: answer.generationId ?? -1,
    protocolType: answer.protocolType ?? null,
    protocolName: apiVersion >= NULLABLE_PROTOCOL_NAME_VERSION ? protocolName : (protocolName ?? ''),
    leader: answer.leader ?? '',
    skipAssignment: answer.skipAssignment ?? false,
    memberId: answer.memberId,
    members: (answer.members ?? []).map((member) => ({ ...member })),
  });
}

export async function handleSyncGroup(
  shards: GroupShards,
  message: SyncGroupRequest,
  client: ClientContext,
): Promise<SyncGroupResponse> {
  const { groupId, protocolType, protocolName } = message;
  if (client.apiVersion >= SYNC_NAMES_PROTOCOL_VERSION && (protocolType === null || protocolName === null)) {
    return syncResponse({ error: 'INCONSISTENT_GROUP_PROTOCOL' });
  }
  if (groupId === '') return syncResponse({ error: 'INVALID_GROUP_ID' });
  const request: SyncRequest = {
    memberId: message.memberId,
    groupInstanceId: message.groupInstanceId,
    generationId: message.generationId,
    protocolType,
    protocolName,
    assignments: message.assignments.map(({ memberId, assignment }) => ({
      memberId,
      assignment: copyOf(assignment),
    })),
  };
  try {
    return syncResponse(
      await shards.decide<SyncAnswer>(groupId, (state, context) =>
        decideSync(state, context, groupId, request),
      ),
    );
  } catch (error) {
    return syncResponse({ error: unanswered(error) });
  }
}

export function decideSync(
  state: GroupState,
  context: DecisionContext,
  groupId: string,
  request: SyncRequest,
): GroupDecision {
  const group = state.group(groupId);
  if (group === undefined) return answered(context, { error: 'UNKNOWN_MEMBER_ID' } satisfies SyncAnswer);
  const transition = new GroupTransition(group, context, state.settings);
  syncGroup(transition, request);
  return decisionOf(transition, group);
}

const syncResponse = (answer: SyncAnswer): SyncGroupResponse =>
  newSyncGroupResponse({
    errorCode: ErrorCode[answer.error ?? 'NONE'],
    protocolType: answer.protocolType ?? null,
    protocolName: answer.protocolName ?? null,
    ...(answer.assignment === undefined ? {} : { assignment: answer.assignment }),
  });

export async function handleHeartbeat(
  shards: GroupShards,
  message: HeartbeatMessage,
): Promise<HeartbeatResponse> {
  const { groupId } = message;
  const response = (error: ErrorName): HeartbeatResponse =>
    newHeartbeatResponse({ errorCode: ErrorCode[error] });
  if (groupId === '') return response('INVALID_GROUP_ID');
  try {
    return response(
      await shards.decide<ErrorName>(groupId, (state, context) =>
        decideHeartbeat(state, context, groupId, message),
      ),
    );
  } catch (error) {
    const name = unanswered(error);
    // While groups are being read sessions have not begun yet: the member loses nothing.
    return response(name === 'COORDINATOR_LOAD_IN_PROGRESS' ? 'NONE' : name);
  }
}

export function decideHeartbeat(
  state: GroupState,
  context: DecisionContext,
  groupId: string,
  request: HeartbeatRequest,
): GroupDecision {
  const group = state.group(groupId);
  if (group === undefined) return answered(context, 'UNKNOWN_MEMBER_ID' satisfies ErrorName);
  const transition = new GroupTransition(group, context, state.settings);
  transition.reply(heartbeat(transition, request));
  return decisionOf(transition, group);
}

export async function handleLeaveGroup(
  shards: GroupShards,
  message: LeaveGroupRequest,
  client: ClientContext,
): Promise<LeaveGroupResponse> {
  const { groupId } = message;
  if (groupId === '') return newLeaveGroupResponse({ errorCode: ErrorCode.INVALID_GROUP_ID });
  const isBatch = client.apiVersion >= BATCHED_LEAVE_VERSION;
  const leaving = isBatch ? message.members : [{ memberId: message.memberId, groupInstanceId: null }];
  try {
    const answers = await shards.decide<LeaveAnswer[]>(groupId, (state, context) =>
      decideLeave(state, context, groupId, leaving),
    );
    if (!isBatch) return newLeaveGroupResponse({ errorCode: ErrorCode[answers[0]?.error ?? 'NONE'] });
    const members = answers.map(({ memberId, groupInstanceId, error }) =>
      newMemberResponse({ memberId, groupInstanceId, errorCode: ErrorCode[error] }),
    );
    return newLeaveGroupResponse({ members });
  } catch (error) {
    return newLeaveGroupResponse({ errorCode: ErrorCode[unanswered(error)] });
  }
}

export function decideLeave(
  state: GroupState,
  context: DecisionContext,
  groupId: string,
  leaving: readonly LeavingMember[],
): GroupDecision {
  const group = state.group(groupId);
  if (group === undefined) {
    const unknown = leaving.map(({ memberId, groupInstanceId }): LeaveAnswer => ({
      memberId,
      groupInstanceId,
      error: 'UNKNOWN_MEMBER_ID',
    }));
    return answered(context, unknown);
  }
  const transition = new GroupTransition(group, context, state.settings);
  transition.reply(leaveGroup(transition, leaving));
  return decisionOf(transition, group);
}
