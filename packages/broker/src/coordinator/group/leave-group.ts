// LeaveGroup: members go, of their own accord or removed by an administrator, who may name a static member by its instance id alone. Several can
// go at once, each with an answer of its own; the rebalance that follows is one.
import { findMember } from './classic-group.ts';
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { GroupTransition } from './group-transition.ts';
import { removeAndRebalance } from './rebalance.ts';

export interface LeavingMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

export interface LeaveAnswer extends LeavingMember {
  readonly error: ErrorName;
}

export function leaveGroup(transition: GroupTransition, leaving: readonly LeavingMember[]): LeaveAnswer[] {
  const gone = new Set<string>();
  const answers = leaving.map(({ memberId, groupInstanceId }) => {
    const found = find(transition, gone, memberId, groupInstanceId);
    if (found.error === 'NONE') gone.add(found.memberId);
    return { memberId, groupInstanceId, error: found.error };
  });
  if (gone.size > 0) removeAndRebalance(transition, gone);
  return answers;
}

function find(
  transition: GroupTransition,
  gone: ReadonlySet<string>,
  memberId: string,
  groupInstanceId: string | null,
): { readonly error: ErrorName; readonly memberId: string } {
  const { group } = transition;
  if (memberId !== '' && group.pendingJoin.has(memberId) && !gone.has(memberId))
    return { error: 'NONE', memberId };
  const named =
    memberId === ''
      ? groupInstanceId !== null && group.members.ofInstance(groupInstanceId)
      : findMember(group, memberId, groupInstanceId);
  if (named === false || named === undefined) return { error: 'UNKNOWN_MEMBER_ID', memberId };
  if (typeof named === 'string') return { error: named, memberId };
  return gone.has(named.memberId)
    ? { error: 'UNKNOWN_MEMBER_ID', memberId }
    : { error: 'NONE', memberId: named.memberId };
}
