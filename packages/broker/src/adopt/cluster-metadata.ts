// What the controllers of a KRaft cluster decided, read from a node's copy of their log: topics, partitions, settings, producer ids.
//
//   __cluster_metadata-0/
//     00000000000000012345-0000000003.checkpoint    a snapshot of all below offset 12345
//     00000000000000000000.log ...                  records, in batches like any others
//
//   newest readable snapshot  ->  records from its offset on  ->  ClusterMetadata
//
// Records between the begin and the end of a metadata transaction count once it has ended, and not at all when it was aborted.
//
// Must stay true: a record that cannot be decoded ends the reading with an error: half the truth about topics is worse than none.
import type { Disk } from '@moldau/runtime';
import { DecodeError } from '@moldau/protocol';
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { batchBaseOffset, batchIsControl, batchLastOffset } from '@moldau/protocol/records/batch-header.ts';
import { readMetadataRecord, type MetadataRecord } from '@moldau/protocol/records/metadata-record.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { failureText, scanBatches } from '../log/batch-scan.ts';
import { uuidToString } from '@moldau/protocol';
import { AdoptError } from './adopt-error.ts';

export interface KafkaPartition {
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly leader: number;
  readonly leaderEpoch: number;
}

export interface KafkaTopic {
  readonly name: string;
  readonly id: string;
  /** By index; no holes in a sound log. */
  readonly partitions: Map<number, KafkaPartition>;
}

export interface ClusterMetadata {
  /** By name. */
  readonly topics: ReadonlyMap<string, KafkaTopic>;
  /** Settings of topics, by topic and name. */
  readonly topicConfigs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Dynamic settings: by name for all brokers, by `name (node N)` for one. */
  readonly brokerConfigs: ReadonlyMap<string, string>;
  /** 0 when none was given out. */
  readonly nextProducerId: number;
  readonly endOffset: number;
  /** Of the records that are not adopted, how many of each kind. */
  readonly others: ReadonlyMap<string, number>;
}

const TOPIC_RESOURCE = 2;
const BROKER_RESOURCE = 4;
const SNAPSHOT_NAME = /^(\d{20})-(\d{10})\.checkpoint$/;
const SEGMENT_NAME = /^(\d{20})\.log$/;
/** Kinds that say nothing about data: their loss is not worth a word. */
const PASSING: ReadonlySet<string> = new Set([
  'RegisterBrokerRecord',
  'UnregisterBrokerRecord',
  'FenceBrokerRecord',
  'UnfenceBrokerRecord',
  'BrokerRegistrationChangeRecord',
  'RegisterControllerRecord',
  'NoOpRecord',
  'ZkMigrationStateRecord',
  'ClearElrRecord',
]);

/** @throws AdoptError DAMAGED; DiskError */
export async function readClusterMetadata(disk: Disk, folder: string): Promise<ClusterMetadata> {
  const names = (await disk.list(folder)).map((entry) => entry.name).sort();
  const snapshot = names.filter((name) => SNAPSHOT_NAME.test(name)).at(-1);
  const metadata = new MetadataReplay();
  if (snapshot !== undefined) {
    await replayFile(disk, `${folder}/${snapshot}`, metadata, 0, true);
    metadata.endOffset = Number(SNAPSHOT_NAME.exec(snapshot)![1]);
  }
  const segments = names.filter((name) => SEGMENT_NAME.test(name));
  for (const [i, name] of segments.entries()) {
    const next = segments[i + 1];
    if (next !== undefined && Number(next.slice(0, 20)) <= metadata.endOffset) continue;
    if (Number(name.slice(0, 20)) > metadata.endOffset) {
      throw new AdoptError(
        'DAMAGED',
        `The metadata log in ${folder} has a gap: ${name} follows on offset ${metadata.endOffset}. Name the log directory of another node with a whole copy.`,
      );
    }
    // The last of them may end in what was being written when the node died.
    await replayFile(disk, `${folder}/${name}`, metadata, metadata.endOffset, next !== undefined);
  }
  return metadata;
}

async function replayFile(
  disk: Disk,
  path: string,
  metadata: MetadataReplay,
  from: number,
  whole: boolean,
): Promise<void> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    const end = await scanBatches(file, (bytes, at, position) => {
      if (batchLastOffset(bytes, at) < from) return;
      if (!batchIsControl(bytes, at)) replayBatch(bytes, at, metadata, from, `${path}, byte ${position}`);
      metadata.endOffset = batchLastOffset(bytes, at) + 1;
    });
    if (end.problem !== undefined && whole) {
      throw new AdoptError(
        'DAMAGED',
        `${path} is damaged at byte ${end.position}: ${failureText(end.problem)}. Name the log directory of another node of the cluster first: each has a copy.`,
      );
    }
  } finally {
    await file.close();
  }
}

function replayBatch(
  bytes: Uint8Array,
  at: number,
  metadata: MetadataReplay,
  from: number,
  where: string,
): void {
  try {
    for (const cursor = openBatch(bytes, at); cursor.next();) {
      if (cursor.offset >= from) metadata.record(readMetadataRecord(cursor.value));
    }
  } catch (error) {
    const known =
      error instanceof RecordError || error instanceof CompressionError || error instanceof DecodeError;
    if (!known) throw error;
    throw new AdoptError(
      'DAMAGED',
      `A record of the metadata log cannot be read (${where}, offset ${batchBaseOffset(bytes, at)} and following): ${error.message}.`,
      { cause: error },
    );
  }
}

/** The state that the records lead to. Exported for tests; use `readClusterMetadata`. */
export class MetadataReplay implements ClusterMetadata {
  readonly topics = new Map<string, KafkaTopic>();
  readonly topicConfigs = new Map<string, Map<string, string>>();
  readonly brokerConfigs = new Map<string, string>();
  readonly others = new Map<string, number>();
  nextProducerId = 0;
  endOffset = 0;
  readonly #names = new Map<string, string>();
  /** Records of a metadata transaction that has not ended. */
  #open: MetadataRecord[] | undefined;

  record(record: MetadataRecord): void {
    switch (record.name) {
      case 'BeginTransactionRecord':
        this.#open = [];
        return;
      case 'AbortTransactionRecord':
        this.#open = undefined;
        return;
      case 'EndTransactionRecord': {
        const records = this.#open ?? [];
        this.#open = undefined;
        for (const each of records) this.#apply(each);
        return;
      }
      default:
        if (this.#open === undefined) this.#apply(record);
        else this.#open.push(record);
    }
  }

  #apply(record: MetadataRecord): void {
    if (record.message === undefined) {
      if (!PASSING.has(record.name)) this.others.set(record.name, (this.others.get(record.name) ?? 0) + 1);
      return;
    }
    switch (record.name) {
      case 'TopicRecord': {
        const { name, topicId } = record.message;
        const id = uuidToString(topicId);
        this.#names.set(id, name);
        this.topics.set(name, { name, id, partitions: new Map() });
        return;
      }
      case 'RemoveTopicRecord': {
        const name = this.#names.get(uuidToString(record.message.topicId));
        if (name === undefined) return;
        this.#names.delete(uuidToString(record.message.topicId));
        this.topics.delete(name);
        this.topicConfigs.delete(name);
        return;
      }
      case 'PartitionRecord': {
        const { partitionId, topicId, replicas, isr, leader, leaderEpoch } = record.message;
        this.#partitions(topicId)?.set(partitionId, { replicas, isr, leader, leaderEpoch });
        return;
      }
      case 'PartitionChangeRecord': {
        const { partitionId, topicId, replicas, isr, leader } = record.message;
        const partitions = this.#partitions(topicId);
        const before = partitions?.get(partitionId);
        if (partitions === undefined || before === undefined) return;
        partitions.set(partitionId, {
          replicas: replicas ?? before.replicas,
          isr: isr ?? before.isr,
          leader: leader === NO_LEADER_CHANGE ? before.leader : leader,
          // The controllers raise it with any change of leader, and at times without: never too low.
          leaderEpoch: before.leaderEpoch + (leader === NO_LEADER_CHANGE && replicas === null ? 0 : 1),
        });
        return;
      }
      case 'ConfigRecord':
        this.#config(record.message);
        return;
      case 'ProducerIdsRecord':
        this.nextProducerId = Math.max(this.nextProducerId, record.message.nextProducerId);
        return;
      case 'FeatureLevelRecord':
        return;
    }
  }

  #config(record: { resourceType: number; resourceName: string; name: string; value: string | null }): void {
    const { resourceType, resourceName, name, value } = record;
    if (resourceType === TOPIC_RESOURCE) {
      const configs = this.topicConfigs.get(resourceName) ?? new Map<string, string>();
      this.topicConfigs.set(resourceName, configs);
      if (value === null) configs.delete(name);
      else configs.set(name, value);
    } else if (resourceType === BROKER_RESOURCE) {
      const key = resourceName === '' ? name : `${name} (node ${resourceName})`;
      if (value === null) this.brokerConfigs.delete(key);
      else this.brokerConfigs.set(key, value);
    } else {
      this.others.set('ConfigRecord', (this.others.get('ConfigRecord') ?? 0) + 1);
    }
  }

  #partitions(topicId: Uint8Array): Map<number, KafkaPartition> | undefined {
    return this.topics.get(this.#names.get(uuidToString(topicId)) ?? '')?.partitions;
  }
}

const NO_LEADER_CHANGE = -2;
