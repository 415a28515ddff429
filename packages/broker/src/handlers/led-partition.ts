// From the name or id that a request gives to the partition that this broker leads, or the error that tells the client where to turn.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { PartitionImage, TopicImage } from '../metadata/image.ts';
import type { Partition } from '../partition/partition.ts';
import type { Services } from './services.ts';

export type LedPartition =
  | {
      readonly error: typeof ErrorCode.NONE;
      readonly partition: Partition;
      readonly image: PartitionImage;
      readonly topic: TopicImage;
    }
  /** `image` is there when the partition exists: it names the current leader (KIP-951). */
  | {
      readonly error: ErrorCode;
      readonly partition: undefined;
      readonly image: PartitionImage | undefined;
      readonly topic: TopicImage | undefined;
    };

/** The partition `index` of the topic called `name`, if this broker leads it. */
export function ledPartition(services: Services, name: string, index: number): LedPartition {
  const topic = services.metadata.image.topics.get(name);
  const image = topic?.partitions[index];
  if (topic === undefined || image === undefined) {
    return { error: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, partition: undefined, image: undefined, topic };
  }
  if (image.leader !== services.brokerId) {
    const error = image.leader < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NOT_LEADER_OR_FOLLOWER;
    return { error, partition: undefined, image, topic };
  }
  const partition = services.partitions.get(topic.id, index);
  if (partition === undefined) return { error: ErrorCode.NOT_LEADER_OR_FOLLOWER, partition, image, topic };
  return { error: ErrorCode.NONE, partition, image, topic };
}

/** The error for a client that believes in leader epoch `claimed` (-1: none) while `current` is in force (KIP-320). */
export function leaderEpochError(claimed: number, current: number): ErrorCode {
  if (claimed < 0 || claimed === current) return ErrorCode.NONE;
  return claimed < current ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
}
