// One log directory of a stopped Kafka node (an entry of its `log.dirs`): what is in it, by names and small files alone.
//
//   meta.properties                 node id, cluster id; version 0: a node that used ZooKeeper
//   .kafka_cleanshutdown            the node stopped in order: no file needs to be checked for a torn end
//   .lock                           held while Kafka runs
//   *-checkpoint                    offsets of all partitions
//   <topic>-<partition>/            a partition
//   <topic>-<partition>.<id>-delete, -future, -stray       partitions that are not, or not any more
//   __cluster_metadata-0/           what the controllers decided
//
// Must stay true: nothing in the folder is written.
import { DiskError, type Disk, type DiskLock } from '@moldau/runtime';
import { readWhole } from '@moldau/runtime/small-files.ts';
import { METADATA_FILE, decodePartitionMetadata, parseFolderName } from '../log/local/partition-files.ts';
import { parseProperties } from '../settings/parse-properties.ts';
import { AdoptError } from './adopt-error.ts';
import { parseOffsetsFile } from './kafka-text-files.ts';

export const METADATA_TOPIC = '__cluster_metadata';
const NOT_A_PARTITION = /\.[0-9a-f]{32}-(delete|future|stray)$/;
const CLEAN_SHUTDOWN_FILES = ['.kafka_cleanshutdown'];

export interface KafkaPartitionFolder {
  readonly path: string;
  readonly topic: string;
  readonly partition: number;
  /** From `partition.metadata`; undefined in folders of Kafka before 2.8. */
  readonly topicId: string | undefined;
}

export interface KafkaLogDir {
  readonly path: string;
  /** -1 when the folder does not say. */
  readonly nodeId: number;
  readonly clusterId: string | undefined;
  /** The node's metadata was in ZooKeeper. */
  readonly zooKeeper: boolean;
  /** It stopped in order. */
  readonly clean: boolean;
  readonly partitions: readonly KafkaPartitionFolder[];
  readonly metadataFolder: string | undefined;
  /** By `topic-partition`. */
  readonly startOffsets: ReadonlyMap<string, number>;
  /** Up to where the log was durable. After a clean stop: where it ends. */
  readonly recoveryPoints: ReadonlyMap<string, number>;
  /** Up to where the log was compacted. */
  readonly cleanedTo: ReadonlyMap<string, number>;
  readonly notices: readonly string[];
}

/** @throws AdoptError SOURCE, DAMAGED; DiskError */
export async function readKafkaLogDir(disk: Disk, path: string): Promise<KafkaLogDir> {
  if (!(await disk.exists(path))) throw new AdoptError('SOURCE', `${path}: no such folder.`);
  const entries = await disk.list(path);
  const names = new Set(entries.map((entry) => entry.name));
  const meta = await readMetaProperties(disk, path, names);
  const notices: string[] = [];
  const partitions: KafkaPartitionFolder[] = [];
  for (const { name, kind } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (kind !== 'directory') continue;
    const state = NOT_A_PARTITION.exec(name)?.[1];
    if (state !== undefined) {
      notices.push(`${path}/${name} is left out: ${STATES[state]}.`);
      continue;
    }
    const parsed = parseFolderName(name);
    if (parsed === undefined) continue;
    const folder = `${path}/${name}`;
    partitions.push({ ...parsed, path: folder, topicId: await topicIdIn(disk, folder) });
  }
  const offsets = async (name: string): Promise<ReadonlyMap<string, number>> => {
    const content = await readWhole(disk, `${path}/${name}`);
    // Kafka makes the file empty and writes it when there is something to say.
    if (content === undefined || content.length === 0) return new Map();
    const parsed = parseOffsetsFile(content);
    if (parsed === undefined)
      throw new AdoptError(
        'DAMAGED',
        `${path}/${name} cannot be read as a list of offsets. Let Kafka start on the folder once and stop it in order: it writes the file anew.`,
      );
    return parsed;
  };
  return {
    path,
    ...meta,
    clean: CLEAN_SHUTDOWN_FILES.some((name) => names.has(name)),
    partitions: partitions.filter((partition) => partition.topic !== METADATA_TOPIC),
    metadataFolder: partitions.find((partition) => partition.topic === METADATA_TOPIC)?.path,
    startOffsets: await offsets('log-start-offset-checkpoint'),
    recoveryPoints: await offsets('recovery-point-offset-checkpoint'),
    cleanedTo: await offsets('cleaner-offset-checkpoint'),
    notices,
  };
}

const STATES: Readonly<Record<string, string>> = {
  delete: 'its topic was deleted',
  future: 'it was being moved to this folder and is incomplete; the partition itself is where it was',
  stray: 'Kafka found that it belongs to no topic of the node',
};

/** Keeps Kafka from starting on the folder, without writing to it. @throws AdoptError RUNNING when it runs; DiskError */
export async function holdKafkaLogDir(disk: Disk, path: string): Promise<DiskLock> {
  const lock = `${path}/.lock`;
  // Kafka removes the file when it stops in order.
  if (!(await disk.exists(lock))) return { release: () => Promise.resolve() };
  try {
    return await disk.lockShared(lock);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'LOCKED') throw error;
    throw new AdoptError(
      'RUNNING',
      `A process works on ${path} (it holds ${lock}): Kafka runs. Stop it first (kafka-server-stop.sh), then adopt.`,
      { cause: error },
    );
  }
}

async function readMetaProperties(
  disk: Disk,
  path: string,
  names: ReadonlySet<string>,
): Promise<Pick<KafkaLogDir, 'nodeId' | 'clusterId' | 'zooKeeper'>> {
  const content = names.has('meta.properties') ? await readWhole(disk, `${path}/meta.properties`) : undefined;
  if (content === undefined) {
    const what = names.has('moldau.json')
      ? 'it is a data folder of Moldau'
      : 'it has no meta.properties; name the folder that the node has in log.dirs';
    throw new AdoptError('SOURCE', `${path} is not the log directory of a Kafka node: ${what}.`);
  }
  const { entries } = parseProperties(Buffer.from(content).toString('utf8'));
  const values = new Map(entries.map(({ key, value }) => [key, value]));
  const version = values.get('version');
  if (version !== '0' && version !== '1') {
    throw new AdoptError(
      'UNSUPPORTED',
      `${path}/meta.properties says version ${version ?? '(none)'}; versions 0 (Kafka with ZooKeeper) and 1 (KRaft) are known.`,
    );
  }
  const id = values.get('node.id') ?? values.get('broker.id') ?? '';
  return {
    nodeId: /^\d+$/.test(id) ? Number(id) : -1,
    clusterId: values.get('cluster.id'),
    zooKeeper: version === '0',
  };
}

async function topicIdIn(disk: Disk, folder: string): Promise<string | undefined> {
  const path = `${folder}/${METADATA_FILE}`;
  const content = await readWhole(disk, path);
  if (content === undefined) return undefined;
  const id = decodePartitionMetadata(content);
  if (id === undefined)
    throw new AdoptError(
      'DAMAGED',
      `${path} cannot be read: it should say "version: 0" and "topic_id: ...". Restore it from a copy, or from another partition of the topic.`,
    );
  return id;
}
