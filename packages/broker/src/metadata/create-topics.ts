// Decides CreateTopics: for each topic, the change that creates it or why it cannot be created. Each succeeds or fails by itself; codes,
// messages and the order of the checks are Kafka's. The broker creates topics of its own, and those it creates for clients that ask
// for their metadata, through here too.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { Random } from '@moldau/runtime';
import type { MutationQuota } from '../security/quotas/mutation-quotas.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import { describeTopic, type DescribedConfig } from '../settings/describe-configs.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import { brokerLayers } from '../settings/resolve-config.ts';
import { topicConfigProblems } from '../settings/validate-topic-configs.ts';
import type { MetadataChange } from './change.ts';
import type { MetadataImage, PartitionImage } from './image.ts';
import { INTERNAL_TOPICS } from './internal-topics.ts';
import { newTopicId } from './new-id.ts';
import { PartitionLimits } from './partition-limits.ts';
import { manualAssignmentProblem, newPartition, ReplicaPlacer } from './replica-placement.ts';
import { collidingTopic, topicNameProblem } from './topic-rules.ts';

/** As in the request. */
export interface TopicToCreate {
  readonly name: string;
  /** -1: `num.partitions`, or as many as are assigned. */
  readonly numPartitions: number;
  /** -1: `default.replication.factor`, or as many as are assigned. */
  readonly replicationFactor: number;
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

export interface CreateTopicsContext {
  readonly settings: BrokerSettings;
  readonly random: Random;
  readonly validateOnly: boolean;
  /** Of the client that asks, if it has one: each partition is counted. */
  readonly quota?: MutationQuota | undefined;
}

export type CreatedTopic = Outcome & {
  readonly name: string;
  /** The rest is there when it was created (or could be). */
  readonly topicId?: string;
  readonly numPartitions?: number;
  readonly replicationFactor?: number;
  readonly configs?: readonly DescribedConfig[];
};

type TopicCreated = Extract<MetadataChange, { kind: 'topic-created' }>;

/** For `MetadataStore.propose`. The answers are in the order of the request. */
export function createTopics(
  image: MetadataImage,
  topics: readonly TopicToCreate[],
  context: CreateTopicsContext,
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly CreatedTopic[] } {
  context.quota?.begin();
  const run = new Creation(image, context, topics);
  const answer = topics.map((topic): CreatedTopic => {
    const change = run.create(topic);
    if ('errorCode' in change) {
      return { name: topic.name, ...change };
    }
    return {
      name: topic.name,
      ...SUCCESS,
      topicId: change.id,
      numPartitions: change.partitions.length,
      replicationFactor: (change.partitions[0] as PartitionImage).replicas.length,
      configs: describeTopic(new Map(Object.entries(change.configs)), run.layers),
    };
  });
  return { changes: context.validateOnly ? [] : run.created, answer };
}

/** One request on its way. */
class Creation {
  readonly created: TopicCreated[] = [];
  readonly layers: ReturnType<typeof brokerLayers>;
  readonly #image: MetadataImage;
  readonly #context: CreateTopicsContext;
  readonly #names: ReadonlyMap<string, readonly TopicToCreate[]>;
  readonly #placer: ReplicaPlacer;
  readonly #limits: PartitionLimits;
  readonly #tooLarge: Outcome | undefined;

  constructor(image: MetadataImage, context: CreateTopicsContext, topics: readonly TopicToCreate[]) {
    this.#image = image;
    this.#context = context;
    this.layers = brokerLayers(image, context.settings);
    this.#names = Map.groupBy(topics, (topic) => topic.name);
    this.#placer = new ReplicaPlacer(image);
    this.#limits = new PartitionLimits(image, context.settings);
    this.#tooLarge = this.#limits.requestProblem(topics.reduce((sum, topic) => sum + this.#asked(topic), 0));
  }

  create(topic: TopicToCreate): TopicCreated | Outcome {
    const problem = this.#tooLarge ?? this.#nameProblem(topic.name) ?? this.#configProblem(topic);
    if (problem !== undefined) {
      return problem;
    }
    const partitions = topic.assignments.length > 0 ? this.#assigned(topic) : this.#placed(topic);
    if ('errorCode' in partitions) {
      return partitions;
    }
    const exceeded = this.#context.quota?.take(partitions.length);
    if (exceeded !== undefined) {
      return exceeded;
    }
    this.#limits.add(partitions.length);
    const change: TopicCreated = {
      kind: 'topic-created',
      name: topic.name,
      id: newTopicId(this.#context.random),
      internal: INTERNAL_TOPICS.has(topic.name),
      partitions,
      configs: Object.fromEntries(topic.configs.map(({ name, value }) => [name, value as string])),
    };
    this.created.push(change);
    return change;
  }

  #nameProblem(name: string): Outcome | undefined {
    if ((this.#names.get(name) as readonly TopicToCreate[]).length > 1) {
      return refusal(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.');
    }
    if (this.#image.topics.has(name)) {
      return refusal(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
    }
    const illegal = topicNameProblem(name);
    if (illegal !== undefined) {
      return refusal(ErrorCode.INVALID_TOPIC_EXCEPTION, illegal);
    }
    const colliding =
      collidingTopic(name, this.#image.topics.keys()) ??
      collidingTopic(
        name,
        this.created.map((topic) => topic.name),
      );
    return colliding === undefined
      ? undefined
      : refusal(
          ErrorCode.INVALID_TOPIC_EXCEPTION,
          `Topic '${name}' collides with existing topic: ${colliding}`,
        );
  }

  #configProblem({ configs }: TopicToCreate): Outcome | undefined {
    const nulls = configs.filter(({ value }) => value === null).map(({ name }) => name);
    if (nulls.length > 0) {
      return refusal(
        ErrorCode.INVALID_CONFIG,
        `Null value not supported for topic configs: ${nulls.join(',')}`,
      );
    }
    const [problem] = topicConfigProblems(
      new Map(configs.map(({ name, value }) => [name, value as string])),
      this.layers,
    );
    return problem === undefined ? undefined : refusal(ErrorCode.INVALID_CONFIG, problem);
  }

  /** How many partitions a topic asks for, as far as it makes sense. */
  #asked(topic: TopicToCreate): number {
    const { assignments, numPartitions } = topic;
    return assignments.length > 0
      ? assignments.length
      : numPartitions > 0
        ? numPartitions
        : this.#context.settings.numPartitions;
  }

  #placed(topic: TopicToCreate): readonly PartitionImage[] | Outcome {
    const { numPartitions, replicationFactor } = topic;
    if (replicationFactor < -1 || replicationFactor === 0) {
      return refusal(
        ErrorCode.INVALID_REPLICATION_FACTOR,
        'Replication factor must be larger than 0, or -1 to use the default value.',
      );
    }
    if (numPartitions < -1 || numPartitions === 0) {
      return refusal(
        ErrorCode.INVALID_PARTITIONS,
        'Number of partitions was set to an invalid non-positive value.',
      );
    }
    const count = this.#asked(topic);
    const usual = Math.max(
      1,
      Math.min(this.#context.settings.defaultReplicationFactor, this.#placer.brokers),
    );
    return (
      this.#limits.problem(count) ??
      this.#placer.place(count, replicationFactor === -1 ? usual : replicationFactor)
    );
  }

  #assigned({
    assignments,
    numPartitions,
    replicationFactor,
  }: TopicToCreate): readonly PartitionImage[] | Outcome {
    if (replicationFactor !== -1) {
      return refusal(
        ErrorCode.INVALID_REQUEST,
        'A manual partition assignment was specified, but replication factor was not set to -1.',
      );
    }
    if (numPartitions !== -1) {
      return refusal(
        ErrorCode.INVALID_REQUEST,
        'A manual partition assignment was specified, but numPartitions was not set to -1.',
      );
    }
    const partitions = new Map<number, PartitionImage>();
    for (const { partitionIndex, brokerIds } of assignments) {
      if (partitions.has(partitionIndex)) {
        return refusal(
          ErrorCode.INVALID_REPLICA_ASSIGNMENT,
          `Found multiple manual partition assignments for partition ${partitionIndex}`,
        );
      }
      const problem = manualAssignmentProblem(
        this.#image,
        brokerIds,
        partitions.values().next().value?.replicas.length,
      );
      if (problem !== undefined) {
        return problem;
      }
      partitions.set(partitionIndex, newPartition(brokerIds));
    }
    const inOrder: PartitionImage[] = [];
    for (let index = 0; index < partitions.size; index += 1) {
      const partition = partitions.get(index);
      if (partition === undefined) {
        return refusal(
          ErrorCode.INVALID_REPLICA_ASSIGNMENT,
          'partitions should be a consecutive 0-based integer sequence',
        );
      }
      inOrder.push(partition);
    }
    return this.#limits.problem(inOrder.length) ?? inOrder;
  }
}
