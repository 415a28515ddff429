// Decides CreatePartitions: a topic's partitions only ever grow, as removing one would lose its records and move keys.
import { errorMessage, ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { MutationQuota } from '../security/quotas/mutation-quotas.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import type { MetadataChange } from './change.ts';
import type { MetadataImage, PartitionImage } from './image.ts';
import { PartitionLimits } from './partition-limits.ts';
import { manualAssignmentProblem, newPartition, ReplicaPlacer } from './replica-placement.ts';

/** As in the request. */
export interface PartitionsToAdd {
  readonly name: string;
  /** How many there shall be in all. */
  readonly count: number;
  /** The replicas of each new partition; null: the broker places them. */
  readonly assignments: readonly { readonly brokerIds: readonly number[] }[] | null;
}

export interface AddPartitionsContext {
  readonly settings: BrokerSettings;
  readonly validateOnly: boolean;
  /** Of the client that asks, if it has one: each partition is counted. */
  readonly quota?: MutationQuota | undefined;
}

export interface AddedPartitions extends Outcome {
  readonly name: string;
}

/** For `MetadataStore.propose`. The answers are in the order of the request. */
export function addPartitions(
  image: MetadataImage,
  topics: readonly PartitionsToAdd[],
  { settings, validateOnly, quota }: AddPartitionsContext,
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly AddedPartitions[] } {
  quota?.begin();
  const changes: MetadataChange[] = [];
  const placer = new ReplicaPlacer(image);
  const limits = new PartitionLimits(image, settings);
  const tooLarge = limits.requestProblem(
    topics.reduce((sum, topic) => sum + Math.max(0, topic.count - partitionsOf(image, topic.name)), 0),
  );
  const times = Map.groupBy(topics, ({ name }) => name);
  const answer = topics.map((topic): AddedPartitions => {
    const { name } = topic;
    if ((times.get(name) as unknown[]).length > 1) {
      return { name, ...refusal(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.') };
    }
    const partitions = tooLarge ?? newPartitions(image, topic, placer, limits);
    if ('errorCode' in partitions) {
      return { name, ...partitions };
    }
    const exceeded = quota?.take(partitions.length);
    if (exceeded !== undefined) {
      return { name, ...exceeded };
    }
    limits.add(partitions.length);
    changes.push({ kind: 'partitions-added', topic: name, partitions });
    return { name, ...SUCCESS };
  });
  return { changes: validateOnly ? [] : changes, answer };
}

function newPartitions(
  image: MetadataImage,
  { name, count, assignments }: PartitionsToAdd,
  placer: ReplicaPlacer,
  limits: PartitionLimits,
): readonly PartitionImage[] | Outcome {
  const topic = image.topics.get(name);
  if (topic === undefined) {
    return refusal(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION));
  }
  const now = topic.partitions.length;
  if (count === now) {
    return refusal(ErrorCode.INVALID_PARTITIONS, `Topic already has ${now} partition(s).`);
  }
  if (count < now) {
    return refusal(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${name} currently has ${now} partition(s); ${count} would not be an increase. Partitions can only be added: removing one would lose its records.`,
    );
  }
  if (topic.internal) {
    return refusal(
      ErrorCode.INVALID_PARTITIONS,
      `The number of partitions of ${name} is fixed: what lives in it is spread over them by hash.`,
    );
  }
  const replicationFactor = (topic.partitions[0] as PartitionImage).replicas.length;
  const more = count - now;
  if (assignments === null) {
    return limits.problem(more) ?? placer.place(more, Math.min(replicationFactor, placer.brokers), now);
  }
  if (assignments.length !== more) {
    return refusal(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${more} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
    );
  }
  for (const { brokerIds } of assignments) {
    const problem = manualAssignmentProblem(image, brokerIds, replicationFactor);
    if (problem !== undefined) {
      return problem;
    }
  }
  return limits.problem(more) ?? assignments.map(({ brokerIds }) => newPartition(brokerIds));
}

function partitionsOf(image: MetadataImage, topic: string): number {
  return image.topics.get(topic)?.partitions.length ?? 0;
}
