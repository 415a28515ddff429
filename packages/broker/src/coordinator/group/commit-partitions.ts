// The partitions that a commit is about: those that exist are committed, the others are answered with the reason why not.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { CommitAnswer, CommitPartition } from './offset-commit.ts';

/** What the coordinator has to know of topics. */
export interface TopicCatalog {
  /** The topic of this name, if it exists; `id` is base64url. */
  topic(name: string): { readonly id: string; readonly partitions: number } | undefined;
  /** The name of the topic with this id (base64url), if it exists. */
  topicName(id: string): string | undefined;
}

/** A partition in a request, in any version of OffsetCommit and TxnOffsetCommit. */
export interface RequestedCommit {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly committedMetadata: string | null;
}

export interface PartitionResult {
  partitionIndex: number;
  errorCode: number;
}

export const isPartitionOf = (topic: { readonly partitions: number }, partition: number): boolean =>
  partition >= 0 && partition < topic.partitions;

/** Collects the partitions of a request; their results become right with `settle`. */
export class CommitPartitions {
  /** Those that exist. */
  readonly known: CommitPartition[] = [];
  readonly #results: PartitionResult[] = [];
  readonly #catalog: TopicCatalog;

  constructor(catalog: TopicCatalog) {
    this.#catalog = catalog;
  }

  /** The results of a topic's partitions. @param name undefined when the topic was named by an id that nobody has */
  add(name: string | undefined, partitions: readonly RequestedCommit[]): PartitionResult[] {
    const topic = name === undefined ? undefined : this.#catalog.topic(name);
    const unknown = name === undefined ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    return partitions.map((partition): PartitionResult => {
      const { partitionIndex } = partition;
      const result = { partitionIndex, errorCode: unknown as number };
      if (name === undefined || topic === undefined || !isPartitionOf(topic, partitionIndex)) return result;
      this.known.push({
        topic: name,
        topicId: topic.id,
        partition: partitionIndex,
        offset: partition.committedOffset,
        leaderEpoch: partition.committedLeaderEpoch,
        metadata: partition.committedMetadata,
      });
      this.#results.push(result);
      return result;
    });
  }

  /** @param errors of each of `known` */
  settle(errors: CommitAnswer): void {
    for (const [at, result] of this.#results.entries()) result.errorCode = ErrorCode[errors[at] ?? 'NONE'];
  }
}
