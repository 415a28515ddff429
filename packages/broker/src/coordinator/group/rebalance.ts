// How a group comes from one generation to the next: the join phase, its end, and what cuts it short. Shared by everything that changes who is a
// member. All functions move a GroupTransition forward.
//
//   prepareRebalance     a member came, left, or changed: everyone is to join again
//   completeJoin         the join phase ends: whoever has not joined is out, the others are told the new generation
//   expireDeadlines      time has passed: sessions, the join phase, the wait for SyncGroup requests
import assert from 'node:assert/strict';
import {
  NO_ASSIGNMENT,
  allMembersJoined,
  isLeader,
  memberMetadata,
  rebalanceTimeoutMs,
  selectProtocol,
} from './classic-group.ts';
import type { ClassicGroup, ClassicMember } from './classic-group.ts';
import { subscribedTopics } from './consumer-subscription.ts';
import type { JoinAnswer, JoinedMember } from './group-answer.ts';
import type { GroupTransition } from './group-transition.ts';

/** Starts a rebalance if the group is not in one; otherwise looks whether the one under way is over. */
export function rebalanceOrCompleteJoin(transition: GroupTransition): void {
  if (transition.group.state === 'PreparingRebalance') maybeCompleteJoin(transition);
  else prepareRebalance(transition);
}

/** Ends the join phase as soon as everyone is there. The first one of an empty group lasts as long as its delay says. */
export function maybeCompleteJoin(transition: GroupTransition): void {
  const { group } = transition;
  if (group.state === 'PreparingRebalance' && !group.initialRebalance && allMembersJoined(group))
    completeJoin(transition);
}

/** Begins a join phase. */
export function prepareRebalance(transition: GroupTransition): void {
  const { context, settings } = transition;
  const from = transition.group.state;
  assert(from !== 'PreparingRebalance', 'a rebalance does not begin twice');
  if (from === 'CompletingRebalance') refuseSyncs(transition);
  transition.update({
    pendingSync: new Set(),
    syncDeadlineMs: undefined,
    initialRebalance: from === 'Empty',
  });
  transition.moveTo('PreparingRebalance');
  if (from === 'Empty') {
    const delayMs = settings.initialRebalanceDelayMs;
    const remainingMs = Math.max(rebalanceTimeoutMs(transition.group) - delayMs, 0);
    transition.update({
      joinDeadline: { kind: 'initial', atMs: context.monotonicMs + delayMs, delayMs, remainingMs },
    });
  } else if (allMembersJoined(transition.group)) completeJoin(transition);
  else awaitJoins(transition);
}

function awaitJoins(transition: GroupTransition): void {
  const atMs = transition.context.monotonicMs + rebalanceTimeoutMs(transition.group);
  transition.update({ joinDeadline: { kind: 'rebalance', atMs } });
}

/** The assignment that members wait for will not come: they are to join again. */
function refuseSyncs(transition: GroupTransition): void {
  transition.mapMembers((member) => {
    if (transition.replyToSync(member, { error: 'REBALANCE_IN_PROGRESS' }))
      transition.startSession(member.memberId, member.sessionTimeoutMs);
    return { ...member, assignment: NO_ASSIGNMENT, awaitingSync: undefined };
  });
}

/**
 * Ends the join phase. Dynamic members that have not joined are removed; static ones stay until their session ends. Without members the group
 * is Empty and stored so; otherwise the members are told, and the leader's SyncGroup is waited for.
 */
export function completeJoin(transition: GroupTransition): void {
  transition.update({ joinDeadline: undefined });
  const missing = [...transition.group.members.values()].filter(
    (member) => member.awaitingJoin === undefined && member.groupInstanceId === null,
  );
  if (missing.length > 0) transition.remove(new Set(missing.map(({ memberId }) => memberId)));
  if (!electJoinedLeader(transition) && transition.group.members.size > 0) {
    // Only static members, and none of them has joined: wait for one, or for the end of their sessions.
    awaitJoins(transition);
    return;
  }
  transition.update({
    generationId: transition.group.generationId + 1,
    pendingSync: new Set([...transition.group.members.values()].map(({ memberId }) => memberId)),
    initialRebalance: false,
    newMemberAdded: false,
    protocolName: null,
  });
  if (transition.group.members.size === 0) {
    transition.update({ subscribedTopics: subscribedTopics(transition.group) });
    transition.moveTo('Empty');
    transition.store();
    return;
  }
  const protocolName = selectProtocol(transition.group);
  assert(protocolName !== undefined, 'only members with a protocol in common are accepted');
  transition.update({ protocolName });
  transition.update({ subscribedTopics: subscribedTopics(transition.group) });
  transition.moveTo('CompletingRebalance');
  announceGeneration(transition);
}

/** Makes sure that the leader is one of those who have joined; false if nobody has. */
function electJoinedLeader(transition: GroupTransition): boolean {
  const { leaderId, members } = transition.group;
  if (leaderId === null) return false;
  if (members.get(leaderId)?.awaitingJoin !== undefined) return true;
  for (const member of members.values()) {
    if (member.awaitingJoin === undefined) continue;
    transition.update({ leaderId: member.memberId });
    return true;
  }
  return false;
}

function announceGeneration(transition: GroupTransition): void {
  const { group } = transition;
  transition.mapMembers((member) => {
    transition.replyToJoin(member, generationAnswer(group, member));
    transition.startSession(member.memberId, member.sessionTimeoutMs);
    return { ...member, awaitingJoin: undefined, isNew: false };
  });
  transition.update({ syncDeadlineMs: transition.context.monotonicMs + rebalanceTimeoutMs(group) });
}

/** What a member is told of the current generation; the leader also who takes part. */
export function generationAnswer(group: ClassicGroup, member: ClassicMember): JoinAnswer {
  return {
    memberId: member.memberId,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? '',
    members: isLeader(group, member.memberId) ? joinedMembers(group) : [],
  };
}

export const joinedMembers = (group: ClassicGroup): JoinedMember[] =>
  [...group.members.values()].map((member) => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: memberMetadata(member, group.protocolName),
  }));

/** Takes members out and rebalances those that are left, if the group needs it. */
export function removeAndRebalance(transition: GroupTransition, memberIds: ReadonlySet<string>): void {
  const removesMembers = [...memberIds].some((memberId) => transition.group.members.has(memberId));
  transition.remove(memberIds);
  const { state } = transition.group;
  if (state === 'PreparingRebalance') maybeCompleteJoin(transition);
  else if (state !== 'Empty' && removesMembers) prepareRebalance(transition);
}

/**
 * What time has brought about, now at `context.monotonicMs`.
 * @param endedSessions members and pending ids whose session has ended; a member that waits for its group is alive, unless it is new
 */
export function expireDeadlines(transition: GroupTransition, endedSessions: Iterable<string>): void {
  for (const memberId of endedSessions) {
    const { members, pendingJoin, state } = transition.group;
    const member = members.get(memberId);
    if (member === undefined ? !pendingJoin.has(memberId) : isWaiting(member)) continue;
    transition.remove(new Set([memberId]));
    // Unlike a leave, a death ends an initial join phase early once all that are left have joined, as in Kafka.
    if (state === 'PreparingRebalance') {
      if (allMembersJoined(transition.group)) completeJoin(transition);
    } else if (state !== 'Empty' && member !== undefined) prepareRebalance(transition);
  }
  expireJoinPhase(transition);
  expireSyncs(transition);
}

const isWaiting = (member: ClassicMember): boolean =>
  !member.isNew && (member.awaitingJoin !== undefined || member.awaitingSync !== undefined);

function expireJoinPhase(transition: GroupTransition): void {
  const { context, settings, group } = transition;
  const deadline = group.joinDeadline;
  if (deadline === undefined || deadline.atMs > context.monotonicMs) return;
  if (deadline.kind === 'rebalance' || !group.newMemberAdded || deadline.remainingMs === 0) {
    completeJoin(transition);
    return;
  }
  const delayMs = Math.min(settings.initialRebalanceDelayMs, deadline.remainingMs);
  const remainingMs = Math.max(deadline.remainingMs - deadline.delayMs, 0);
  transition.update({
    newMemberAdded: false,
    joinDeadline: { kind: 'initial', atMs: context.monotonicMs + delayMs, delayMs, remainingMs },
  });
}

function expireSyncs(transition: GroupTransition): void {
  const { context, group } = transition;
  if (group.syncDeadlineMs === undefined || group.syncDeadlineMs > context.monotonicMs) return;
  transition.update({ syncDeadlineMs: undefined });
  if (group.pendingSync.size > 0) removeAndRebalance(transition, group.pendingSync);
}
