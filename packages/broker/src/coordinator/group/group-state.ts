// The state of one partition of `__consumer_offsets`: the groups that hash to it and their committed offsets, as a state machine for CoordinatorShard.
//
// Must stay true:
//   - what records say is changed by `apply` alone; what is memory only (who waits, deadlines) by `applyChange`;
//   - a group that is Empty or Stable is, but for protocols that were not chosen and pending ids, what its last record says;
//   - whoever has committed offsets is a group, if only an Empty one that nobody has ever joined.
import assert from 'node:assert/strict';
import type { CoordinatorRecord, TransactionalProducer } from '../coordinator-log.ts';
import type { CoordinatorState, Decision, DecisionContext } from '../coordinator-shard.ts';
import { UndoMap } from '../undo-log.ts';
import type { UndoLog } from '../undo-log.ts';
import { emptyGroup } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';
import { CommittedOffsets } from './committed-offsets.ts';
import { GroupDeadlines } from './group-deadlines.ts';
import { readGroupRecord } from './group-records.ts';
import type { OffsetRecord } from './group-records.ts';
import type { GroupSettings } from './group-settings.ts';
import { GroupTransition } from './group-transition.ts';
import type { SessionStart } from './group-transition.ts';
import { expireOffsets } from './offset-expiration.ts';
import { expireDeadlines, prepareRebalance } from './rebalance.ts';
import { TransactionVerifications } from './transaction-verifications.ts';
import { TransactionalOffsets } from './transactional-offsets.ts';

/** What changes without a record. */
export type GroupChange =
  | {
      readonly kind: 'group';
      readonly groupId: string;
      /** The group's new value, where it has one. */
      readonly group: ClassicGroup | undefined;
      readonly sessions: readonly SessionStart[];
      readonly nowMs: number;
      /** What was due by `nowMs` has been dealt with. */
      readonly settled: boolean;
    }
  | { readonly kind: 'offsets-checked'; readonly nextCheckMs: number };

export type GroupDecision = Decision<GroupChange>;

export class GroupState implements CoordinatorState<GroupChange> {
  readonly settings: GroupSettings;
  readonly offsets: CommittedOffsets;
  /** What open transactions have committed. */
  readonly pending: TransactionalOffsets;
  readonly verifications = new TransactionVerifications();
  readonly #groups: UndoMap<string, ClassicGroup>;
  readonly #deadlines = new GroupDeadlines();
  #nextOffsetsCheckMs = Infinity;

  constructor(settings: GroupSettings, undo: UndoLog) {
    this.settings = settings;
    this.offsets = new CommittedOffsets(undo);
    this.pending = new TransactionalOffsets(undo);
    this.#groups = new UndoMap(undo);
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  group(groupId: string): ClassicGroup | undefined {
    return this.#groups.get(groupId);
  }

  groups(): Iterable<ClassicGroup> {
    return this.#groups.values();
  }

  apply(record: CoordinatorRecord, recordOffset: number, producer?: TransactionalProducer): void {
    const read = readGroupRecord(record);
    switch (read.kind) {
      case 'group':
        if (read.group !== undefined) this.#groups.set(read.groupId, read.group);
        else {
          this.#groups.delete(read.groupId);
          this.#deadlines.forget(read.groupId);
        }
        return;
      case 'offset':
        this.#applyOffset(read, recordOffset, producer);
        return;
      case 'other':
    }
  }

  #applyOffset(
    { groupId, topic, partition, offset }: OffsetRecord,
    recordOffset: number,
    producer: TransactionalProducer | undefined,
  ): void {
    if (offset === undefined) {
      // What transactions have pending lies before the tombstone in the log, so it is gone too.
      this.offsets.delete(groupId, topic, partition);
      this.pending.delete(groupId, topic, partition);
      return;
    }
    if (!this.#groups.has(groupId)) this.#groups.set(groupId, emptyGroup(groupId, offset.commitTimestampMs));
    const committed = { ...offset, recordOffset };
    if (producer === undefined) this.offsets.set(groupId, topic, partition, committed);
    else this.pending.set(producer, groupId, topic, partition, committed);
  }

  applyMarker(producerId: number, committed: boolean): void {
    this.verifications.ended(producerId);
    const ended = this.pending.end(producerId);
    if (ended === undefined || !committed) return;
    for (const { groupId, topic, partition, offset } of ended.all()) {
      // The log says which of two commits is the later one: compaction keeps the last record of a key, whichever it belongs to.
      const other = this.offsets.get(groupId, topic, partition);
      if (other === undefined || other.recordOffset < offset.recordOffset)
        this.offsets.set(groupId, topic, partition, offset);
    }
  }

  applyChange(change: GroupChange): void {
    if (change.kind === 'offsets-checked') {
      this.#nextOffsetsCheckMs = change.nextCheckMs;
      return;
    }
    const { groupId, group, sessions, nowMs } = change;
    if (group !== undefined) this.#groups.set(groupId, group);
    this.#deadlines.startSessions(groupId, sessions, nowMs);
    const current = this.#groups.get(groupId);
    if (current === undefined) this.#deadlines.forget(groupId);
    else if (change.settled) this.#deadlines.settle(current, nowMs);
    else if (group !== undefined) this.#deadlines.changed(group);
  }

  /** Every member of the log has its full session to be heard of again; groups that grew beyond what is allowed now are rebalanced. */
  loaded(context: DecisionContext): GroupDecision {
    const parts = [...this.groups()].map((group) => {
      const transition = new GroupTransition(group, context, this.settings);
      for (const member of group.members.values())
        transition.startSession(member.memberId, member.sessionTimeoutMs);
      if (group.members.size > this.settings.maxGroupSize) prepareRebalance(transition);
      return decisionOf(transition, group);
    });
    const check: GroupChange = {
      kind: 'offsets-checked',
      nextCheckMs: context.monotonicMs + this.settings.offsetsRetentionCheckIntervalMs,
    };
    return {
      records: parts.flatMap((part) => part.records),
      changes: [...parts.flatMap((part) => part.changes), check],
      replies: parts.flatMap((part) => part.replies),
      splittable: true,
    };
  }

  rolledBack(monotonicMs: number): void {
    for (const group of this.groups()) this.#deadlines.restore(group, monotonicMs);
  }

  nextDeadline(): number | undefined {
    const next = Math.min(this.#deadlines.earliest()?.atMs ?? Infinity, this.#nextOffsetsCheckMs);
    return next === Infinity ? undefined : next;
  }

  expire(context: DecisionContext): GroupDecision {
    if (this.#nextOffsetsCheckMs <= context.monotonicMs) {
      const nextCheckMs = context.monotonicMs + this.settings.offsetsRetentionCheckIntervalMs;
      return {
        records: expireOffsets(this, context.nowMs),
        changes: [{ kind: 'offsets-checked', nextCheckMs }],
        replies: [],
        splittable: true,
      };
    }
    const due = this.#deadlines.earliest();
    assert(due !== undefined && due.atMs <= context.monotonicMs, 'called when something is due');
    const group = this.group(due.key);
    // A group that a roll back undid: nothing is left to be done for it.
    if (group === undefined) return { records: [], changes: [forgotten(due.key, context)], replies: [] };
    const transition = new GroupTransition(group, context, this.settings);
    expireDeadlines(transition, this.#deadlines.endedSessions(group.groupId, context.monotonicMs));
    return decisionOf(transition, group, true);
  }
}

/** The decision that a transition has come to; `before` is the group that it began with. */
export function decisionOf(
  transition: GroupTransition,
  before: ClassicGroup | undefined,
  settled = false,
): GroupDecision {
  const { group, sessions, records, replies, context } = transition;
  const changed = group !== before;
  if (!changed && sessions.length === 0 && !settled) return { records, changes: [], replies };
  const change: GroupChange = {
    kind: 'group',
    groupId: group.groupId,
    group: changed ? group : undefined,
    sessions,
    nowMs: context.monotonicMs,
    settled,
  };
  return { records, changes: [change], replies };
}

const forgotten = (groupId: string, context: DecisionContext): GroupChange => ({
  kind: 'group',
  groupId,
  group: undefined,
  sessions: [],
  nowMs: context.monotonicMs,
  settled: true,
});

/** A decision that answers this request and changes nothing. */
export const answered = (context: DecisionContext, answer: unknown): GroupDecision => ({
  records: [],
  changes: [],
  replies: [{ to: context.reply, answer }],
});
