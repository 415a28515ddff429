// Which brokers a new partition lives on: its replicas, the first of which is its preferred leader.
//
//   brokers 0 1 2, three replicas:   partition 0: 0 1 2     1: 1 2 0     2: 2 0 1     3: 0 2 1     4: 1 0 2 ...
//
// Leaders go round, beginning with the broker that leads least, so that each of N brokers leads its share over all topics. Followers
// go round too, and are shifted with every round, so that what a lost leader led is spread over all the others.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { refusal, type Outcome } from '../settings/outcome.ts';
import type { MetadataImage, PartitionImage } from './image.ts';

/** Places the partitions of one request; what it has placed already counts for the next. */
export class ReplicaPlacer {
  readonly #ids: readonly number[];
  /** Partitions by their preferred leader. */
  readonly #led: Map<number, number>;

  constructor(image: MetadataImage) {
    this.#ids = [...image.brokers.keys()].sort((a, b) => a - b);
    this.#led = new Map(this.#ids.map((id) => [id, 0]));
    for (const topic of image.topics.values()) {
      for (const partition of topic.partitions) {
        this.#count(partition.replicas[0] as number);
      }
    }
  }

  get brokers(): number {
    return this.#ids.length;
  }

  /** Partitions from index `from` on, or why they cannot be placed. */
  place(count: number, replicationFactor: number, from = 0): readonly PartitionImage[] | Outcome {
    if (replicationFactor > this.#ids.length) {
      return refusal(
        ErrorCode.INVALID_REPLICATION_FACTOR,
        `Unable to replicate the partition ${replicationFactor} time(s): The target replication factor of ${replicationFactor} cannot be reached because only ${this.#ids.length} broker(s) are registered.`,
      );
    }
    const first = this.#leastLoaded();
    return Array.from({ length: count }, (_, i) => {
      const placed = newPartition(
        this.#replicas(first + i, Math.floor((from + i) / this.#ids.length), replicationFactor),
      );
      this.#count(placed.leader);
      return placed;
    });
  }

  #replicas(leader: number, round: number, replicationFactor: number): number[] {
    const size = this.#ids.length;
    const at = leader % size;
    const followers = Array.from(
      { length: replicationFactor - 1 },
      (_, i) => (at + 1 + ((round + i) % (size - 1))) % size,
    );
    return [at, ...followers].map((index) => this.#ids[index] as number);
  }

  #leastLoaded(): number {
    let best = 0;
    for (const [index, id] of this.#ids.entries()) {
      if ((this.#led.get(id) as number) < (this.#led.get(this.#ids[best] as number) as number)) {
        best = index;
      }
    }
    return best;
  }

  #count(leader: number): void {
    const led = this.#led.get(leader);
    if (led !== undefined) {
      this.#led.set(leader, led + 1);
    }
  }
}

/** Whether the replicas that a client names may be those of a partition. @param replicationFactor of the topic's other partitions */
export function manualAssignmentProblem(
  image: MetadataImage,
  replicas: readonly number[],
  replicationFactor: number | undefined,
): Outcome | undefined {
  const problem = (text: string): Outcome =>
    refusal(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `The manual partition assignment includes ${text}`);
  if (replicas.length === 0) {
    return problem('an empty replica list.');
  }
  const sorted = [...replicas].sort((a, b) => a - b);
  for (const [index, id] of sorted.entries()) {
    if (!image.brokers.has(id)) {
      return problem(`broker ${id}, but no such broker is registered.`);
    }
    if (id === sorted[index - 1]) {
      return problem(`the broker ${id} more than once.`);
    }
  }
  if (replicationFactor !== undefined && replicas.length !== replicationFactor) {
    return problem(
      `a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${replicationFactor} replica(s).`,
    );
  }
  return undefined;
}

/** A partition nobody has led yet. */
export function newPartition(replicas: readonly number[]): PartitionImage {
  return { leader: replicas[0] as number, leaderEpoch: 0, replicas, isr: replicas };
}
