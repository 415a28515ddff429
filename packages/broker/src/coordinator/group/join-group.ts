// JoinGroup: somebody wants to be a member, or a member has something new to say. What happens depends on who asks:
//
//   no member id, no instance id     v4+: is given an id and has to come again with it (MEMBER_ID_REQUIRED, KIP-394), so that a client which
//                                    went away in between leaves nothing behind that the others wait for; before v4: joins at once
//   no member id, an instance id     joins under a new id, taking the place of whoever held the instance id (static-member.ts)
//   a member id                      joins if the id was given out; if it is a member's, that member joins again
//
// The answer comes at once where nothing has to be waited for, else when the join phase ends (rebalance.ts).
import { findMember, isLeader, NO_ASSIGNMENT, sameProtocols, supportsProtocols } from './classic-group.ts';
import type { ClassicGroup, ClassicMember, MemberProtocol } from './classic-group.ts';
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { GroupTransition } from './group-transition.ts';
import { newMemberId } from './member-id.ts';
import { generationAnswer, prepareRebalance, rebalanceOrCompleteJoin } from './rebalance.ts';
import { replaceStaticMember } from './static-member.ts';

/** A JoinGroup request with what is known of who sent it. */
export interface JoinRequest {
  readonly apiVersion: number;
  readonly clientId: string;
  readonly clientHost: string;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly MemberProtocol[];
}

/** From this version on a new dynamic member has to come again with the id it was given. */
const MEMBER_ID_REQUIRED_VERSION = 4;

/**
 * Lets the client join the group.
 * @param isNewGroup the group did not exist: it is stored, so that it outlives a restart even if nobody completes the join
 */
export function joinGroup(transition: GroupTransition, request: JoinRequest, isNewGroup: boolean): void {
  const error = refusal(transition, request);
  if (error !== undefined) {
    // Whoever finds the group full is no longer waited for.
    if (error === 'GROUP_MAX_SIZE_REACHED') transition.remove(new Set([request.memberId]));
    transition.reply({ error, memberId: error === 'GROUP_MAX_SIZE_REACHED' ? '' : request.memberId });
  } else if (isNewGroup) {
    transition.store();
    joinWithoutId(transition, request);
  } else if (request.memberId === '') joinWithoutId(transition, request);
  else if (request.groupInstanceId === null && transition.group.pendingJoin.has(request.memberId))
    addMember(transition, request, request.memberId);
  else rejoin(transition, request);
}

function refusal(transition: GroupTransition, request: JoinRequest): ErrorName | undefined {
  const { group, settings } = transition;
  if (!hasRoom(group, request.memberId, settings.maxGroupSize)) return 'GROUP_MAX_SIZE_REACHED';
  if (!supportsProtocols(group, request.protocolType, request.protocols))
    return 'INCONSISTENT_GROUP_PROTOCOL';
  let bytes = 0;
  for (const { name, metadata } of request.protocols) bytes += name.length + metadata.byteLength;
  if (bytes > settings.maxMemberMetadataBytes) return 'MESSAGE_TOO_LARGE';
  return undefined;
}

/**
 * Whether the group may take whoever asks. In a join phase those count who have joined, so that with a lowered limit the last to join again are
 * turned away; otherwise the members.
 */
function hasRoom(group: ClassicGroup, memberId: string, maxGroupSize: number): boolean {
  if (group.state === 'Empty') return true;
  const member = group.members.get(memberId);
  if (group.state !== 'PreparingRebalance') return member !== undefined || group.members.size < maxGroupSize;
  return member?.awaitingJoin !== undefined || group.members.awaitingJoin < maxGroupSize;
}

function joinWithoutId(transition: GroupTransition, request: JoinRequest): void {
  const { context, group, settings } = transition;
  const memberId = newMemberId(context.random, request.groupInstanceId ?? request.clientId);
  if (request.groupInstanceId !== null) {
    const holder = group.members.ofInstance(request.groupInstanceId);
    if (holder === undefined) addMember(transition, request, memberId);
    else replaceStaticMember(transition, request, holder, memberId);
  } else if (request.apiVersion < MEMBER_ID_REQUIRED_VERSION) addMember(transition, request, memberId);
  else if (group.pendingJoin.size >= settings.maxPendingMembers)
    transition.reply({ error: 'GROUP_MAX_SIZE_REACHED', memberId: '' });
  else {
    transition.update({ pendingJoin: new Set(group.pendingJoin).add(memberId) });
    transition.startSession(memberId, request.sessionTimeoutMs);
    transition.reply({ error: 'MEMBER_ID_REQUIRED', memberId });
  }
}

function addMember(transition: GroupTransition, request: JoinRequest, memberId: string): void {
  const { group, settings } = transition;
  if (group.state === 'PreparingRebalance' && group.initialRebalance)
    transition.update({ newMemberAdded: true });
  transition.putMember(newMember(transition, request, memberId));
  transition.update({
    pendingJoin: group.pendingJoin.has(memberId)
      ? group.pendingJoin.difference(new Set([memberId]))
      : group.pendingJoin,
    protocolType: group.members.size === 0 ? request.protocolType : group.protocolType,
    leaderId: group.leaderId ?? memberId,
  });
  transition.startSession(memberId, settings.newMemberJoinTimeoutMs);
  rebalanceOrCompleteJoin(transition);
}

const newMember = (transition: GroupTransition, request: JoinRequest, memberId: string): ClassicMember => ({
  memberId,
  groupInstanceId: request.groupInstanceId,
  clientId: request.clientId,
  clientHost: request.clientHost,
  rebalanceTimeoutMs: request.rebalanceTimeoutMs,
  sessionTimeoutMs: request.sessionTimeoutMs,
  protocols: request.protocols,
  assignment: NO_ASSIGNMENT,
  isNew: true,
  awaitingJoin: transition.context.reply,
  awaitingSync: undefined,
});

function rejoin(transition: GroupTransition, request: JoinRequest): void {
  const { group } = transition;
  const member = findMember(group, request.memberId, request.groupInstanceId);
  if (typeof member === 'string') {
    transition.reply({ error: member, memberId: request.memberId });
    return;
  }
  const changed = !sameProtocols(member.protocols, request.protocols);
  switch (group.state) {
    case 'PreparingRebalance':
      awaitJoin(transition, member, request);
      rebalanceOrCompleteJoin(transition);
      return;
    case 'CompletingRebalance':
      // The answer got lost, most likely.
      if (!changed) transition.reply(generationAnswer(group, member));
      else rejoinAndRebalance(transition, member, request);
      return;
    case 'Stable':
      // A leader that joins again wants a new assignment: the topics have changed, say.
      if (isLeader(group, member.memberId) || changed) rejoinAndRebalance(transition, member, request);
      else transition.reply(generationAnswer(group, member));
      return;
    case 'Empty':
      transition.reply({ error: 'UNKNOWN_MEMBER_ID', memberId: request.memberId });
  }
}

function rejoinAndRebalance(transition: GroupTransition, member: ClassicMember, request: JoinRequest): void {
  awaitJoin(transition, member, request);
  prepareRebalance(transition);
}

/** The member waits for the end of the join phase with this request; one that it sent before is over. */
export function awaitJoin(
  transition: GroupTransition,
  member: ClassicMember,
  request: JoinRequest,
): ClassicMember {
  transition.replyToJoin(member, { error: 'REBALANCE_IN_PROGRESS', memberId: member.memberId });
  return transition.updateMember(member, {
    protocols: request.protocols,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs,
    awaitingJoin: transition.context.reply,
  });
}
