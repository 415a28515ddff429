// A record of the controllers' log (`__cluster_metadata`) and of its snapshots. Its value is a frame around one message:
//
//   uvarint   frame version, 1
//   uvarint   kind of the message (Kafka calls it its API key)
//   uvarint   version of the message
//   then      the message
//
// The kinds that tell of topics, settings and producer ids are decoded; the others are named and no more.

import type { Codec } from '../codec.ts';
import { configRecord, type ConfigRecord } from '../generated/metadata/config-record.ts';
import { featureLevelRecord, type FeatureLevelRecord } from '../generated/metadata/feature-level-record.ts';
import {
  partitionChangeRecord,
  type PartitionChangeRecord,
} from '../generated/metadata/partition-change-record.ts';
import { partitionRecord, type PartitionRecord } from '../generated/metadata/partition-record.ts';
import { producerIdsRecord, type ProducerIdsRecord } from '../generated/metadata/producer-ids-record.ts';
import { removeTopicRecord, type RemoveTopicRecord } from '../generated/metadata/remove-topic-record.ts';
import { topicRecord, type TopicRecord } from '../generated/metadata/topic-record.ts';
import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';
import { RecordError } from './record-error.ts';

interface Messages {
  readonly TopicRecord: TopicRecord;
  readonly PartitionRecord: PartitionRecord;
  readonly ConfigRecord: ConfigRecord;
  readonly PartitionChangeRecord: PartitionChangeRecord;
  readonly RemoveTopicRecord: RemoveTopicRecord;
  readonly FeatureLevelRecord: FeatureLevelRecord;
  readonly ProducerIdsRecord: ProducerIdsRecord;
}

type KnownRecord = {
  [Name in keyof Messages]: {
    readonly name: Name;
    readonly kind: number;
    readonly version: number;
    readonly message: Messages[Name];
  };
}[keyof Messages];

/** A record of a kind that is not decoded here. */
interface OtherRecord {
  /** Kafka's name, or `kind N`. */
  readonly name: string & {};
  readonly kind: number;
  readonly version: number;
  readonly message: undefined;
}

export type MetadataRecord = KnownRecord | OtherRecord;

const FRAME_VERSION = 1;

const KINDS: ReadonlyMap<number, string> = new Map([
  [0, 'RegisterBrokerRecord'],
  [1, 'UnregisterBrokerRecord'],
  [2, 'TopicRecord'],
  [3, 'PartitionRecord'],
  [4, 'ConfigRecord'],
  [5, 'PartitionChangeRecord'],
  [7, 'FenceBrokerRecord'],
  [8, 'UnfenceBrokerRecord'],
  [9, 'RemoveTopicRecord'],
  [10, 'DelegationTokenRecord'],
  [11, 'UserScramCredentialRecord'],
  [12, 'FeatureLevelRecord'],
  [14, 'ClientQuotaRecord'],
  [15, 'ProducerIdsRecord'],
  [17, 'BrokerRegistrationChangeRecord'],
  [18, 'AccessControlEntryRecord'],
  [19, 'RemoveAccessControlEntryRecord'],
  [20, 'NoOpRecord'],
  [21, 'ZkMigrationStateRecord'],
  [22, 'RemoveUserScramCredentialRecord'],
  [23, 'BeginTransactionRecord'],
  [24, 'EndTransactionRecord'],
  [25, 'AbortTransactionRecord'],
  [26, 'RemoveDelegationTokenRecord'],
  [27, 'RegisterControllerRecord'],
  [28, 'ClearElrRecord'],
]);

const CODECS: { readonly [Name in keyof Messages]: Codec<Messages[Name]> } = {
  TopicRecord: topicRecord,
  PartitionRecord: partitionRecord,
  ConfigRecord: configRecord,
  PartitionChangeRecord: partitionChangeRecord,
  RemoveTopicRecord: removeTopicRecord,
  FeatureLevelRecord: featureLevelRecord,
  ProducerIdsRecord: producerIdsRecord,
};

function isKnown(name: string): name is keyof Messages {
  return Object.hasOwn(CODECS, name);
}

/** @throws RecordError, DecodeError */
export function readMetadataRecord(value: Uint8Array | null): MetadataRecord {
  if (value === null) throw new RecordError('a record of the metadata log has no value');
  const reader = new Reader(value);
  const frameVersion = reader.uvarint('frameVersion');
  if (frameVersion !== FRAME_VERSION) {
    throw new RecordError(`a record of the metadata log in frame version ${frameVersion}`);
  }
  const kind = reader.uvarint('kind');
  const version = reader.uvarint('version');
  const name = KINDS.get(kind) ?? `kind ${kind}`;
  if (!isKnown(name)) return { name, kind, version, message: undefined };
  const message = CODECS[name].decode(reader, version);
  reader.expectEnd();
  // The codec is that of the name.
  return { name, kind, version, message } as KnownRecord;
}

/** The value of a record, for tests and tools. @throws EncodeError */
export function writeMetadataRecord<Name extends keyof Messages>(
  name: Name,
  message: Messages[Name],
  version: number = CODECS[name].highestVersion,
): Uint8Array {
  const writer = new Writer();
  const kind = [...KINDS].find(([, known]) => known === name)?.[0];
  if (kind === undefined) throw new RangeError(`no kind of metadata record is called ${name}`);
  for (const part of [FRAME_VERSION, kind, version]) writer.uvarint(part);
  CODECS[name].encode(writer, message, version);
  return writer.toBytes();
}
