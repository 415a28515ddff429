// Decides ElectLeaders (KIP-460): the preferred leader of a partition leads again. Replicas share their data, so an unclean election
// never loses anything, and is only needed where nobody leads.
import { errorMessage, ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import type { MetadataChange } from './change.ts';
import type { MetadataImage, PartitionImage } from './image.ts';

export const ElectionType = { PREFERRED: 0, UNCLEAN: 1 } as const;

export interface ElectionRequest {
  /** See `ElectionType`; the handler has refused others. */
  readonly electionType: number;
  /** Null: all partitions of all topics. */
  readonly topicPartitions:
    | readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    | null;
}

export interface ElectedTopic {
  readonly topic: string;
  readonly partitionResult: readonly (Outcome & { readonly partitionId: number })[];
}

/** For `MetadataStore.propose`. When all partitions were asked for, those that need no election are left out of their topics, as Kafka does. */
export function electLeaders(
  image: MetadataImage,
  { electionType, topicPartitions }: ElectionRequest,
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly ElectedTopic[] } {
  const changes: MetadataChange[] = [];
  const asked =
    topicPartitions ??
    [...image.topics.values()].map(({ name, partitions }) => ({
      topic: name,
      partitions: [...partitions.keys()],
    }));
  const answer = asked.map(({ topic, partitions }): ElectedTopic => {
    const results = [...new Set(partitions)].map((partitionId) => {
      const elected = elect(image, topic, partitionId, electionType);
      if ('errorCode' in elected) {
        return { partitionId, ...elected };
      }
      changes.push({ kind: 'partition-changed', topic, partition: partitionId, state: elected });
      return { partitionId, ...SUCCESS };
    });
    return {
      topic,
      partitionResult:
        topicPartitions === null
          ? results.filter(({ errorCode }) => errorCode !== ErrorCode.ELECTION_NOT_NEEDED)
          : results,
    };
  });
  return { changes, answer };
}

function elect(
  image: MetadataImage,
  topic: string,
  index: number,
  electionType: number,
): PartitionImage | Outcome {
  const found = image.topics.get(topic);
  if (found === undefined) {
    return refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${topic}`);
  }
  const partition = found.partitions[index];
  if (partition === undefined) {
    return refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${topic}-${index}`);
  }
  const preferred = partition.replicas[0] as number;
  if (electionType === ElectionType.PREFERRED ? partition.leader === preferred : partition.leader !== -1) {
    return byCode(ErrorCode.ELECTION_NOT_NEEDED);
  }
  const leader =
    electionType === ElectionType.PREFERRED
      ? partition.isr.find((id) => id === preferred)
      : partition.replicas.find((id) => image.brokers.has(id));
  if (leader === undefined) {
    return byCode(
      electionType === ElectionType.PREFERRED
        ? ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE
        : ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
    );
  }
  const isr = partition.isr.includes(leader) ? partition.isr : [leader];
  return { ...partition, leader, leaderEpoch: partition.leaderEpoch + 1, isr };
}

function byCode(code: ErrorCode): Outcome {
  return refusal(code, errorMessage(code));
}
