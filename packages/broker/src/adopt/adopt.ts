// `moldau adopt`: the topics of a stopped Kafka node become topics of a data folder, at the same offsets.
//
//   hold the source's locks -> read names, small files and the controllers' log -> plan
//   take the data folder    -> no topic of the same name, enough space
//   <data>/adopting/        <- every partition, synced                 (an interruption up to here leaves a folder that the next start removes)
//   logs/checkpoint         <- names the new partitions                (from here on: partitions that no topic has, which a start removes)
//   logs/<topic>-<partition> <- renamed from adopting/
//   metadata                <- one change with all topics              (from here on they are there)
//
// Must stay true: the source is never written; the target has all of the topics or none of them, whenever the process or the power goes; what was there
// before stays as it was.
import type { Clock, Disk, Random } from '@moldau/runtime';
import { openDataFolder, type DataFolder } from '../data-folder.ts';
import { writeCheckpoint, type PartitionCheckpoint } from '../log/local/checkpoint-file.ts';
import { partitionFolderName } from '../log/local/partition-files.ts';
import { DEFAULT_LOCAL_LOG_SETTINGS } from '../log/local/settings.ts';
import { recoverStore } from '../log/local/store-recovery.ts';
import type { MetadataChange } from '../metadata/change.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { GROUP_METADATA_TOPIC, INTERNAL_TOPICS } from '../metadata/internal-topics.ts';
import { openLocalMetadataStore } from '../metadata/local/local-metadata-store.ts';
import { newTopicId } from '../metadata/new-id.ts';
import { PRODUCER_ID_BLOCK } from '../metadata/producer-ids.ts';
import { collidingTopic } from '../metadata/topic-rules.ts';
import { AdoptError } from './adopt-error.ts';
import { adoptPartition } from './adopt-partition.ts';
import { planAdoption, type AdoptionChoice, type AdoptionPlan, type PlannedTopic } from './adoption-plan.ts';
import { readClusterMetadata, type ClusterMetadata } from './cluster-metadata.ts';
import { CommittedGroups } from './committed-groups.ts';
import { holdKafkaLogDir, readKafkaLogDir, type KafkaLogDir } from './kafka-log-dir.ts';

export interface AdoptOptions extends AdoptionChoice {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
  /** Log directories of Kafka, without a `/` at the end. */
  readonly from: readonly string[];
  /** Our data folder. */
  readonly data: string;
  /** Closed segments get a second name instead of being copied. */
  readonly link: boolean;
  /** Read and check everything, write nothing. */
  readonly dryRun: boolean;
  /** Gets told of how far it is, often. */
  readonly onProgress?: (progress: AdoptProgress) => void;
}

export interface AdoptProgress {
  /** `topic-partition`. */
  readonly partition: string;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface AdoptedTopic {
  readonly name: string;
  readonly partitions: number;
  /** Over all partitions: end offsets less start offsets. */
  readonly offsets: number;
  readonly bytes: number;
}

export interface AdoptReport {
  readonly clusterId: string | undefined;
  readonly topics: readonly AdoptedTopic[];
  /** Groups with committed offsets. */
  readonly groups: number;
  /** What a user has to know: sentences. */
  readonly notices: readonly string[];
}

const STAGING = 'adopting';
/** What must be free besides the copies: checkpoint, metadata, write-ahead log. */
const SPACE_RESERVE_BYTES = 64 * 1024 * 1024;
const DEFAULT_INDEX_INTERVAL_BYTES = 4096;

/** @throws AdoptError, DataFolderError, MetadataError, LogError, DiskError; the target is as it was then */
export async function adopt(options: AdoptOptions): Promise<AdoptReport> {
  const { disk, from, data } = options;
  checkPlaces(from, data);
  const locks = [];
  try {
    for (const path of from) locks.push(await holdKafkaLogDir(disk, path));
    const dirs: KafkaLogDir[] = [];
    for (const path of from) dirs.push(await readKafkaLogDir(disk, path));
    const plan = planAdoption(dirs, await newestMetadata(disk, dirs), options);
    return options.dryRun
      ? await new Adoption(options, plan, undefined).look()
      : await adoptInto(options, plan);
  } finally {
    for (const lock of locks) await lock.release();
  }
}

function checkPlaces(from: readonly string[], data: string): void {
  if (from.length === 0) throw new AdoptError('SOURCE', 'No log directory of Kafka was named.');
  for (const [i, path] of from.entries()) {
    if (from.indexOf(path) !== i) throw new AdoptError('SOURCE', `${path} was named twice.`);
    if (`${data}/`.startsWith(`${path}/`) || `${path}/`.startsWith(`${data}/`)) {
      throw new AdoptError(
        'TARGET',
        `The data folder ${data} and the log directory ${path} lie within each other. Nothing may be written to Kafka's folder: name another with --data.`,
      );
    }
  }
}

/** Each node has a copy of the controllers' log: the one that goes furthest counts. */
async function newestMetadata(
  disk: Disk,
  dirs: readonly KafkaLogDir[],
): Promise<ClusterMetadata | undefined> {
  let newest: ClusterMetadata | undefined;
  for (const { metadataFolder } of dirs) {
    if (metadataFolder === undefined) continue;
    const metadata = await readClusterMetadata(disk, metadataFolder);
    if (newest === undefined || metadata.endOffset > newest.endOffset) newest = metadata;
  }
  const kraft = dirs.find((dir) => !dir.zooKeeper);
  if (newest === undefined && kraft !== undefined) {
    throw new AdoptError(
      'SOURCE',
      `None of the directories has the controllers' log (__cluster_metadata-0), which says what topics there are. Name the folder that ${kraft.path}'s node has in metadata.log.dir (or else all of its log.dirs) with a further --from.`,
    );
  }
  return newest;
}

async function adoptInto(options: AdoptOptions, plan: AdoptionPlan): Promise<AdoptReport> {
  const folder = await openDataFolder(options.disk, options.data);
  try {
    return await new Adoption(options, plan, folder).run();
  } finally {
    await folder.release();
  }
}

class Adoption {
  readonly #options: AdoptOptions;
  readonly #plan: AdoptionPlan;
  readonly #target: DataFolder | undefined;
  readonly #notices: string[];
  /** Ids of topics, also of those to which Kafka gave none. */
  readonly #ids = new Map<string, string>();
  readonly #checkpoints: PartitionCheckpoint[] = [];
  readonly #topics: AdoptedTopic[] = [];
  readonly #changes: MetadataChange[] = [];
  #maxProducerId = -1;
  #bytes = 0;
  #totalBytes = 0;

  constructor(options: AdoptOptions, plan: AdoptionPlan, target: DataFolder | undefined) {
    this.#options = options;
    this.#plan = plan;
    this.#target = target;
    this.#notices = [...plan.notices];
    for (const { name, id } of plan.topics) this.#ids.set(name, id ?? newTopicId(options.random));
  }

  /** Reads and checks everything. */
  async look(): Promise<AdoptReport> {
    this.#totalBytes = await this.#sourceBytes();
    await this.#partitions(undefined);
    const groups = new CommittedGroups();
    for (const topic of this.#plan.topics) {
      if (topic.name !== GROUP_METADATA_TOPIC) continue;
      for (const { source } of topic.partitions)
        if (source !== undefined) await groups.read(this.#options.disk, source.folder.path);
    }
    return this.#report(groups.count);
  }

  async run(): Promise<AdoptReport> {
    const { disk, data, clock } = this.#options;
    const target = this.#target!;
    const metadata = await openLocalMetadataStore({ disk, folder: target.metadata });
    const staging = `${data}/${STAGING}`;
    try {
      const { image } = metadata;
      this.#checkTopics(image);
      await this.#checkSpace();
      const recovered = await recoverStore({
        disk,
        clock,
        folder: target.logs,
        settings: DEFAULT_LOCAL_LOG_SETTINGS,
      });
      await disk.makeDirectory(staging);
      await this.#partitions(staging);
      await disk.syncDirectory(staging);
      const groups = new CommittedGroups();
      for (const { id } of this.#checkpoints) {
        if (id.topic === GROUP_METADATA_TOPIC)
          await groups.read(disk, `${staging}/${partitionFolderName(id)}`);
      }
      await this.#commit(staging, recovered, image);
      await metadata.propose((now) => ({ changes: this.#metadataChanges(now), answer: undefined }));
      await disk.removeTree(staging);
      return this.#report(groups.count);
    } catch (error) {
      await disk.removeTree(staging).catch(() => undefined);
      throw error;
    } finally {
      await metadata.close();
    }
  }

  #report(groups: number): AdoptReport {
    return { clusterId: this.#plan.clusterId, topics: this.#topics, groups, notices: this.#notices };
  }

  #checkTopics(image: MetadataImage): void {
    const { data } = this.#options;
    for (const { name } of this.#plan.topics) {
      const id = this.#ids.get(name)!;
      const other = image.topics.has(name) ? name : collidingTopic(name, image.topics.keys());
      if (other !== undefined) {
        const hint = INTERNAL_TOPICS.has(name)
          ? 'Its groups have offsets of their own there: adopt into an empty folder, or --without-groups.'
          : 'Adopt into another folder, or leave the topic out with --topic.';
        throw new AdoptError('TARGET', `The data folder ${data} has a topic ${other} already. ${hint}`);
      }
      if (image.topicNamesById.has(id)) {
        throw new AdoptError(
          'TARGET',
          `The topic ${name} has been adopted into ${data} before, and is called ${image.topicNamesById.get(id)} there.`,
        );
      }
    }
    if (image.clusterId !== '' && image.clusterId !== this.#plan.clusterId) {
      this.#notices.push(
        `The data folder keeps its cluster id ${image.clusterId}; that of Kafka was ${this.#plan.clusterId ?? '(none)'}.`,
      );
    }
    if (image.nextProducerId > 0) {
      this.#notices.push(
        'The data folder has given out producer ids already, and Kafka may have given out the same: let the producers of the adopted topics start anew.',
      );
    }
  }

  async #checkSpace(): Promise<void> {
    const { disk, data, link } = this.#options;
    this.#totalBytes = await this.#sourceBytes();
    const needed = (link ? 0 : this.#totalBytes) + SPACE_RESERVE_BYTES;
    const { free } = await disk.space(data);
    if (free < needed) {
      const advice = link ? '' : ' or adopt with --link, if both are on one file system';
      throw new AdoptError(
        'TARGET',
        `The copies need ${needed} bytes, and ${free} are free where ${data} lies. Make room${advice}.`,
      );
    }
  }

  async #sourceBytes(): Promise<number> {
    const { disk } = this.#options;
    let sum = 0;
    for (const { partitions } of this.#plan.topics) {
      for (const { source } of partitions) {
        if (source === undefined) continue;
        for (const { name } of await disk.list(source.folder.path)) {
          if (!name.endsWith('.log')) continue;
          const file = await disk.open(`${source.folder.path}/${name}`, { mode: 'read' });
          sum += await file.size();
          await file.close();
        }
      }
    }
    return sum;
  }

  async #partitions(staging: string | undefined): Promise<void> {
    for (const topic of this.#plan.topics) await this.#topic(topic, staging);
  }

  async #topic(topic: PlannedTopic, staging: string | undefined): Promise<void> {
    const { disk, link, allowGaps } = this.#options;
    const { configs, name } = topic;
    const epochs: number[] = [];
    let offsets = 0;
    let bytes = 0;
    for (const { index, source, leaderEpoch } of topic.partitions) {
      epochs.push(leaderEpoch);
      if (source === undefined) continue;
      const { dir, folder } = source;
      const id = { topic: name, topicId: this.#ids.get(name)!, partition: index };
      const key = partitionFolderName(id);
      const { checkpoint, maxProducerId, notices } = await adoptPartition(
        {
          id,
          folder: folder.path,
          startOffset: dir.startOffsets.get(key),
          recoveryPoint: dir.recoveryPoints.get(key),
          cleanedTo: dir.cleanedTo.get(key),
          clean: dir.clean,
          mayHaveGaps: allowGaps || (configs.get('cleanup.policy') ?? '').includes('compact'),
          indexIntervalBytes: Number(configs.get('index.interval.bytes') ?? DEFAULT_INDEX_INTERVAL_BYTES),
        },
        {
          disk,
          link,
          folder: staging === undefined ? undefined : `${staging}/${key}`,
          progress: (read) => this.#progress(key, read),
        },
      );
      this.#notices.push(...notices);
      this.#maxProducerId = Math.max(this.#maxProducerId, maxProducerId);
      if (checkpoint.endOffset > 0) this.#checkpoints.push(checkpoint);
      epochs[index] = Math.max(leaderEpoch, checkpoint.epochs.at(-1)?.epoch ?? -1);
      offsets += checkpoint.endOffset - checkpoint.startOffset;
      bytes += checkpoint.sizeInBytes;
    }
    this.#topics.push({ name, partitions: topic.partitions.length, offsets, bytes });
    this.#changes.push({
      kind: 'topic-created',
      name,
      id: this.#ids.get(name)!,
      internal: INTERNAL_TOPICS.has(name),
      // Who leads is decided by the next start. Its epoch is a new one: it is another program that leads now.
      partitions: epochs.map((epoch) => ({ leader: 0, leaderEpoch: epoch + 1, replicas: [0], isr: [0] })),
      configs: Object.fromEntries(configs),
    });
  }

  #progress(partition: string, read: number): void {
    this.#bytes += read;
    this.#options.onProgress?.({ partition, bytes: this.#bytes, totalBytes: this.#totalBytes });
  }

  /** Makes the partitions part of the log store. */
  async #commit(
    staging: string,
    recovered: Awaited<ReturnType<typeof recoverStore>>,
    image: MetadataImage,
  ): Promise<void> {
    const { disk } = this.#options;
    const { logs } = this.#target!;
    // What no topic has is what an adoption, or the removal of a topic, had not finished.
    const kept = [...recovered.partitions.values()].filter(
      ({ id }) => image.topicNamesById.get(id.topicId) === id.topic,
    );
    const names = new Set(kept.map(({ id }) => partitionFolderName(id)));
    for (const { id } of recovered.partitions.values()) {
      const name = partitionFolderName(id);
      if (!names.has(name)) await disk.removeTree(`${logs}/${name}`);
    }
    await disk.makeDirectory(logs);
    await writeCheckpoint(disk, logs, {
      walSequence: recovered.nextSequence,
      walEpoch: recovered.nextEpoch,
      partitions: [...kept, ...this.#checkpoints],
      removed: [],
    });
    for (const { id } of this.#checkpoints) {
      const name = partitionFolderName(id);
      await disk.removeTree(`${logs}/${name}`);
      if (await disk.exists(`${staging}/${name}`)) await disk.rename(`${staging}/${name}`, `${logs}/${name}`);
    }
    await disk.syncDirectory(logs);
    await disk.syncDirectory(this.#options.data);
  }

  #metadataChanges(image: MetadataImage): MetadataChange[] {
    const changes: MetadataChange[] = [];
    if (image.clusterId === '' && this.#plan.clusterId !== undefined) {
      changes.push({ kind: 'cluster-created', clusterId: this.#plan.clusterId });
    }
    const used = Math.max(this.#plan.nextProducerId, this.#maxProducerId + 1);
    const next = Math.ceil(used / PRODUCER_ID_BLOCK) * PRODUCER_ID_BLOCK;
    if (next > image.nextProducerId) changes.push({ kind: 'producer-ids-allocated', next });
    return [...changes, ...this.#changes];
  }
}
