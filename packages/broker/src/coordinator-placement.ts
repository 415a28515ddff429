// Which broker coordinates what: the leader of a partition of `__consumer_offsets` coordinates the groups that fall on it, the leader of a partition of
// `__transaction_state` the transactions. Follows the image and tells each broker's coordinators what they have got and what they have lost.
import type { CoordinatorLog } from './coordinator/coordinator-log.ts';
import { PartitionCoordinatorLog } from './coordinator/partition-coordinator-log.ts';
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from './metadata/internal-topics.ts';
import type { MetadataImage, PartitionImage } from './metadata/image.ts';
import type { MetadataStore } from './metadata/metadata-store.ts';
import type { Partitions } from './partition/partitions.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Broker } from './broker.ts';

/** What is told to a coordinator. */
interface Coordinator {
  onLeader(partition: number, epoch: number, log: CoordinatorLog): Promise<void>;
  onResigned(partition: number): void;
}

interface Kind {
  readonly topic: string;
  of(broker: Broker): Coordinator;
  /** Logged when a partition cannot be loaded. */
  readonly failure: string;
}

const KINDS: readonly Kind[] = [
  {
    topic: GROUP_METADATA_TOPIC,
    of: (broker) => broker.groups,
    failure: 'the groups of a partition of __consumer_offsets could not be loaded',
  },
  {
    topic: TRANSACTION_STATE_TOPIC,
    of: (broker) => broker.transactions,
    failure: 'the transactions of a partition of __transaction_state could not be loaded',
  },
];

/** Who leads a partition, in which epoch, of which topic of the name. */
interface Told {
  readonly topicId: string;
  readonly leader: number;
  readonly leaderEpoch: number;
}

export class CoordinatorPlacement {
  readonly #brokers: ReadonlyMap<number, Broker>;
  readonly #partitions: Partitions;
  readonly #logger: Logger;
  /** What has been told, by kind, then by partition. */
  readonly #told = new Map<Kind, Map<number, Told>>(KINDS.map((kind) => [kind, new Map<number, Told>()]));
  #work: Promise<void> = Promise.resolve();
  readonly #unsubscribe: () => void;

  constructor(brokers: readonly Broker[], metadata: MetadataStore, partitions: Partitions, logger: Logger) {
    this.#logger = logger;
    this.#brokers = new Map(brokers.map((broker) => [broker.id, broker]));
    this.#partitions = partitions;
    this.#unsubscribe = metadata.subscribe((image, previous) => this.#follow(image, previous));
    for (const kind of KINDS) this.#place(kind, metadata.image);
  }

  close(): void {
    this.#unsubscribe();
  }

  #follow(image: MetadataImage, previous: MetadataImage): void {
    for (const kind of KINDS)
      if (image.topics.get(kind.topic) !== previous.topics.get(kind.topic)) this.#place(kind, image);
    const deleted = [...previous.topics.values()].filter(
      (topic) => image.topics.get(topic.name)?.id !== topic.id,
    );
    if (deleted.length === 0) return;
    for (const broker of this.#brokers.values())
      void broker.groups.topicsDeleted(deleted.map(({ name, id }) => ({ name, id })));
  }

  #place(kind: Kind, image: MetadataImage): void {
    const topic = image.topics.get(kind.topic);
    const told = this.#toldOf(kind);
    for (const [index, { topicId, leader }] of told) {
      if (topic?.id === topicId) continue;
      told.delete(index);
      this.#resign(kind, index, leader);
    }
    if (topic === undefined) return;
    for (const [index, partition] of topic.partitions.entries()) {
      const before = told.get(index);
      if (before?.leader === partition.leader && before.leaderEpoch === partition.leaderEpoch) continue;
      const { leader, leaderEpoch } = partition;
      const now: Told = { topicId: topic.id, leader, leaderEpoch };
      told.set(index, now);
      if (before !== undefined) this.#resign(kind, index, before.leader);
      this.#work = this.#work.then(() => this.#lead(kind, index, partition, now));
    }
  }

  #toldOf(kind: Kind): Map<number, Told> {
    return this.#told.get(kind) as Map<number, Told>;
  }

  #resign(kind: Kind, index: number, leader: number): void {
    const broker = this.#brokers.get(leader);
    if (broker !== undefined) kind.of(broker).onResigned(index);
  }

  /** Once the partition's log is open. */
  async #lead(kind: Kind, index: number, image: PartitionImage, told: Told): Promise<void> {
    await this.#partitions.settled();
    const partition = this.#partitions.get(told.topicId, index);
    const broker = this.#brokers.get(image.leader);
    if (partition === undefined || broker === undefined || this.#toldOf(kind).get(index) !== told) return;
    const log = new PartitionCoordinatorLog(partition, image.leaderEpoch);
    // Loading goes on beside: what it coordinates is answered COORDINATOR_LOAD_IN_PROGRESS until it is done.
    kind
      .of(broker)
      .onLeader(index, image.leaderEpoch, log)
      .catch((error: unknown) => this.#logger.error({ partition: index, err: error }, kind.failure));
  }
}
