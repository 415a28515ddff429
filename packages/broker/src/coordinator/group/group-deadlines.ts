// When time next matters to each group: the end of its members' sessions, of its join phase, of the wait for SyncGroup requests.
//
// Sessions are kept here and not in the group, for two reasons: a heartbeat must not copy the group, and that a member was heard of stays true even
// when the records around it are discarded. A group's entry in the queue is a lower bound: heartbeats only move sessions later, so the queue is
// looked at again when the bound is reached, not with each of them.
import { DeadlineQueue } from '../deadline-queue.ts';
import type { ClassicGroup } from './classic-group.ts';
import type { SessionStart } from './group-transition.ts';

export class GroupDeadlines {
  /** By group, then by member or pending id: when the session ends, monotonic milliseconds. */
  readonly #sessions = new Map<string, Map<string, number>>();
  readonly #queue = new DeadlineQueue<string>();

  earliest(): { readonly key: string; readonly atMs: number } | undefined {
    return this.#queue.earliest();
  }

  startSessions(groupId: string, sessions: readonly SessionStart[], nowMs: number): void {
    if (sessions.length === 0) return;
    let ends = this.#sessions.get(groupId);
    if (ends === undefined) this.#sessions.set(groupId, (ends = new Map()));
    for (const { memberId, timeoutMs } of sessions) {
      const atMs = nowMs + timeoutMs;
      ends.set(memberId, atMs);
      this.#lower(groupId, atMs);
    }
  }

  /** The group has changed: its own deadlines count from now on. */
  changed(group: ClassicGroup): void {
    if (group.joinDeadline !== undefined) this.#lower(group.groupId, group.joinDeadline.atMs);
    if (group.syncDeadlineMs !== undefined) this.#lower(group.groupId, group.syncDeadlineMs);
  }

  /** Whose session has ended by now. */
  endedSessions(groupId: string, nowMs: number): string[] {
    return [...(this.#sessions.get(groupId) ?? [])]
      .filter(([, atMs]) => atMs <= nowMs)
      .map(([memberId]) => memberId);
  }

  /** What was due by now has been dealt with: forgets it, and finds when the group is to be looked at next. */
  settle(group: ClassicGroup, nowMs: number): void {
    const sessions = this.#sessions.get(group.groupId);
    let next = Math.min(group.joinDeadline?.atMs ?? Infinity, group.syncDeadlineMs ?? Infinity);
    for (const [memberId, atMs] of sessions ?? []) {
      const known = group.members.has(memberId) || group.pendingJoin.has(memberId);
      if (!known || atMs <= nowMs) sessions?.delete(memberId);
      else next = Math.min(next, atMs);
    }
    if (sessions?.size === 0) this.#sessions.delete(group.groupId);
    if (next === Infinity) this.#queue.delete(group.groupId);
    else this.#queue.set(group.groupId, next);
  }

  /** Gives a session to every member and pending id that has none and needs one: after a roll back brought members back. */
  restore(group: ClassicGroup, nowMs: number): void {
    const sessions = this.#sessions.get(group.groupId);
    const missing: SessionStart[] = [];
    for (const member of group.members.values()) {
      if (sessions?.has(member.memberId) !== true)
        missing.push({ memberId: member.memberId, timeoutMs: member.sessionTimeoutMs });
    }
    this.startSessions(group.groupId, missing, nowMs);
    this.changed(group);
  }

  forget(groupId: string): void {
    this.#sessions.delete(groupId);
    this.#queue.delete(groupId);
  }

  #lower(groupId: string, atMs: number): void {
    const bound = this.#queue.get(groupId);
    if (bound === undefined || atMs < bound) this.#queue.set(groupId, atMs);
  }
}
