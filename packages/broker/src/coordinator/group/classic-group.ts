// A consumer group of the classic protocol (JoinGroup, SyncGroup, Heartbeat, LeaveGroup), as an immutable value.
//
//                 first member joins                       all joined, or the time for it is over
//      Empty ------------------------> PreparingRebalance ----------------------------> CompletingRebalance
//        ^                              ^  |        ^   ^                                   |      |
//        |        no member left        |  |        |   +--- a member joins, leaves, dies --+      |  the leader's SyncGroup
//        +---------------------------------+        |                                              v
//                                                   +------------- a member joins, leaves, dies - Stable
//
// A group that does not exist has no value at all; Kafka calls that Dead.
//
// What is stored is the group when it became Empty or Stable: generation, protocol, leader and members with subscription and assignment
// (GroupMetadataValue). The rest (who is joining, protocols other than the chosen one, deadlines) is memory only: after a restart the members of
// the last stable generation go on without rejoining, and whoever was in the middle of a rebalance tries again.
//
// Must stay true:
//   - the leader is a member, unless there are no members;
//   - a member id is pending or a member, never both; an instance id belongs to one member;
//   - only members of a group that is PreparingRebalance wait for a join, only those of one that is CompletingRebalance wait for a sync;
//   - the generation grows by one with each completed join phase.
import type { ClassicMember, MemberProtocol } from './classic-member.ts';
import { GroupMembers } from './group-members.ts';

export type { ClassicMember, MemberProtocol } from './classic-member.ts';

export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable';

/** When the join phase ends. Times are monotonic milliseconds. */
export type JoinDeadline =
  /** The first rebalance of an empty group: wait `delayMs` more, at most `remainingMs` in all, as long as members keep coming. */
  | {
      readonly kind: 'initial';
      readonly atMs: number;
      readonly delayMs: number;
      readonly remainingMs: number;
    }
  | { readonly kind: 'rebalance'; readonly atMs: number };

export interface ClassicGroup {
  readonly groupId: string;
  readonly state: ClassicGroupState;
  /** When it came to this state, milliseconds since 1970; -1 when an old record did not say. */
  readonly stateTimestampMs: number;
  readonly generationId: number;
  /** `consumer`, `connect`, ...; null until the first member: offsets are committed, but nobody has ever joined. */
  readonly protocolType: string | null;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  readonly members: GroupMembers;
  /** Member ids given out (KIP-394) that have not been used to join so far. */
  readonly pendingJoin: ReadonlySet<string>;
  /** Members that have not fetched their assignment in this generation. */
  readonly pendingSync: ReadonlySet<string>;
  /** This join phase began with an empty group. */
  readonly initialRebalance: boolean;
  /** A member came since the initial delay was last extended. */
  readonly newMemberAdded: boolean;
  readonly joinDeadline: JoinDeadline | undefined;
  /** When members in `pendingSync` are removed, monotonic milliseconds. */
  readonly syncDeadlineMs: number | undefined;
  /** The topics that the members of a `consumer` group subscribe to; undefined when unknown. */
  readonly subscribedTopics: ReadonlySet<string> | undefined;
}

export const NO_ASSIGNMENT: Uint8Array = new Uint8Array(0);
const NOBODY: ReadonlySet<string> = new Set();

/** A group without members: new, or known only by offsets committed for it. */
export function emptyGroup(groupId: string, nowMs: number): ClassicGroup {
  return {
    groupId,
    state: 'Empty',
    stateTimestampMs: nowMs,
    generationId: 0,
    protocolType: null,
    protocolName: null,
    leaderId: null,
    members: GroupMembers.NONE,
    pendingJoin: NOBODY,
    pendingSync: NOBODY,
    initialRebalance: false,
    newMemberAdded: false,
    joinDeadline: undefined,
    syncDeadlineMs: undefined,
    subscribedTopics: undefined,
  };
}

/** Why a request that names a member is refused. */
export type MembershipError = 'UNKNOWN_MEMBER_ID' | 'FENCED_INSTANCE_ID';

/** The member that the ids name; an instance id that another member has taken over fences the old one. */
export function findMember(
  group: ClassicGroup,
  memberId: string,
  groupInstanceId: string | null,
): ClassicMember | MembershipError {
  if (groupInstanceId !== null) {
    const holder = group.members.ofInstance(groupInstanceId);
    if (holder === undefined) return 'UNKNOWN_MEMBER_ID';
    if (holder.memberId !== memberId) return 'FENCED_INSTANCE_ID';
    return holder;
  }
  return group.members.get(memberId) ?? 'UNKNOWN_MEMBER_ID';
}

export const isLeader = (group: ClassicGroup, memberId: string): boolean => group.leaderId === memberId;

/** The largest rebalance timeout of all members. */
export function rebalanceTimeoutMs(group: ClassicGroup): number {
  let largest = 0;
  for (const member of group.members.values()) largest = Math.max(largest, member.rebalanceTimeoutMs);
  return largest;
}

/** Nobody is missing: every member waits for the join phase to end, and every id given out has been used. */
export const allMembersJoined = (group: ClassicGroup): boolean =>
  group.pendingJoin.size === 0 && group.members.awaitingJoin === group.members.size;

/** Whether somebody with these protocols could be a member beside those that there are. */
export function supportsProtocols(
  group: ClassicGroup,
  protocolType: string,
  protocols: readonly MemberProtocol[],
): boolean {
  if (group.state === 'Empty') return protocolType !== '' && protocols.length > 0;
  if (group.protocolType !== protocolType) return false;
  return protocols.some(({ name }) => group.members.supporters(name) === group.members.size);
}

/** The protocol that all members have in common and most prefer; undefined when there is none. */
export function selectProtocol(group: ClassicGroup): string | undefined {
  const members = [...group.members.values()];
  const votes = new Map<string, number>();
  for (const { name } of members[0]?.protocols ?? [])
    if (group.members.supporters(name) === group.members.size) votes.set(name, 0);
  for (const member of members) {
    const choice = member.protocols.find(({ name }) => votes.has(name));
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let selected: string | undefined;
  for (const [name, count] of votes)
    if (selected === undefined || count > (votes.get(selected) ?? 0)) selected = name;
  return selected;
}

/** What the member said about itself under the protocol; empty when it does not know the protocol. */
export const memberMetadata = (member: ClassicMember, protocolName: string | null): Uint8Array =>
  member.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_ASSIGNMENT;

/** Equal names and metadata, in the same order of preference. */
export function sameProtocols(left: readonly MemberProtocol[], right: readonly MemberProtocol[]): boolean {
  return (
    left.length === right.length &&
    left.every((protocol, at) => {
      const other = right[at];
      return (
        other !== undefined && other.name === protocol.name && sameBytes(other.metadata, protocol.metadata)
      );
    })
  );
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}
