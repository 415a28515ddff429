// The partitions that a transaction has written to, as an immutable set: partition numbers by topic, in the order in which they came.

export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>;

export const NO_PARTITIONS: TransactionPartitions = new Map();

/** Partitions of topics as requests have them. */
export interface TopicOfPartitions {
  readonly name: string;
  readonly partitions: readonly number[];
}

export const hasPartition = (partitions: TransactionPartitions, topic: string, partition: number): boolean =>
  partitions.get(topic)?.has(partition) === true;

/** Whether all of `added` are among the partitions already. */
export const hasAll = (partitions: TransactionPartitions, added: readonly TopicOfPartitions[]): boolean =>
  added.every((topic) =>
    topic.partitions.every((partition) => hasPartition(partitions, topic.name, partition)),
  );

export function withPartitions(
  partitions: TransactionPartitions,
  added: readonly TopicOfPartitions[],
): TransactionPartitions {
  const all = new Map(partitions);
  for (const topic of added)
    all.set(topic.name, new Set([...(all.get(topic.name) ?? []), ...topic.partitions]));
  return all;
}
