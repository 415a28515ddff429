// The cluster's metadata as an immutable value. Everyone reads the same image; a change makes the next one.
//
// Must stay true: an image never changes once it is published, and `version` grows by one with each change.
import type { AclBinding } from './acl-binding.ts';
import type { QuotaEntity } from './client-quota-entity.ts';
import type { ScramCredential } from './scram-credential.ts';

export interface BrokerImage {
  readonly id: number;
  /** As advertised to clients. */
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionImage {
  /** The broker that leads; -1 when none can. */
  readonly leader: number;
  /** Grows with each change of leader; one epoch everywhere (batches, Metadata, Fetch, OffsetForLeaderEpoch). */
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicImage {
  readonly name: string;
  /** 16 bytes as base64url; never used again for another topic. */
  readonly id: string;
  /** A topic of the broker's own (`__consumer_offsets`, ...). */
  readonly internal: boolean;
  readonly partitions: readonly PartitionImage[];
}

/** Settings set for one resource, by name, as text: only what was set, no defaults. */
export type ConfigOverrides = ReadonlyMap<string, string>;

/** The quotas of one entity, by their keys (`producer_byte_rate`, ...). */
export interface EntityQuotas {
  readonly entity: QuotaEntity;
  readonly values: ReadonlyMap<string, number>;
}

export interface MetadataImage {
  readonly version: number;
  /** 16 bytes as base64url. */
  readonly clusterId: string;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly topics: ReadonlyMap<string, TopicImage>;
  readonly topicNamesById: ReadonlyMap<string, string>;
  readonly topicConfigs: ReadonlyMap<string, ConfigOverrides>;
  /** By broker id as text; '' holds the cluster-wide default (KIP-226). */
  readonly brokerConfigs: ReadonlyMap<string, ConfigOverrides>;
  readonly groupConfigs: ReadonlyMap<string, ConfigOverrides>;
  /** What clients are asked to push of their metrics (KIP-714), by the name of the subscription. */
  readonly clientMetricsConfigs: ReadonlyMap<string, ConfigOverrides>;
  /** The finalized level of each feature (KIP-584), see features.ts. A feature of level 0 is not in it. */
  readonly features: ReadonlyMap<string, number>;
  /** By the key of the entity (client-quota-entity.ts). An entity without quotas is not in it. */
  readonly clientQuotas: ReadonlyMap<string, EntityQuotas>;
  /** Access rules by their key (acl-binding.ts). */
  readonly acls: ReadonlyMap<string, AclBinding>;
  /** By their key (scram-credential.ts). */
  readonly scramCredentials: ReadonlyMap<string, ScramCredential>;
  /** How often a process has taken the metadata over, this one included: the epoch of its leader (DescribeQuorum). */
  readonly runs: number;
  /** The first producer id that no broker has been given yet. */
  readonly nextProducerId: number;
}
