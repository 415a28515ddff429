// A static member (KIP-345) comes back without its member id: a restarted process that claims the instance id it had before. It takes over the
// place, assignment included, under a new member id; whoever still uses the old one is fenced.
import { isLeader, selectProtocol } from './classic-group.ts';
import type { ClassicMember } from './classic-group.ts';
import type { GroupTransition } from './group-transition.ts';
import type { JoinRequest } from './join-group.ts';
import { joinedMembers, maybeCompleteJoin, prepareRebalance } from './rebalance.ts';

/** From this version on a leader can be told to keep the assignment (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9;

/** Puts the client, as `memberId`, in the place of `holder`. */
export function replaceStaticMember(
  transition: GroupTransition,
  request: JoinRequest,
  holder: ClassicMember,
  memberId: string,
): void {
  const leaderBefore = transition.group.leaderId;
  takePlace(transition, request, holder, memberId);
  switch (transition.group.state) {
    case 'Stable':
      if (selectProtocol(transition.group) === transition.group.protocolName)
        keepGeneration(transition, request, memberId, leaderBefore);
      else prepareRebalance(transition);
      return;
    case 'CompletingRebalance':
      // The leader has been told the old id and would assign to it: all have to join again.
      prepareRebalance(transition);
      return;
    case 'PreparingRebalance':
    case 'Empty':
      maybeCompleteJoin(transition);
  }
}

function takePlace(
  transition: GroupTransition,
  request: JoinRequest,
  holder: ClassicMember,
  memberId: string,
): void {
  transition.replyToJoin(holder, { error: 'FENCED_INSTANCE_ID', memberId: holder.memberId });
  transition.replyToSync(holder, { error: 'FENCED_INSTANCE_ID' });
  const { group } = transition;
  const members = group.members.without(holder.memberId).with({
    ...holder,
    memberId,
    protocols: request.protocols,
    rebalanceTimeoutMs: request.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs,
    isNew: false,
    awaitingJoin: transition.context.reply,
    awaitingSync: undefined,
  });
  const pendingSync = new Set(group.pendingSync);
  // As in Kafka, the newcomer is not waited for: it may go on with the generation without a SyncGroup.
  pendingSync.delete(holder.memberId);
  transition.update({
    members,
    pendingSync,
    leaderId: isLeader(group, holder.memberId) ? memberId : group.leaderId,
  });
  transition.startSession(memberId, holder.sessionTimeoutMs);
}

/** Nothing changes for the others: the group is stored under the new id and the newcomer goes on in the same generation. */
function keepGeneration(
  transition: GroupTransition,
  request: JoinRequest,
  memberId: string,
  leaderBefore: string | null,
): void {
  const member = transition.group.members.get(memberId);
  if (member === undefined) return;
  transition.updateMember(member, { awaitingJoin: undefined });
  const { group } = transition;
  transition.store();
  const knowsToSkip = request.apiVersion >= SKIP_ASSIGNMENT_VERSION;
  const leads = knowsToSkip && isLeader(group, memberId);
  transition.reply({
    memberId,
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    // An older client that found itself the leader would compute an assignment that nobody waits for; it is told the id that is gone.
    leader: (knowsToSkip ? group.leaderId : leaderBefore) ?? '',
    skipAssignment: leads,
    members: leads ? joinedMembers(group) : [],
  });
}
