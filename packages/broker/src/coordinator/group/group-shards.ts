// Which groups this broker coordinates: one shard for each partition of `__consumer_offsets` that it leads. Finds the shard of a group, and says in
// Kafka's terms why there is no answer when there is none.
import type { Clock, Random } from '@moldau/runtime';
import { CoordinatorError } from '../coordinator-error.ts';
import type { CoordinatorLog } from '../coordinator-log.ts';
import { coordinatorPartition } from '../coordinator-partition.ts';
import { CoordinatorShard } from '../coordinator-shard.ts';
import type { DecisionContext } from '../coordinator-shard.ts';
import type { GroupSettings } from './group-settings.ts';
import { GroupState } from './group-state.ts';
import type { GroupChange, GroupDecision } from './group-state.ts';

type GroupShard = CoordinatorShard<GroupChange, GroupState>;

export interface GroupShardsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: GroupSettings;
  /** Partitions of `__consumer_offsets` (`offsets.topic.num.partitions`). */
  readonly partitions: number;
  /** Told of failures that no client is: what a timer decided could not be stored. */
  readonly onError: (error: unknown) => void;
}

/** A decision on the state of one shard. */
export type Decide = (state: GroupState, context: DecisionContext) => GroupDecision;

export class GroupShards {
  readonly settings: GroupSettings;
  readonly partitions: number;
  readonly #options: GroupShardsOptions;
  readonly #shards = new Map<number, { readonly epoch: number; readonly shard: GroupShard }>();

  constructor(options: GroupShardsOptions) {
    this.#options = options;
    this.settings = options.settings;
    this.partitions = options.partitions;
  }

  /** The partition of `__consumer_offsets` that keeps the group. */
  partitionFor(groupId: string): number {
    return coordinatorPartition(groupId, this.partitions);
  }

  /** This broker leads the partition in `epoch`: reads its groups. Until it resolves they are answered COORDINATOR_LOAD_IN_PROGRESS. */
  async lead(partition: number, epoch: number, log: CoordinatorLog): Promise<void> {
    const before = this.#shards.get(partition);
    if (before !== undefined) {
      if (before.epoch >= epoch) return;
      before.shard.close();
    }
    const { clock, random, settings, onError } = this.#options;
    const { maxPendingRequests, retryDelayMs } = settings;
    const shard: GroupShard = new CoordinatorShard(
      { log, clock, random, maxPendingRequests, retryDelayMs, onError },
      (undo) => new GroupState(settings, undo),
    );
    this.#shards.set(partition, { epoch, shard });
    await shard.load();
  }

  /** This broker leads the partition no longer. */
  resign(partition: number): void {
    this.#shards.get(partition)?.shard.close();
    this.#shards.delete(partition);
  }

  /**
   * The newest state of the group's shard, which may be ahead of what is durable: to see what will have to be asked, never for answers.
   * @throws CoordinatorError when this broker does not coordinate the group, or not yet
   */
  stateOf(groupId: string): GroupState {
    const partition = this.partitionFor(groupId);
    const shard = this.#shards.get(partition)?.shard;
    if (shard === undefined) throw notLed(partition);
    shard.assertActive();
    return shard.state;
  }

  /** Decides something about a group. @throws CoordinatorError (rejects) when there is no answer */
  decide<Answer>(groupId: string, decide: Decide): Promise<Answer> {
    return this.decideIn(this.partitionFor(groupId), decide);
  }

  /** Decides something about the groups of one partition. @throws CoordinatorError (rejects) when there is no answer */
  decideIn<Answer>(partition: number, decide: Decide): Promise<Answer> {
    const held = this.#shards.get(partition);
    if (held !== undefined) return held.shard.request<Answer>(decide);
    return Promise.reject(notLed(partition));
  }

  /** Decides the same in each partition that this broker leads. */
  decideInAll<Answer>(decide: Decide): Promise<PromiseSettledResult<Answer>[]> {
    return Promise.allSettled([...this.#shards.values()].map(({ shard }) => shard.request<Answer>(decide)));
  }

  /** Group ids by the partition that keeps them, each once. */
  byPartition(groupIds: Iterable<string>): Map<number, string[]> {
    return Map.groupBy(new Set(groupIds), (groupId) => this.partitionFor(groupId));
  }

  close(): void {
    for (const partition of this.#shards.keys()) this.resign(partition);
  }
}

const notLed = (partition: number): CoordinatorError =>
  new CoordinatorError(
    'NOT_COORDINATOR',
    `this broker does not lead partition ${partition} of __consumer_offsets`,
  );
