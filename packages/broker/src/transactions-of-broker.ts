// The transaction coordinator of one broker and what it needs of the others, put together.
import type { Clock, Random } from '@moldau/runtime';
import { coordinatorPartition } from './coordinator/coordinator-partition.ts';
import type { MarkerLeader } from './coordinator/transaction/marker-sender.ts';
import { CoordinatorPartitionVerifier } from './coordinator/transaction/coordinator-partition-verifier.ts';
import type { PartitionVerifier } from './coordinator/transaction/partition-verifier.ts';
import { TransactionCoordinator } from './coordinator/transaction/transaction-coordinator.ts';
import { transactionSettingsOf } from './coordinator/transaction/transaction-settings-of.ts';
import { TRANSACTION_VERSION } from './metadata/features.ts';
import type { MetadataImage } from './metadata/image.ts';
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from './metadata/internal-topics.ts';
import type { MetadataStore } from './metadata/metadata-store.ts';
import { ProducerIds } from './metadata/producer-ids.ts';
import type { Peers } from './peers/peers.ts';
import type { BrokerSettings } from './settings/broker-settings.ts';
import type { Logger } from './telemetry/logger.ts';

export interface TransactionsOptions {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: BrokerSettings;
  readonly metadata: MetadataStore;
  readonly peers: Peers;
  /** The partition of `__consumer_offsets` that keeps a group. */
  groupPartition(groupId: string): number;
  readonly logger: Logger;
}

export function transactionsOfBroker(options: TransactionsOptions): TransactionCoordinator {
  const { clock, random, settings, metadata, peers, logger } = options;
  return new TransactionCoordinator({
    clock,
    random,
    settings: transactionSettingsOf(settings),
    partitions: () => transactionPartitions(metadata.image, settings),
    transactionVersion: () => metadata.image.features.get(TRANSACTION_VERSION) ?? 0,
    catalog: {
      hasPartition: (topic, partition) =>
        metadata.image.topics.get(topic)?.partitions[partition] !== undefined,
      groupPartition: (groupId) => ({
        name: GROUP_METADATA_TOPIC,
        partitions: [options.groupPartition(groupId)],
      }),
    },
    producerIds: new ProducerIds(metadata),
    leaderOf: (topic, partition) => leaderOf(metadata.image, topic, partition),
    writeTxnMarkers: (brokerId, request) => peers.writeTxnMarkers(brokerId, request),
    onMarkerDelay: (delay) => logger.warn({ ...delay }, 'the end of a transaction cannot be written yet'),
    onError: (error) =>
      logger.error({ err: error }, 'what the transaction coordinator decided could not be stored'),
  });
}

export function partitionVerifierOfBroker(
  options: Pick<TransactionsOptions, 'brokerId' | 'clock' | 'settings' | 'metadata' | 'peers'>,
): PartitionVerifier {
  const { clock, brokerId, settings, metadata, peers } = options;
  return new CoordinatorPartitionVerifier({
    clock,
    brokerId,
    coordinatorOf: (transactionalId) => {
      const { image } = metadata;
      const index = coordinatorPartition(transactionalId, transactionPartitions(image, settings));
      const leader = image.topics.get(TRANSACTION_STATE_TOPIC)?.partitions[index]?.leader;
      return leader === undefined || !image.brokers.has(leader) ? undefined : leader;
    },
    addPartitionsToTxn: (id, request) => peers.addPartitionsToTxn(id, request),
  });
}

/** As many as the topic has; before it is made, as many as it will get. */
function transactionPartitions(image: MetadataImage, settings: BrokerSettings): number {
  return (
    image.topics.get(TRANSACTION_STATE_TOPIC)?.partitions.length ?? settings.transactionTopicNumPartitions
  );
}

/** What the metadata do not have is gone for good: they are durable, and know each partition from its making to its deletion. */
function leaderOf(image: MetadataImage, topic: string, partition: number): MarkerLeader {
  const found = image.topics.get(topic)?.partitions[partition];
  if (found === undefined) return { kind: 'gone' };
  return image.brokers.has(found.leader) ? { kind: 'leader', brokerId: found.leader } : { kind: 'none' };
}
