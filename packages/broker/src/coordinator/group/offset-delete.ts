// Offsets that are deleted on purpose: OffsetDelete for those of topics that nobody in the group subscribes to, and all of a topic when it is deleted.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import type { CommittedOffset } from './committed-offsets.ts';
import { CONSUMER_PROTOCOL_TYPE, isSubscribedTo } from './consumer-subscription.ts';
import { offsetTombstone } from './group-records.ts';
import { answered } from './group-state.ts';
import type { GroupDecision, GroupState } from './group-state.ts';

export interface DeleteTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** An error of the whole request, or one of each topic. */
export type OffsetDeleteAnswer = ErrorName | readonly ErrorName[];

export function deleteOffsets(
  state: GroupState,
  context: DecisionContext,
  groupId: string,
  topics: readonly DeleteTopic[],
): GroupDecision {
  const group = state.group(groupId);
  if (group === undefined) return answered(context, 'GROUP_ID_NOT_FOUND' satisfies OffsetDeleteAnswer);
  if (group.state !== 'Empty' && group.protocolType !== CONSUMER_PROTOCOL_TYPE)
    return answered(context, 'NON_EMPTY_GROUP' satisfies OffsetDeleteAnswer);
  const records: CoordinatorRecord[] = [];
  const answer = topics.map(({ topic, partitions }): ErrorName => {
    if (isSubscribedTo(group, topic)) return 'GROUP_SUBSCRIBED_TO_TOPIC';
    for (const partition of partitions) {
      if (
        state.offsets.get(groupId, topic, partition) !== undefined ||
        state.pending.has(groupId, topic, partition)
      )
        records.push(offsetTombstone(groupId, topic, partition));
    }
    return 'NONE';
  });
  return { records, changes: [], replies: [{ to: context.reply, answer }] };
}

/** `id` is base64url. */
export interface DeletedTopic {
  readonly name: string;
  readonly id: string;
}

/** The topics are gone, and the offsets of every group in them. What was committed for another topic of the name stays. */
export function deleteTopicOffsets(
  state: GroupState,
  context: DecisionContext,
  topics: readonly DeletedTopic[],
): GroupDecision {
  const ids = new Map(topics.map(({ name, id }) => [name, id]));
  const isGone = (topic: string, { topicId }: CommittedOffset): boolean =>
    ids.has(topic) && (topicId === undefined || topicId === ids.get(topic));
  const records: CoordinatorRecord[] = [];
  for (const groupId of new Set([...state.offsets.groupIds(), ...state.pending.groupIds()])) {
    for (const { name } of topics) {
      const partitions = new Set<number>();
      for (const [partition, offset] of state.offsets.ofTopic(groupId, name))
        if (isGone(name, offset)) partitions.add(partition);
      for (const { topic, partition, offset } of state.pending.of(groupId))
        if (topic === name && isGone(name, offset)) partitions.add(partition);
      for (const partition of partitions) records.push(offsetTombstone(groupId, name, partition));
    }
  }
  return { records, changes: [], replies: [{ to: context.reply, answer: undefined }], splittable: true };
}
