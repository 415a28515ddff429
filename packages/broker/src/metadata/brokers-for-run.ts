// The brokers of a run, and who leads what with them. At each start the process says which brokers it has; their number may have
// changed since the last time. All of them read and write the same data, so any may lead any partition.
//
//   a partition whose leader is gone          -> led by its first replica that is there; when none is, its replicas are placed anew
//   a partition whose preferred leader is back -> led by it again, where automatic rebalancing is on
//   replicas that are gone                    -> leave the isr, and come back into it with their broker
//
// Must stay true: whenever the leader changes, the leader epoch grows by one; a partition that is led by a broker of the run is only
// touched when its isr changes or its preferred leader is back.
import type { MetadataChange } from './change.ts';
import type { BrokerImage, MetadataImage, PartitionImage } from './image.ts';

export interface BrokersForRunOptions {
  /** `auto.leader.rebalance.enable`: preferred leaders that are back lead again. Default true. */
  readonly rebalance?: boolean;
}

/** The changes that make `brokers` the brokers of the image. */
export function brokersForRun(
  image: MetadataImage,
  brokers: readonly BrokerImage[],
  options: BrokersForRunOptions = {},
): MetadataChange[] {
  const ids = brokers.map((broker) => broker.id).sort((a, b) => a - b);
  const present = new Set(ids);
  const changes: MetadataChange[] = [{ kind: 'brokers-set', brokers }];
  for (const topic of image.topics.values()) {
    for (const [index, partition] of topic.partitions.entries()) {
      const state = partitionForRun(partition, index, present, ids, options.rebalance ?? true);
      if (!sameState(state, partition)) {
        changes.push({ kind: 'partition-changed', topic: topic.name, partition: index, state });
      }
    }
  }
  return changes;
}

function partitionForRun(
  partition: PartitionImage,
  index: number,
  present: ReadonlySet<number>,
  ids: readonly number[],
  rebalance: boolean,
): PartitionImage {
  const there = partition.replicas.filter((id) => present.has(id));
  // None of the replicas is there: a new placement, of as many replicas as can be, so that the load is spread over who is there.
  const replicas =
    there.length > 0
      ? partition.replicas
      : spread(index, Math.min(partition.replicas.length, ids.length), ids);
  const isr = there.length > 0 ? there : replicas;
  const preferred = isr[0] as number;
  const stays = isr.includes(partition.leader) && !(rebalance && preferred === replicas[0]);
  const leader = stays ? partition.leader : preferred;
  return {
    leader,
    leaderEpoch: partition.leaderEpoch + (leader === partition.leader ? 0 : 1),
    replicas,
    isr,
  };
}

function spread(start: number, count: number, ids: readonly number[]): number[] {
  return Array.from({ length: count }, (_, i) => ids[(start + i) % ids.length] as number);
}

function sameState(a: PartitionImage, b: PartitionImage): boolean {
  return a.leader === b.leader && sameIds(a.replicas, b.replicas) && sameIds(a.isr, b.isr);
}

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, index) => id === b[index]);
}
