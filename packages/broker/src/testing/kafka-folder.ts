// For tests: the log directory of a Kafka node on a simulated disk, as a Kafka that stopped in order leaves it, and durable.
import { uuidFromString } from '@moldau/protocol';
import { newConfigRecord } from '@moldau/protocol/generated/metadata/config-record.ts';
import { newPartitionRecord } from '@moldau/protocol/generated/metadata/partition-record.ts';
import { newProducerIdsRecord } from '@moldau/protocol/generated/metadata/producer-ids-record.ts';
import { newTopicRecord } from '@moldau/protocol/generated/metadata/topic-record.ts';
import { writeMetadataRecord } from '@moldau/protocol/records/metadata-record.ts';
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';
import type { Disk } from '@moldau/runtime';

import { offsetName } from '../log/local/partition-files.ts';

export const KAFKA = '/kafka/data';
export const CLUSTER_ID = 'abcdefghijklmnopqrstug';

export interface KafkaTopicOptions {
  readonly partitions?: number;
  readonly configs?: Readonly<Record<string, string>>;
  readonly replicas?: readonly number[];
}

/** A batch of `count` records from `baseOffset` on; keys are `k<offset>`, values `v<offset>`, timestamps 1000 + offset. */
export function batchAt(baseOffset: number, count: number, options: Partial<BatchOptions> = {}): Uint8Array {
  const records = Array.from({ length: count }, (_, i) => ({
    timestamp: 1000 + baseOffset + i,
    key: Buffer.from(`k${baseOffset + i}`),
    value: Buffer.from(`v${baseOffset + i}`),
  }));
  return buildBatch({ baseOffset, leaderEpoch: 0, records, ...options });
}

export function topicIdOf(name: string): string {
  return Buffer.from(name.padEnd(16, '.').slice(0, 16)).toString('base64url');
}

export class KafkaFolder {
  readonly #disk: Disk;
  readonly path: string;
  readonly #nodeId: number;
  readonly #files = new Map<string, Uint8Array>();
  readonly #metadata: Uint8Array[] = [];
  readonly #ends = new Map<string, number>();
  readonly startOffsets = new Map<string, number>();
  readonly cleanedTo = new Map<string, number>();
  /** Instead of what the segments say. */
  readonly recoveryPoints = new Map<string, number>();

  constructor(disk: Disk, path: string = KAFKA, nodeId = 1) {
    this.#disk = disk;
    this.path = path;
    this.#nodeId = nodeId;
    this.file('meta.properties', `#\nnode.id=${nodeId}\nversion=1\ncluster.id=${CLUSTER_ID}\n`);
  }

  file(name: string, content: string | Uint8Array): void {
    this.#files.set(name, typeof content === 'string' ? Buffer.from(content) : content);
  }

  /** A record of the controllers' log. */
  record(value: Uint8Array): void {
    this.#metadata.push(value);
  }

  /** A topic, known to the controllers, with an empty folder for each partition unless `folders` says which. */
  topic(name: string, options: KafkaTopicOptions = {}, folders?: readonly number[]): void {
    const topicId = uuidFromString(topicIdOf(name));
    const replicas = [...(options.replicas ?? [this.#nodeId])];
    this.record(writeMetadataRecord('TopicRecord', newTopicRecord({ name, topicId })));
    for (let partitionId = 0; partitionId < (options.partitions ?? 1); partitionId++) {
      const leader = replicas[0] ?? -1;
      const partition = { partitionId, topicId, replicas, isr: replicas, leader, leaderEpoch: 4 };
      this.record(writeMetadataRecord('PartitionRecord', newPartitionRecord(partition)));
      if (folders?.includes(partitionId) ?? true) this.folder(`${name}-${partitionId}`, topicIdOf(name));
    }
    for (const [key, value] of Object.entries(options.configs ?? {})) {
      this.record(
        writeMetadataRecord(
          'ConfigRecord',
          newConfigRecord({ resourceType: 2, resourceName: name, name: key, value }),
        ),
      );
    }
  }

  folder(name: string, topicId: string): void {
    this.file(`${name}/partition.metadata`, `version: 0\ntopic_id: ${topicId}`);
    this.file(`${name}/leader-epoch-checkpoint`, '0\n0\n');
  }

  /** A .log file; its index files are there too, and full of nonsense: nobody may rely on them. */
  segment(partition: string, baseOffset: number, batches: readonly Uint8Array[], endOffset?: number): void {
    const stem = `${partition}/${offsetName(baseOffset)}`;
    this.file(`${stem}.log`, Buffer.concat(batches));
    this.file(`${stem}.index`, Buffer.alloc(16, 0xee));
    this.file(`${stem}.timeindex`, Buffer.alloc(24, 0xee));
    if (endOffset !== undefined) this.#ends.set(partition, endOffset);
  }

  nextProducerId(nextProducerId: number): void {
    this.record(writeMetadataRecord('ProducerIdsRecord', newProducerIdsRecord({ nextProducerId })));
  }

  /** Writes all of it, durably. `clean`: Kafka stopped in order. */
  async write(clean = true): Promise<void> {
    if (clean) this.file('.kafka_cleanshutdown', '{"version":0}');
    this.file('log-start-offset-checkpoint', offsetsFile(this.startOffsets));
    this.file(
      'recovery-point-offset-checkpoint',
      offsetsFile(new Map([...this.#ends, ...this.recoveryPoints])),
    );
    if (this.cleanedTo.size > 0) this.file('cleaner-offset-checkpoint', offsetsFile(this.cleanedTo));
    if (this.#metadata.length > 0) {
      this.file(
        `__cluster_metadata-0/${offsetName(0)}.log`,
        buildBatch({ leaderEpoch: 1, records: this.#metadata.map((value) => ({ timestamp: 1, value })) }),
      );
    }
    const folders = new Set<string>();
    for (const [name, content] of this.#files) {
      const path = `${this.path}/${name}`;
      const folder = path.slice(0, path.lastIndexOf('/'));
      await this.#disk.makeDirectory(folder);
      folders.add(folder);
      const file = await this.#disk.open(path, { mode: 'create' });
      await file.truncate(0);
      if (content.length > 0) await file.write([content], 0);
      await file.sync();
      await file.close();
    }
    const parts = this.path.split('/');
    for (let i = 1; i <= parts.length; i++) folders.add(parts.slice(0, i).join('/') || '/');
    for (const folder of folders) await this.#disk.syncDirectory(folder);
  }
}

function offsetsFile(offsets: ReadonlyMap<string, number>): string {
  const lines = [...offsets].map(([partition, offset]) => {
    const dash = partition.lastIndexOf('-');
    return `${partition.slice(0, dash)} ${partition.slice(dash + 1)} ${offset}\n`;
  });
  return `0\n${lines.length}\n${lines.join('')}`;
}

/** Every file below `path` with its content in hex: to see that nothing has changed. */
export async function contentBelow(disk: Disk, path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { name, kind } of await disk.list(path)) {
    const child = `${path}/${name}`;
    if (kind === 'directory') {
      for (const [key, value] of await contentBelow(disk, child)) found.set(key, value);
      found.set(`${child}/`, '');
    } else {
      const file = await disk.open(child, { mode: 'read' });
      const bytes = new Uint8Array(await file.size());
      await file.read(bytes, 0);
      await file.close();
      found.set(child, Buffer.from(bytes).toString('hex'));
    }
  }
  return found;
}
