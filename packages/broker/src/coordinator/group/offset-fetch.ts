// OffsetFetch: the offsets that a group has committed, of the partitions asked for or of all. A group that does not exist has none.
//
// A member that takes a partition over asks for stable offsets (KIP-447): while a transaction has an offset of the partition pending there is none, or
// the member would begin behind what the transaction is about to commit and do its work once more.
import type { CommittedOffset } from './committed-offsets.ts';
import type { GroupState } from './group-state.ts';

export interface FetchTopic {
  readonly topic: string;
  /** The id that the topic has now, if it exists; an offset of a topic that had the name before does not count. */
  readonly topicId: string | undefined;
  readonly partitions: readonly number[];
}

export interface FetchedTopic {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset: CommittedOffset | undefined;
    /** A stable offset was asked for, and an open transaction may be about to change it. */
    readonly isUnstable: boolean;
  }[];
}

/** The offsets of these partitions, in their order. */
export const fetchOffsets = (
  state: GroupState,
  groupId: string,
  topics: readonly FetchTopic[],
  requireStable: boolean,
): FetchedTopic[] =>
  topics.map(({ topic, topicId, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => ({
      partition,
      offset: current(state.offsets.get(groupId, topic, partition), topicId),
      isUnstable: requireStable && state.pending.has(groupId, topic, partition),
    })),
  }));

/** All offsets of the group. `topicIdOf` tells the id that a topic has now. */
export function fetchAllOffsets(
  state: GroupState,
  groupId: string,
  topicIdOf: (topic: string) => string | undefined,
  requireStable: boolean,
): FetchedTopic[] {
  const topics: FetchedTopic[] = [];
  for (const [topic, byPartition] of state.offsets.of(groupId)) {
    const topicId = topicIdOf(topic);
    const partitions = [...byPartition]
      .map(([partition, offset]) => ({
        partition,
        offset: current(offset, topicId),
        isUnstable: requireStable && state.pending.has(groupId, topic, partition),
      }))
      .filter(({ offset }) => offset !== undefined);
    if (partitions.length > 0) topics.push({ topic, partitions });
  }
  return topics;
}

const current = (
  offset: CommittedOffset | undefined,
  topicId: string | undefined,
): CommittedOffset | undefined =>
  offset?.topicId !== undefined && topicId !== undefined && offset.topicId !== topicId ? undefined : offset;
