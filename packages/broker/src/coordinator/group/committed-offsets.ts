// The offsets that groups have committed: by group, topic and partition.
import { UndoMap } from '../undo-log.ts';
import type { UndoLog } from '../undo-log.ts';

export interface CommittedOffset {
  readonly offset: number;
  /** Of the last record consumed; -1 when the client did not say. */
  readonly leaderEpoch: number;
  /** Text of the client's. */
  readonly metadata: string;
  readonly commitTimestampMs: number;
  /** When it expires, as clients before 2.1 could ask for; -1: by the retention of the broker. */
  readonly expireTimestampMs: number;
  /** The topic's id at the time, base64url; undefined in records that do not have it. A topic created anew under the name has another. */
  readonly topicId: string | undefined;
  /** Where the record lies in the log. */
  readonly recordOffset: number;
}

type ByPartition = UndoMap<number, CommittedOffset>;
type ByTopic = UndoMap<string, ByPartition>;

export class CommittedOffsets {
  readonly #undo: UndoLog;
  readonly #groups: UndoMap<string, ByTopic>;

  constructor(undo: UndoLog) {
    this.#undo = undo;
    this.#groups = new UndoMap(undo);
  }

  get(groupId: string, topic: string, partition: number): CommittedOffset | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  set(groupId: string, topic: string, partition: number, offset: CommittedOffset): void {
    let topics = this.#groups.get(groupId);
    if (topics === undefined) this.#groups.set(groupId, (topics = new UndoMap(this.#undo)));
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = new UndoMap(this.#undo)));
    partitions.set(partition, offset);
  }

  delete(groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions === undefined) return;
    partitions.delete(partition);
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) this.#groups.delete(groupId);
  }

  /** Whether the group has any. */
  hasAny(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  /** The group's offsets by topic and partition. */
  of(
    groupId: string,
  ): Iterable<[topic: string, partitions: Iterable<[partition: number, offset: CommittedOffset]>]> {
    return this.#groups.get(groupId) ?? [];
  }

  /** The group's offsets of one topic. */
  ofTopic(groupId: string, topic: string): Iterable<[partition: number, offset: CommittedOffset]> {
    return this.#groups.get(groupId)?.get(topic) ?? [];
  }

  /** Groups that have committed offsets. */
  groupIds(): Iterable<string> {
    return this.#groups.keys();
  }

  /** All offsets of all groups. */
  *all(): Generator<{ groupId: string; topic: string; partition: number; offset: CommittedOffset }> {
    for (const [groupId, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, offset] of partitions) yield { groupId, topic, partition, offset };
      }
    }
  }
}
