// The partitions of this process. They follow the metadata image: created with their topic, configured with its settings, removed with it.
// One process has one set of logs whichever of its brokers leads a partition; a broker asks the image whether it does.
//
// Must stay true: a partition is found only once its log is open (recovered); a removed topic's disk space is freed.
import type { Clock } from '@moldau/runtime';
import type { LogStore, PartitionId } from '../log/partition-log.ts';
import type { MetadataImage, TopicImage } from '../metadata/image.ts';
import type { MetadataStore } from '../metadata/metadata-store.ts';
import { withDynamicConfigs, type BrokerSettings } from '../settings/broker-settings.ts';
import { topicConfigOf } from '../settings/topic-config.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Partition } from './partition.ts';
import type { Recompressor } from './recompressor.ts';

/** How often silent producers are looked for, in ms: `producer.id.expiration.check.interval.ms`. */
export interface PartitionsOptions {
  readonly metadata: MetadataStore;
  readonly logs: LogStore;
  readonly settings: BrokerSettings;
  readonly clock: Clock;
  readonly recompressor: Recompressor;
  readonly logger: Logger;
}

export class Partitions {
  readonly #options: PartitionsOptions;
  /** By topic id; a hole where a partition is still being opened. */
  readonly #byTopic = new Map<string, (Partition | undefined)[]>();
  #work: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => {};

  constructor(options: PartitionsOptions) {
    this.#options = options;
  }

  /** Opens every partition of the image, removes what is stored and no longer in it, and follows the image from now on. */
  async start(): Promise<void> {
    const { metadata, logs } = this.#options;
    const image = metadata.image;
    for (const id of await logs.stored()) {
      if (image.topicNamesById.get(id.topicId) !== id.topic) await logs.remove(id);
    }
    this.#unsubscribe = metadata.subscribe((next, previous) => this.#follow(next, previous));
    await Promise.all([...image.topics.values()].map((topic) => this.#openTopic(image, topic, 0)));
    this.#scheduleExpiry();
  }

  /** The partition, if it exists and is open. */
  get(topicId: string, index: number): Partition | undefined {
    return this.#byTopic.get(topicId)?.[index];
  }

  *all(): IterableIterator<Partition> {
    for (const topic of this.#byTopic.values()) {
      for (const partition of topic) if (partition !== undefined) yield partition;
    }
  }

  /** Resolves when everything that the image of now asks for is open, or removed. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Lets every waiting request go; the logs are closed by their store. */
  close(): void {
    this.#unsubscribe();
    for (const partition of this.all()) partition.close();
  }

  #follow(image: MetadataImage, previous: MetadataImage): void {
    if (
      image.topics === previous.topics &&
      image.topicConfigs === previous.topicConfigs &&
      image.brokerConfigs === previous.brokerConfigs
    )
      return;
    for (const topic of previous.topics.values()) {
      if (image.topics.get(topic.name)?.id !== topic.id) this.#queue(() => this.#removeTopic(topic));
    }
    for (const topic of image.topics.values()) {
      const before = previous.topics.get(topic.name);
      const known = before?.id === topic.id ? before.partitions.length : 0;
      if (known < topic.partitions.length) this.#queue(() => this.#openTopic(image, topic, known));
      const unchanged =
        image.topicConfigs.get(topic.name) === previous.topicConfigs.get(topic.name) &&
        image.brokerConfigs === previous.brokerConfigs;
      if (known > 0 && !unchanged) this.#configure(image, topic);
      // A fetch that waits at a broker which has just lost the partition is told so now, not when its time is up.
      if (before !== undefined && before !== topic)
        for (const partition of this.#byTopic.get(topic.id) ?? []) partition?.wake();
    }
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'a change of topics could not be carried out on disk');
    });
  }

  async #openTopic(image: MetadataImage, topic: TopicImage, from: number): Promise<void> {
    const partitions = this.#byTopic.get(topic.id) ?? [];
    this.#byTopic.set(topic.id, partitions);
    const config = topicConfigOf(image, this.#options.settings, topic.name);
    const indexes = [...topic.partitions.keys()].slice(from);
    await Promise.all(
      indexes.map(async (index) => {
        const id: PartitionId = { topic: topic.name, topicId: topic.id, partition: index };
        const partition = new Partition(id, config, this.#options.clock, this.#options.recompressor);
        partition.attach(await this.#options.logs.open(id, config.log, partition));
        partitions[index] = partition;
      }),
    );
  }

  async #removeTopic(topic: TopicImage): Promise<void> {
    const partitions = this.#byTopic.get(topic.id) ?? [];
    this.#byTopic.delete(topic.id);
    for (const [index, partition] of partitions.entries()) {
      partition?.close();
      await this.#options.logs.remove({ topic: topic.name, topicId: topic.id, partition: index });
    }
  }

  #configure(image: MetadataImage, topic: TopicImage): void {
    const config = topicConfigOf(image, this.#options.settings, topic.name);
    for (const partition of this.#byTopic.get(topic.id) ?? []) partition?.configure(config);
  }

  #scheduleExpiry(): void {
    const { clock, settings, metadata } = this.#options;
    clock.setTimer(settings.producerIdExpirationCheckIntervalMs, () => {
      const { producerIdExpirationMs } = withDynamicConfigs(settings, metadata.image.brokerConfigs.get(''));
      for (const partition of this.all()) partition.expireProducers(producerIdExpirationMs);
      this.#scheduleExpiry();
    });
  }
}
