// Heartbeat: a member says that it lives, and learns whether it has to join again.
import { findMember } from './classic-group.ts';
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { GroupTransition } from './group-transition.ts';

export interface HeartbeatRequest {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly generationId: number;
}

/** Prolongs the member's session. Nothing else changes, whatever the answer. */
export function heartbeat(transition: GroupTransition, request: HeartbeatRequest): ErrorName {
  const { group } = transition;
  const member = findMember(group, request.memberId, request.groupInstanceId);
  if (typeof member === 'string') return member;
  if (request.generationId !== group.generationId) return 'ILLEGAL_GENERATION';
  if (group.state === 'Empty') return 'UNKNOWN_MEMBER_ID';
  transition.startSession(member.memberId, member.sessionTimeoutMs);
  return group.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE';
}
