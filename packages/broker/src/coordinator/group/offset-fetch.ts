// OffsetFetch: the offsets that a group has committed, of the partitions asked for or of all. A group that does not exist has none.
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
  }[];
}

/** The offsets of these partitions, in their order. */
export const fetchOffsets = (
  state: GroupState,
  groupId: string,
  topics: readonly FetchTopic[],
): FetchedTopic[] =>
  topics.map(({ topic, topicId, partitions }) => ({
    topic,
    partitions: partitions.map((partition) => ({
      partition,
      offset: current(state.offsets.get(groupId, topic, partition), topicId),
    })),
  }));

/** All offsets of the group. `topicIdOf` tells the id that a topic has now. */
export function fetchAllOffsets(
  state: GroupState,
  groupId: string,
  topicIdOf: (topic: string) => string | undefined,
): FetchedTopic[] {
  const topics: FetchedTopic[] = [];
  for (const [topic, byPartition] of state.offsets.of(groupId)) {
    const topicId = topicIdOf(topic);
    const partitions = [...byPartition]
      .map(([partition, offset]) => ({ partition, offset: current(offset, topicId) }))
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
