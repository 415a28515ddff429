// Which broker coordinates what: the leader of a partition of `__consumer_offsets` coordinates the groups that fall on it. Follows the
// image and tells each broker's coordinator what it has got and what it has lost.
import { PartitionCoordinatorLog } from './coordinator/partition-coordinator-log.ts';
import { GROUP_METADATA_TOPIC } from './metadata/internal-topics.ts';
import type { MetadataImage, PartitionImage } from './metadata/image.ts';
import type { MetadataStore } from './metadata/metadata-store.ts';
import type { Partitions } from './partition/partitions.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Broker } from './broker.ts';

export class CoordinatorPlacement {
  readonly #brokers: ReadonlyMap<number, Broker>;
  readonly #partitions: Partitions;
  readonly #logger: Logger;
  /** What has been told: by partition, who leads it in which epoch. */
  readonly #told = new Map<number, { readonly leader: number; readonly leaderEpoch: number }>();
  #work: Promise<void> = Promise.resolve();
  readonly #unsubscribe: () => void;

  constructor(brokers: readonly Broker[], metadata: MetadataStore, partitions: Partitions, logger: Logger) {
    this.#logger = logger;
    this.#brokers = new Map(brokers.map((broker) => [broker.id, broker]));
    this.#partitions = partitions;
    this.#unsubscribe = metadata.subscribe((image, previous) => this.#follow(image, previous));
    this.#place(metadata.image);
  }

  close(): void {
    this.#unsubscribe();
  }

  #follow(image: MetadataImage, previous: MetadataImage): void {
    if (image.topics.get(GROUP_METADATA_TOPIC) !== previous.topics.get(GROUP_METADATA_TOPIC))
      this.#place(image);
    const deleted = [...previous.topics.values()].filter(
      (topic) => image.topics.get(topic.name)?.id !== topic.id,
    );
    if (deleted.length === 0) return;
    for (const broker of this.#brokers.values())
      void broker.groups.topicsDeleted(deleted.map(({ name, id }) => ({ name, id })));
  }

  #place(image: MetadataImage): void {
    const topic = image.topics.get(GROUP_METADATA_TOPIC);
    if (topic === undefined) return;
    for (const [index, partition] of topic.partitions.entries()) {
      const told = this.#told.get(index);
      if (told?.leader === partition.leader && told.leaderEpoch === partition.leaderEpoch) continue;
      this.#told.set(index, partition);
      if (told !== undefined) this.#brokers.get(told.leader)?.groups.onResigned(index);
      this.#work = this.#work.then(() => this.#lead(topic.id, index, partition));
    }
  }

  /** Once the partition's log is open. */
  async #lead(topicId: string, index: number, image: PartitionImage): Promise<void> {
    await this.#partitions.settled();
    const partition = this.#partitions.get(topicId, index);
    if (partition === undefined || this.#told.get(index) !== image) return;
    const log = new PartitionCoordinatorLog(partition, image.leaderEpoch);
    // Loading goes on beside: its groups are answered COORDINATOR_LOAD_IN_PROGRESS until it is done.
    this.#brokers
      .get(image.leader)
      ?.groups.onLeader(index, image.leaderEpoch, log)
      .catch((error: unknown) =>
        this.#logger.error(
          { partition: index, err: error },
          'the groups of a partition of __consumer_offsets could not be loaded',
        ),
      );
  }
}
