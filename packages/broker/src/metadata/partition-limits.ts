// How many partitions there may be: each costs memory and metadata, so there is an end, and beyond it is an answer.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import { refusal, type Outcome } from '../settings/outcome.ts';
import type { MetadataImage } from './image.ts';

/** Counts what one request adds. */
export class PartitionLimits {
  readonly #settings: BrokerSettings;
  #partitions: number;

  constructor(image: MetadataImage, settings: BrokerSettings) {
    this.#settings = settings;
    this.#partitions = 0;
    for (const topic of image.topics.values()) {
      this.#partitions += topic.partitions.length;
    }
  }

  /** Whether one request may ask for so many at all. */
  requestProblem(asked: number): Outcome | undefined {
    const limit = this.#settings.maxPartitionsPerRequest;
    return asked <= limit
      ? undefined
      : refusal(
          ErrorCode.POLICY_VIOLATION,
          `Excessively large number of partitions per request. (${asked}; moldau.max.partitions.per.request is ${limit}.)`,
        );
  }

  /** Why `more` cannot be added. */
  problem(more: number): Outcome | undefined {
    const limit = this.#settings.maxPartitions;
    return this.#partitions + more <= limit
      ? undefined
      : refusal(
          ErrorCode.POLICY_VIOLATION,
          `The cluster has ${this.#partitions} partition(s); ${more} more would exceed moldau.max.partitions, which is ${limit}.`,
        );
  }

  add(more: number): void {
    this.#partitions += more;
  }
}
