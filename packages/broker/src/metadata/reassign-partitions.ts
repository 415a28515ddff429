// Decides AlterPartitionReassignments (KIP-455): a partition gets other replicas. Brokers of one process share the data, so the new
// replicas have it all and are in sync: a reassignment is over when it has been decided, and there is never one to cancel.
//
//   replicas 0 1, led by 0   -- to 1 2 -->   replicas 1 2, led by 1, the leader epoch grows
//                            -- to 2 0 -->   replicas 2 0, led by 0 as before; ElectLeaders moves it to the preferred 2
//
// Must stay true: as in Kafka the leader stays when it is among the new replicas, and the leader epoch grows when the leader changes or any
// replica goes.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import type { MetadataChange } from './change.ts';
import type { MetadataImage, PartitionImage } from './image.ts';
import { manualAssignmentProblem } from './replica-placement.ts';

export interface ReassignmentRequest {
  /** False: the number of replicas must stay (KIP-860). */
  readonly allowReplicationFactorChange: boolean;
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      /** Null: cancel what is under way. */
      readonly replicas: readonly number[] | null;
    }[];
  }[];
}

export interface ReassignedTopic {
  readonly name: string;
  readonly partitions: readonly (Outcome & { readonly partitionIndex: number })[];
}

/** For `MetadataStore.propose`. Each partition succeeds or fails by itself; of one that is named twice, what comes later is decided on what comes first. */
export function reassignPartitions(
  image: MetadataImage,
  { topics, allowReplicationFactorChange }: ReassignmentRequest,
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly ReassignedTopic[] } {
  const changes: MetadataChange[] = [];
  const seen = new Map<string, PartitionImage>();
  const answer = topics.map(({ name, partitions }): ReassignedTopic => ({
    name,
    partitions: partitions.map(({ partitionIndex, replicas }) => {
      const key = `${name}:${partitionIndex}`;
      const current = seen.get(key) ?? image.topics.get(name)?.partitions[partitionIndex];
      if (current === undefined) {
        return { partitionIndex, ...unknown(image, name, partitionIndex) };
      }
      const next = reassigned(image, current, replicas, allowReplicationFactorChange);
      if ('errorCode' in next) {
        return { partitionIndex, ...next };
      }
      if (next !== current) {
        seen.set(key, next);
        changes.push({ kind: 'partition-changed', topic: name, partition: partitionIndex, state: next });
      }
      return { partitionIndex, ...SUCCESS };
    }),
  }));
  return { changes, answer };
}

function reassigned(
  image: MetadataImage,
  current: PartitionImage,
  replicas: readonly number[] | null,
  allowReplicationFactorChange: boolean,
): PartitionImage | Outcome {
  if (replicas === null) {
    return refusal(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS, null);
  }
  const problem = manualAssignmentProblem(image, replicas, undefined);
  if (problem !== undefined) {
    return problem;
  }
  if (!allowReplicationFactorChange && replicas.length !== current.replicas.length) {
    return refusal(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `The replication factor is changed from ${current.replicas.length} to ${replicas.length}`,
    );
  }
  return movedTo(current, replicas);
}

function movedTo(current: PartitionImage, replicas: readonly number[]): PartitionImage {
  const same =
    replicas.length === current.replicas.length &&
    replicas.every((id, index) => id === current.replicas[index]);
  if (same) {
    return current;
  }
  const leader = replicas.includes(current.leader) ? current.leader : (replicas[0] as number);
  const replicaGone = current.replicas.some((id) => !replicas.includes(id));
  const epochGrows = replicaGone || leader !== current.leader;
  return { leader, leaderEpoch: current.leaderEpoch + (epochGrows ? 1 : 0), replicas, isr: replicas };
}

function unknown(image: MetadataImage, topic: string, partition: number): Outcome {
  return refusal(
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    image.topics.has(topic)
      ? `Unable to find partition ${topic}:${partition}.`
      : `Unable to find a topic named ${topic}.`,
  );
}
