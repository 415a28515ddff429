// SyncGroup: the leader hands in what each member is assigned, everyone else fetches theirs. The leader's makes the group Stable: from then on the
// generation is stored, and the assignments are answered once it is durable.
import type { ClassicGroup } from './classic-group.ts';
import { findMember, isLeader, NO_ASSIGNMENT } from './classic-group.ts';
import type { SyncAnswer } from './group-answer.ts';
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { GroupTransition } from './group-transition.ts';

export interface SyncRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
  /** What the client believes the group to agree on; null before v5. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[];
}

export function syncGroup(transition: GroupTransition, request: SyncRequest): void {
  const error = refusal(transition.group, request);
  if (error !== undefined) {
    transition.reply({ error } satisfies SyncAnswer);
    return;
  }
  removePendingSync(transition, request.memberId);
  if (transition.group.state === 'Stable') {
    transition.reply(assignmentAnswer(transition.group, request.memberId));
    return;
  }
  awaitSync(transition, request.memberId);
  if (isLeader(transition.group, request.memberId)) assign(transition, request);
}

function refusal(group: ClassicGroup, request: SyncRequest): ErrorName | undefined {
  if (group.state === 'Empty') return 'UNKNOWN_MEMBER_ID';
  const member = findMember(group, request.memberId, request.groupInstanceId);
  if (typeof member === 'string') return member;
  if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION';
  if (differs(request.protocolType, group.protocolType) || differs(request.protocolName, group.protocolName))
    return 'INCONSISTENT_GROUP_PROTOCOL';
  if (group.state === 'PreparingRebalance') return 'REBALANCE_IN_PROGRESS';
  return undefined;
}

const differs = (claimed: string | null, actual: string | null): boolean =>
  claimed !== null && actual !== null && claimed !== actual;

function removePendingSync(transition: GroupTransition, memberId: string): void {
  const pendingSync = new Set(transition.group.pendingSync);
  if (!pendingSync.delete(memberId)) return;
  transition.update({ pendingSync });
  if (pendingSync.size === 0) transition.update({ syncDeadlineMs: undefined });
}

function awaitSync(transition: GroupTransition, memberId: string): void {
  const member = transition.group.members.get(memberId);
  if (member === undefined) return;
  // One that it sent before is over: the connection is most likely gone.
  transition.replyToSync(member, { error: 'REBALANCE_IN_PROGRESS' });
  transition.updateMember(member, { awaitingSync: transition.context.reply });
}

/** Gives every member what the leader assigned to it, or nothing, and tells those that wait. */
function assign(transition: GroupTransition, request: SyncRequest): void {
  const assignments = new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment]));
  transition.mapMembers((member) => ({
    ...member,
    assignment: assignments.get(member.memberId) ?? NO_ASSIGNMENT,
  }));
  const assigned = transition.group;
  transition.mapMembers((member) => {
    if (transition.replyToSync(member, assignmentAnswer(assigned, member.memberId)))
      transition.startSession(member.memberId, member.sessionTimeoutMs);
    return { ...member, awaitingSync: undefined };
  });
  transition.moveTo('Stable');
  transition.store();
}

const assignmentAnswer = (group: ClassicGroup, memberId: string): SyncAnswer => ({
  protocolType: group.protocolType,
  protocolName: group.protocolName,
  assignment: group.members.get(memberId)?.assignment ?? NO_ASSIGNMENT,
});
