// An image as text and back: the payload of a snapshot frame. Partitions are most of it, so each is a short array:
//
//   [leader, leaderEpoch, replicas, isr]      `isr` is left out when it equals `replicas`, as it mostly does
//
// Must stay true: decode(encode(image)) equals the image, and a text that is not a snapshot is refused, never half read.
import assert from 'node:assert/strict';
import { DEFAULT_FEATURES } from '../features.ts';
import { aclKey, type AclBinding } from '../acl-binding.ts';
import { quotaEntityKey, type QuotaEntity } from '../client-quota-entity.ts';
import type {
  BrokerImage,
  EntityQuotas,
  ConfigOverrides,
  MetadataImage,
  PartitionImage,
  TopicImage,
} from '../image.ts';
import { scramKey, type ScramCredential } from '../scram-credential.ts';

type PartitionRow = [
  leader: number,
  leaderEpoch: number,
  replicas: readonly number[],
  isr?: readonly number[],
];

interface TopicRow {
  readonly name: string;
  readonly id: string;
  readonly internal?: true;
  readonly partitions: readonly PartitionRow[];
}

interface QuotaRow {
  readonly entity: QuotaEntity;
  readonly values: Readonly<Record<string, number>>;
}

type ConfigRows = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface SnapshotDocument {
  readonly version: number;
  readonly clusterId: string;
  readonly nextProducerId: number;
  readonly brokers: readonly BrokerImage[];
  readonly topics: readonly TopicRow[];
  readonly configs: {
    readonly topic: ConfigRows;
    readonly broker: ConfigRows;
    readonly group: ConfigRows;
    /** Not in snapshots from before there were any. */
    readonly clientMetrics?: ConfigRows;
  };
  /** Not in snapshots from before there were features: the levels of then hold, which are the defaults. */
  readonly features?: Readonly<Record<string, number>>;
  /** Not in snapshots from before runs were counted. */
  readonly runs?: number;
  /** Not in snapshots from before there were quotas. */
  readonly clientQuotas?: readonly QuotaRow[];
  /** Not in snapshots from before there were access rules. */
  readonly acls?: readonly AclBinding[];
  /** Likewise. */
  readonly scramCredentials?: readonly ScramCredential[];
}

export function encodeSnapshot(image: MetadataImage): Uint8Array {
  const document: SnapshotDocument = {
    version: image.version,
    clusterId: image.clusterId,
    nextProducerId: image.nextProducerId,
    brokers: [...image.brokers.values()],
    topics: [...image.topics.values()].map(topicRow),
    configs: {
      topic: configRows(image.topicConfigs),
      broker: configRows(image.brokerConfigs),
      group: configRows(image.groupConfigs),
      clientMetrics: configRows(image.clientMetricsConfigs),
    },
    runs: image.runs,
    features: Object.fromEntries(image.features),
    acls: [...image.acls.values()],
    scramCredentials: [...image.scramCredentials.values()],
    clientQuotas: [...image.clientQuotas.values()].map(({ entity, values }) => ({
      entity,
      values: Object.fromEntries(values),
    })),
  };
  return Buffer.from(JSON.stringify(document));
}

/** @throws Error (AssertionError, SyntaxError) when the text is not a snapshot */
export function decodeSnapshot(payload: Uint8Array): MetadataImage {
  const document = JSON.parse(Buffer.from(payload).toString('utf8')) as SnapshotDocument;
  assert(Number.isSafeInteger(document.version) && document.version >= 0, 'the snapshot has no version');
  assert(typeof document.clusterId === 'string', 'the snapshot has no cluster id');
  assert(Number.isSafeInteger(document.nextProducerId), 'the snapshot has no next producer id');
  assert(
    Array.isArray(document.brokers) && Array.isArray(document.topics),
    'the snapshot has no brokers or topics',
  );
  const topics = document.topics.map(topicImage);
  return {
    version: document.version,
    clusterId: document.clusterId,
    nextProducerId: document.nextProducerId,
    brokers: new Map(document.brokers.map((broker) => [broker.id, broker])),
    topics: new Map(topics.map((topic) => [topic.name, topic])),
    topicNamesById: new Map(topics.map((topic) => [topic.id, topic.name])),
    topicConfigs: configMap(document.configs.topic),
    brokerConfigs: configMap(document.configs.broker),
    groupConfigs: configMap(document.configs.group),
    clientMetricsConfigs: configMap(document.configs.clientMetrics ?? {}),
    runs: document.runs ?? 0,
    features: document.features === undefined ? DEFAULT_FEATURES : new Map(Object.entries(document.features)),
    scramCredentials: new Map(
      (document.scramCredentials ?? []).map((credential) => [
        scramKey(credential.user, credential.mechanism),
        credential,
      ]),
    ),
    acls: new Map((document.acls ?? []).map((acl) => [aclKey(acl), acl])),
    clientQuotas: new Map(
      (document.clientQuotas ?? []).map(({ entity, values }): [string, EntityQuotas] => [
        quotaEntityKey(entity),
        { entity, values: new Map(Object.entries(values)) },
      ]),
    ),
  };
}

function topicRow(topic: TopicImage): TopicRow {
  const partitions = topic.partitions.map(partitionRow);
  const { name, id } = topic;
  return topic.internal ? { name, id, internal: true, partitions } : { name, id, partitions };
}

function topicImage(row: TopicRow): TopicImage {
  assert(
    typeof row.name === 'string' && typeof row.id === 'string',
    'a topic of the snapshot has no name or id',
  );
  return {
    name: row.name,
    id: row.id,
    internal: row.internal === true,
    partitions: row.partitions.map(partitionImage),
  };
}

function partitionRow({ leader, leaderEpoch, replicas, isr }: PartitionImage): PartitionRow {
  const same = replicas.length === isr.length && replicas.every((broker, index) => broker === isr[index]);
  return same ? [leader, leaderEpoch, replicas] : [leader, leaderEpoch, replicas, isr];
}

function partitionImage([leader, leaderEpoch, replicas, isr]: PartitionRow): PartitionImage {
  assert(
    Number.isSafeInteger(leader) && Number.isSafeInteger(leaderEpoch),
    'a partition of the snapshot has no leader or epoch',
  );
  assert(Array.isArray(replicas), 'a partition of the snapshot has no replicas');
  return { leader, leaderEpoch, replicas, isr: isr ?? replicas };
}

function configRows(configs: ReadonlyMap<string, ConfigOverrides>): ConfigRows {
  // Object.fromEntries defines properties, so a resource named __proto__ is kept as any other.
  return Object.fromEntries([...configs].map(([name, overrides]) => [name, Object.fromEntries(overrides)]));
}

function configMap(rows: ConfigRows): ReadonlyMap<string, ConfigOverrides> {
  return new Map(Object.entries(rows).map(([name, overrides]) => [name, new Map(Object.entries(overrides))]));
}
