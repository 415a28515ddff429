// What is adopted and what is not, decided from names, small files and the controllers' log, before any segment is read.
//
//   topics of the controllers' log  +  partition folders of all directories  ->  AdoptionPlan, or the reason why there is none
//
//   a folder whose topic id is not that of the topic      left out: of a topic that was deleted, or made anew since
//   a partition in two directories of one node            refused: Kafka itself does not start on that
//   a partition on several nodes                          its leader's copy, or one that was in sync
//   a partition in none of the directories                refused, unless the user says that it may begin empty
//
// A node that used ZooKeeper has no controllers' log: topics are then what the folders say, and their settings are not known.
import { BROKER_SETTINGS } from '../settings/all-settings.ts';
import { topicConfigProblems } from '../settings/validate-topic-configs.ts';
import { GROUP_METADATA_TOPIC } from '../metadata/internal-topics.ts';
import { AdoptError } from './adopt-error.ts';
import type { ClusterMetadata, KafkaTopic } from './cluster-metadata.ts';
import type { KafkaLogDir, KafkaPartitionFolder } from './kafka-log-dir.ts';

export interface AdoptionChoice {
  /** Names of topics, `*` stands for any text; undefined: all. */
  readonly topics: readonly string[] | undefined;
  /** Leave `__consumer_offsets` and `__transaction_state` out. */
  readonly withoutGroups: boolean;
  /** Partitions that are in none of the directories begin empty. */
  readonly allowMissing: boolean;
  /** Segments may be missing in topics that are not compacted. */
  readonly allowGaps: boolean;
}

export interface PlannedPartition {
  readonly index: number;
  /** Undefined: begins empty. */
  readonly source: { readonly dir: KafkaLogDir; readonly folder: KafkaPartitionFolder } | undefined;
  readonly leaderEpoch: number;
}

export interface PlannedTopic {
  readonly name: string;
  /** Undefined: Kafka did not give it one. */
  readonly id: string | undefined;
  readonly partitions: readonly PlannedPartition[];
  /** How many replicas each partition had. */
  readonly replicas: number;
  readonly configs: ReadonlyMap<string, string>;
}

export interface AdoptionPlan {
  readonly clusterId: string | undefined;
  readonly nextProducerId: number;
  readonly topics: readonly PlannedTopic[];
  readonly notices: readonly string[];
}

export const TRANSACTION_TOPIC = '__transaction_state';
const SHARE_TOPIC = '__share_group_state';
const MAX_NAMED = 5;

/** @throws AdoptError SOURCE, INCOMPLETE, UNSUPPORTED */
export function planAdoption(
  dirs: readonly KafkaLogDir[],
  metadata: ClusterMetadata | undefined,
  choice: AdoptionChoice,
): AdoptionPlan {
  const clusterIds = new Set(dirs.map((dir) => dir.clusterId).filter((id) => id !== undefined));
  if (clusterIds.size > 1) {
    throw new AdoptError(
      'SOURCE',
      `The directories are of different clusters (${[...clusterIds].join(', ')}). Adopt them one after the other, into folders of their own.`,
    );
  }
  const planner = new Planner(dirs, metadata, choice);
  const topics = planner.topics();
  return {
    clusterId: [...clusterIds][0],
    nextProducerId: metadata?.nextProducerId ?? 0,
    topics,
    notices: planner.notices,
  };
}

class Planner {
  readonly notices: string[] = [];
  readonly #dirs: readonly KafkaLogDir[];
  readonly #metadata: ClusterMetadata | undefined;
  readonly #choice: AdoptionChoice;
  /** By topic and partition. */
  readonly #folders = new Map<string, { dir: KafkaLogDir; folder: KafkaPartitionFolder }[]>();

  constructor(dirs: readonly KafkaLogDir[], metadata: ClusterMetadata | undefined, choice: AdoptionChoice) {
    this.#dirs = dirs;
    this.#metadata = metadata;
    this.#choice = choice;
    for (const dir of dirs) {
      this.notices.push(...dir.notices);
      for (const folder of dir.partitions) {
        const key = `${folder.topic}-${folder.partition}`;
        this.#folders.set(key, [...(this.#folders.get(key) ?? []), { dir, folder }]);
      }
    }
  }

  topics(): PlannedTopic[] {
    const known = this.#metadata?.topics ?? this.#topicsOfFolders();
    this.#tellStrays(known);
    this.#tellMetadata();
    const topics: PlannedTopic[] = [];
    for (const topic of [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (this.#chosen(topic.name)) topics.push(this.#topic(topic));
    }
    if (topics.length === 0) {
      const where = this.#dirs.map((dir) => dir.path).join(', ');
      throw new AdoptError('SOURCE', `There is no topic to adopt in ${where}.`);
    }
    return topics;
  }

  #chosen(name: string): boolean {
    const { topics, withoutGroups } = this.#choice;
    if (name === SHARE_TOPIC) {
      this.notices.push(
        `${SHARE_TOPIC} is left out: share groups begin anew, where share.auto.offset.reset says.`,
      );
      return false;
    }
    if (name === GROUP_METADATA_TOPIC || name === TRANSACTION_TOPIC) return !withoutGroups;
    return topics === undefined || topics.some((pattern) => matches(pattern, name));
  }

  #topic(topic: KafkaTopic): PlannedTopic {
    const configs = this.#configs(topic.name);
    const count = Math.max(-1, ...topic.partitions.keys()) + 1;
    const partitions: PlannedPartition[] = [];
    const missing: number[] = [];
    for (let index = 0; index < count; index++) {
      const source = this.#source(topic, index);
      if (source === undefined) missing.push(index);
      partitions.push({ index, source, leaderEpoch: topic.partitions.get(index)?.leaderEpoch ?? -1 });
    }
    if (missing.length > 0) this.#tellMissing(topic, missing, count);
    const replicas = Math.max(1, topic.partitions.get(0)?.replicas.length ?? 1);
    return { name: topic.name, id: topic.id === '' ? undefined : topic.id, partitions, replicas, configs };
  }

  #tellMissing(topic: KafkaTopic, missing: readonly number[], count: number): void {
    const nodes = new Set(missing.flatMap((index) => topic.partitions.get(index)?.replicas ?? []));
    const named = missing.slice(0, MAX_NAMED).join(', ') + (missing.length > MAX_NAMED ? ', ...' : '');
    const what = `${missing.length} of the ${count} partitions of ${topic.name} (${named}) are in none of the directories`;
    const where = nodes.size > 0 ? `; they are on nodes ${[...nodes].sort((a, b) => a - b).join(', ')}` : '';
    if (this.#choice.allowMissing) {
      this.notices.push(`${what}${where}: they begin empty.`);
      return;
    }
    throw new AdoptError(
      'INCOMPLETE',
      `${what}${where}. Stop those nodes too and name their log directories with further --from; or let what is missing begin empty with --allow-missing; or leave the topic out (--topic, --without-groups).`,
    );
  }

  /** The folder to take the partition from. */
  #source(topic: KafkaTopic, index: number): PlannedPartition['source'] {
    const found = (this.#folders.get(`${topic.name}-${index}`) ?? []).filter(
      ({ folder }) => topic.id === '' || folder.topicId === undefined || folder.topicId === topic.id,
    );
    const byNode = new Map<number, (typeof found)[number]>();
    for (const each of found) {
      const other = byNode.get(each.dir.nodeId);
      if (other !== undefined) {
        throw new AdoptError(
          'SOURCE',
          `${topic.name}-${index} lies in ${other.folder.path} and in ${each.folder.path}, both of node ${each.dir.nodeId}. Name each directory once; Kafka does not start on such folders either.`,
        );
      }
      byNode.set(each.dir.nodeId, each);
    }
    if (found.length <= 1) return found[0];
    const state = topic.partitions.get(index);
    const order = [state?.leader ?? -1, ...(state?.isr ?? [])];
    const chosen = order.map((node) => byNode.get(node)).find((each) => each !== undefined);
    if (chosen === undefined) {
      throw new AdoptError(
        'SOURCE',
        `${topic.name}-${index} lies in ${found.map((each) => each.folder.path).join(', ')}, and it is not known which copy was in sync. Name the directory of one of these nodes only.`,
      );
    }
    return chosen;
  }

  /** The settings of a topic, without those that cannot be kept. */
  #configs(name: string): Map<string, string> {
    const configs = new Map(this.#metadata?.topicConfigs.get(name) ?? this.#guessedConfigs(name));
    if (configs.get('remote.storage.enable') === 'true') {
      throw new AdoptError(
        'UNSUPPORTED',
        `${name} has part of its records in remote storage (remote.storage.enable), which Moldau does not read. Bring them back first, or leave the topic out with --topic.`,
      );
    }
    for (const [key, value] of configs) {
      const [problem] = topicConfigProblems(new Map([[key, value]]), []);
      if (problem === undefined) continue;
      configs.delete(key);
      this.notices.push(`${name}: its setting ${key}=${value} is left out (${problem}).`);
    }
    const inSync = Number(configs.get('min.insync.replicas') ?? 1);
    if (inSync > 1) {
      configs.delete('min.insync.replicas');
      this.notices.push(
        `${name}: min.insync.replicas=${inSync} is left out: an adopted partition has one replica. Set it again once there are more brokers.`,
      );
    }
    return configs;
  }

  /** Without the controllers' log: what the node's files tell. */
  #guessedConfigs(name: string): [string, string][] {
    const compacted = this.#dirs.some((dir) =>
      [...dir.cleanedTo.keys()].some((key) => key.slice(0, key.lastIndexOf('-')) === name),
    );
    return compacted || name === GROUP_METADATA_TOPIC || name === TRANSACTION_TOPIC
      ? [['cleanup.policy', 'compact']]
      : [];
  }

  #topicsOfFolders(): Map<string, KafkaTopic> {
    const topics = new Map<string, KafkaTopic>();
    for (const dir of this.#dirs) {
      for (const { topic, partition, topicId } of dir.partitions) {
        const known = topics.get(topic) ?? { name: topic, id: topicId ?? '', partitions: new Map() };
        topics.set(topic, known);
        known.partitions.set(partition, {
          replicas: [dir.nodeId],
          isr: [dir.nodeId],
          leader: dir.nodeId,
          leaderEpoch: -1,
        });
      }
    }
    return topics;
  }

  #tellStrays(known: ReadonlyMap<string, KafkaTopic>): void {
    for (const { dir, folder } of [...this.#folders.values()].flat()) {
      const topic = known.get(folder.topic);
      if (topic === undefined) {
        this.notices.push(`${folder.path} is left out: the cluster has no topic ${folder.topic} (any more).`);
      } else if (topic.id !== '' && folder.topicId !== undefined && folder.topicId !== topic.id) {
        this.notices.push(
          `${folder.path} is left out: it is of an earlier topic of that name (id ${folder.topicId}; node ${dir.nodeId}).`,
        );
      }
    }
  }

  #tellMetadata(): void {
    const metadata = this.#metadata;
    if (metadata === undefined) {
      this.notices.push(
        'The settings of topics were in ZooKeeper and are not in these folders: set them again with kafka-configs, retention first. Topics that had been compacted stay compacted.',
      );
      return;
    }
    // Kafka sets some of them by itself, to what they are anyway.
    const changed = [...metadata.brokerConfigs].filter(
      ([name, value]) => BROKER_SETTINGS.get(name)?.default !== value,
    );
    if (changed.length > 0) {
      const settings = changed.map(([name, value]) => `${name}=${value}`).join(', ');
      this.notices.push(
        `Dynamic settings of brokers are not adopted; set them again where wanted: ${settings}.`,
      );
    }
    for (const [kind, count] of metadata.others) {
      this.notices.push(`Not adopted: ${count} x ${WHAT_OTHERS_ARE[kind] ?? kind}.`);
    }
  }
}

const WHAT_OTHERS_ARE: Readonly<Record<string, string>> = {
  AccessControlEntryRecord: 'ACL',
  ClientQuotaRecord: 'client quota',
  UserScramCredentialRecord: 'SCRAM credential',
  DelegationTokenRecord: 'delegation token',
  ConfigRecord: 'setting of a group or of client metrics',
};

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.\\+^$(){}|[\]?]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}
