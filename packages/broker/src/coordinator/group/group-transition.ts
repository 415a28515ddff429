// One decision about one group while it is being made: the group as it is so far, and what else is to happen. The functions of the protocol
// (rebalance.ts, join-group.ts, ...) move it forward; nothing outside it changes until the decision is enacted.
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { DecisionContext, Reply, ReplyId } from '../coordinator-shard.ts';
import type { ClassicGroup, ClassicGroupState, ClassicMember } from './classic-group.ts';
import type { GroupSettings } from './group-settings.ts';
import { groupMetadataRecord } from './group-records.ts';
import type { JoinAnswer, SyncAnswer } from './group-answer.ts';

/** A member whose session begins anew and ends `timeoutMs` from now. */
export interface SessionStart {
  readonly memberId: string;
  readonly timeoutMs: number;
}

export class GroupTransition {
  readonly context: DecisionContext;
  readonly settings: GroupSettings;
  readonly records: CoordinatorRecord[] = [];
  readonly replies: Reply[] = [];
  readonly sessions: SessionStart[] = [];
  #group: ClassicGroup;

  constructor(group: ClassicGroup, context: DecisionContext, settings: GroupSettings) {
    this.#group = group;
    this.context = context;
    this.settings = settings;
  }

  /** The group as it will be. */
  get group(): ClassicGroup {
    return this.#group;
  }

  update(changes: Partial<ClassicGroup>): void {
    this.#group = { ...this.#group, ...changes };
  }

  moveTo(state: ClassicGroupState): void {
    this.update({ state, stateTimestampMs: this.context.nowMs });
  }

  /** Adds the member or replaces the one of its id. */
  putMember(member: ClassicMember): void {
    this.update({ members: this.#group.members.with(member) });
  }

  updateMember(member: ClassicMember, changes: Partial<ClassicMember>): ClassicMember {
    const changed = { ...member, ...changes };
    this.putMember(changed);
    return changed;
  }

  /** Changes many members at once. */
  mapMembers(change: (member: ClassicMember) => ClassicMember): void {
    this.update({ members: this.#group.members.map(change) });
  }

  /**
   * Takes members or pending ids out. Requests of theirs that still wait are answered UNKNOWN_MEMBER_ID, so that a client that lives joins again.
   */
  remove(memberIds: ReadonlySet<string>): void {
    let { members } = this.#group;
    for (const memberId of memberIds) {
      const member = members.get(memberId);
      if (member === undefined) continue;
      this.replyToJoin(member, { error: 'UNKNOWN_MEMBER_ID', memberId: '' });
      this.replyToSync(member, { error: 'UNKNOWN_MEMBER_ID' });
      members = members.without(memberId);
    }
    const { leaderId, pendingJoin, pendingSync } = this.#group;
    this.update({
      members,
      leaderId:
        leaderId !== null && !members.has(leaderId)
          ? (members.values().next().value?.memberId ?? null)
          : leaderId,
      pendingJoin: pendingJoin.difference(memberIds),
      pendingSync: pendingSync.difference(memberIds),
    });
  }

  /** Answers the member's waiting JoinGroup, if there is one. The caller forgets that it waited. */
  replyToJoin(member: ClassicMember, answer: JoinAnswer): boolean {
    return this.#replyTo(member.awaitingJoin, answer);
  }

  /** Answers the member's waiting SyncGroup, if there is one. The caller forgets that it waited. */
  replyToSync(member: ClassicMember, answer: SyncAnswer): boolean {
    return this.#replyTo(member.awaitingSync, answer);
  }

  /** Answers the request that is decided on. */
  reply(answer: unknown): void {
    this.replies.push({ to: this.context.reply, answer });
  }

  startSession(memberId: string, timeoutMs: number): void {
    this.sessions.push({ memberId, timeoutMs });
  }

  /** Stores the group as it is now. */
  store(): void {
    this.records.push(groupMetadataRecord(this.#group));
  }

  #replyTo(to: ReplyId | undefined, answer: JoinAnswer | SyncAnswer): boolean {
    if (to === undefined) return false;
    this.replies.push({ to, answer });
    return true;
  }
}
