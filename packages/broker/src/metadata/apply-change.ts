// From one image to the next: the only code that knows what a change does. Proposals and recovery both go through here, so
// what was decided and what is found after a restart are the same.
//
//   image N --change--> image N+1        image N is untouched and shares with N+1 all that the change did not name
//
// A cluster may have tens of thousands of partitions, so a run of changes is applied to one draft: each map, and each topic's
// partition list, is copied at most once a run, when the first change touches it.
//
// Must stay true: a change that cannot follow from the image (an unknown topic, a partition out of order) is a bug of whoever
// proposed it, or a log that was not written by this code. It stops with an AssertionError and the image stays what it was.
import assert from 'node:assert/strict';
import type { ConfigResource, MetadataChange } from './change.ts';
import { aclKey, type AclBinding } from './acl-binding.ts';
import { quotaEntityKey } from './client-quota-entity.ts';
import { DEFAULT_FEATURES } from './features.ts';
import type {
  BrokerImage,
  ConfigOverrides,
  EntityQuotas,
  MetadataImage,
  PartitionImage,
  TopicImage,
} from './image.ts';
import { scramKey, type ScramCredential } from './scram-credential.ts';

/** The image before the first change: version 0, no cluster id, nothing in it but the levels of features that a new cluster has. */
export function emptyImage(): MetadataImage {
  return {
    version: 0,
    clusterId: '',
    brokers: new Map(),
    topics: new Map(),
    topicNamesById: new Map(),
    topicConfigs: new Map(),
    brokerConfigs: new Map(),
    groupConfigs: new Map(),
    clientMetricsConfigs: new Map(),
    features: DEFAULT_FEATURES,
    runs: 0,
    clientQuotas: new Map(),
    acls: new Map(),
    scramCredentials: new Map(),
    nextProducerId: 0,
  };
}

/** The image after one change. @throws AssertionError when the change cannot follow from the image */
export function applyChange(image: MetadataImage, change: MetadataChange): MetadataImage {
  return applyChanges(image, [change]);
}

/** The image after all of the changes, in order. @throws AssertionError at the first that cannot follow; there is no image then */
export function applyChanges(image: MetadataImage, changes: readonly MetadataChange[]): MetadataImage {
  if (changes.length === 0) {
    return image;
  }
  const draft = new ImageDraft(image);
  for (const change of changes) {
    draft.apply(change);
  }
  return draft.finish();
}

/** An image in the making. Use it once: `apply` any number of changes, then `finish`. */
export class ImageDraft {
  #version: number;
  #clusterId: string;
  #nextProducerId: number;
  #runs: number;
  #brokers: ReadonlyMap<number, BrokerImage>;
  readonly #topics: DraftMap<string, TopicImage>;
  readonly #topicNamesById: DraftMap<string, string>;
  readonly #configs: Record<ConfigResource, DraftMap<string, ConfigOverrides>>;
  readonly #features: DraftMap<string, number>;
  readonly #clientQuotas: DraftMap<string, EntityQuotas>;
  readonly #acls: DraftMap<string, AclBinding>;
  readonly #scramCredentials: DraftMap<string, ScramCredential>;
  /** Partition lists copied by this draft: these, and only these, may be changed in place. */
  readonly #ownPartitions = new Map<string, PartitionImage[]>();

  constructor(image: MetadataImage) {
    this.#version = image.version;
    this.#clusterId = image.clusterId;
    this.#nextProducerId = image.nextProducerId;
    this.#runs = image.runs;
    this.#brokers = image.brokers;
    this.#topics = new DraftMap(image.topics);
    this.#topicNamesById = new DraftMap(image.topicNamesById);
    this.#configs = {
      topic: new DraftMap(image.topicConfigs),
      broker: new DraftMap(image.brokerConfigs),
      group: new DraftMap(image.groupConfigs),
      'client-metrics': new DraftMap(image.clientMetricsConfigs),
    };
    this.#features = new DraftMap(image.features);
    this.#clientQuotas = new DraftMap(image.clientQuotas);
    this.#acls = new DraftMap(image.acls);
    this.#scramCredentials = new DraftMap(image.scramCredentials);
  }

  get version(): number {
    return this.#version;
  }

  apply(change: MetadataChange): void {
    switch (change.kind) {
      case 'cluster-created':
        assert(this.#clusterId === '', `the cluster exists already as ${this.#clusterId}`);
        assert(change.clusterId !== '', 'a cluster needs an id');
        this.#clusterId = change.clusterId;
        break;
      case 'brokers-set':
        this.#brokers = new Map(change.brokers.map((broker) => [broker.id, broker]));
        assert(this.#brokers.size === change.brokers.length, 'two brokers have the same id');
        this.#runs += 1;
        break;
      case 'topic-created':
        this.#createTopic(change);
        break;
      case 'topic-deleted': {
        const topic = this.#topic(change.name);
        assert(topic.id === change.id, `topic ${change.name} has the id ${topic.id}, not ${change.id}`);
        this.#topics.writable().delete(change.name);
        this.#topicNamesById.writable().delete(change.id);
        this.#ownPartitions.delete(change.name);
        if (this.#configs.topic.current.has(change.name)) {
          this.#configs.topic.writable().delete(change.name);
        }
        break;
      }
      case 'partitions-added':
        this.#partitionsOf(change.topic).push(...change.partitions);
        break;
      case 'partition-changed': {
        const partitions = this.#partitionsOf(change.topic);
        const before = partitions[change.partition];
        assert(before !== undefined, `topic ${change.topic} has no partition ${change.partition}`);
        assert(
          change.state.leaderEpoch >= before.leaderEpoch,
          `the leader epoch of ${change.topic}-${change.partition} would go back from ${before.leaderEpoch} to ${change.state.leaderEpoch}`,
        );
        partitions[change.partition] = change.state;
        break;
      }
      case 'configs-changed':
        this.#changeConfigs(change);
        break;
      case 'features-changed':
        this.#changeFeatures(change.levels);
        break;
      case 'acls-changed':
        for (const acl of change.removed) this.#acls.writable().delete(aclKey(acl));
        for (const acl of change.added) this.#acls.writable().set(aclKey(acl), acl);
        break;
      case 'scram-credentials-changed':
        for (const key of change.removed) this.#scramCredentials.writable().delete(key);
        for (const credential of change.added)
          this.#scramCredentials.writable().set(scramKey(credential.user, credential.mechanism), credential);
        break;
      case 'client-quotas-changed':
        this.#changeQuotas(change);
        break;
      case 'producer-ids-allocated':
        assert(Number.isSafeInteger(change.next), `producer ids end at ${Number.MAX_SAFE_INTEGER}`);
        assert(
          change.next > this.#nextProducerId,
          `producer ids below ${this.#nextProducerId} have been given out`,
        );
        this.#nextProducerId = change.next;
        break;
      default:
        // A log written by a later version: better to stop than to go on without what it says.
        assert.fail(`unknown kind of metadata change: ${String((change as { kind?: unknown }).kind)}`);
    }
    this.#version += 1;
  }

  finish(): MetadataImage {
    return {
      version: this.#version,
      clusterId: this.#clusterId,
      brokers: this.#brokers,
      topics: this.#topics.current,
      topicNamesById: this.#topicNamesById.current,
      topicConfigs: this.#configs.topic.current,
      brokerConfigs: this.#configs.broker.current,
      groupConfigs: this.#configs.group.current,
      clientMetricsConfigs: this.#configs['client-metrics'].current,
      features: this.#features.current,
      runs: this.#runs,
      clientQuotas: this.#clientQuotas.current,
      acls: this.#acls.current,
      scramCredentials: this.#scramCredentials.current,
      nextProducerId: this.#nextProducerId,
    };
  }

  #createTopic(change: Extract<MetadataChange, { kind: 'topic-created' }>): void {
    const { name, id, internal, partitions, configs } = change;
    assert(!this.#topics.current.has(name), `topic ${name} exists already`);
    assert(!this.#topicNamesById.current.has(id), `topic id ${id} is in use`);
    assert(partitions.length > 0, `topic ${name} has no partitions`);
    this.#topics.writable().set(name, { name, id, internal, partitions });
    this.#topicNamesById.writable().set(id, name);
    const entries = Object.entries(configs);
    if (entries.length > 0) {
      this.#configs.topic.writable().set(name, new Map(entries));
    }
  }

  #changeConfigs(change: Extract<MetadataChange, { kind: 'configs-changed' }>): void {
    if (change.resource === 'topic') {
      this.#topic(change.name);
    }
    const resources = this.#configs[change.resource];
    const overrides = new Map(resources.current.get(change.name));
    for (const [name, value] of Object.entries(change.configs)) {
      if (value === null) {
        overrides.delete(name);
      } else {
        overrides.set(name, value);
      }
    }
    if (overrides.size > 0) {
      resources.writable().set(change.name, overrides);
    } else if (resources.current.has(change.name)) {
      resources.writable().delete(change.name);
    }
  }

  #changeFeatures(levels: Readonly<Record<string, number>>): void {
    for (const [name, level] of Object.entries(levels)) {
      assert(Number.isSafeInteger(level) && level >= 0, `feature ${name} would get the level ${level}`);
      if (level === 0) {
        this.#features.writable().delete(name);
      } else {
        this.#features.writable().set(name, level);
      }
    }
  }

  #changeQuotas({ entity, values }: Extract<MetadataChange, { kind: 'client-quotas-changed' }>): void {
    const key = quotaEntityKey(entity);
    const next = new Map(this.#clientQuotas.current.get(key)?.values);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) {
        next.delete(name);
      } else {
        assert(Number.isFinite(value) && value > 0, `quota ${name} would become ${value}`);
        next.set(name, value);
      }
    }
    if (next.size > 0) {
      this.#clientQuotas.writable().set(key, { entity, values: next });
    } else if (this.#clientQuotas.current.has(key)) {
      this.#clientQuotas.writable().delete(key);
    }
  }

  #topic(name: string): TopicImage {
    const topic = this.#topics.current.get(name);
    assert(topic !== undefined, `there is no topic ${name}`);
    return topic;
  }

  /** The topic's partitions as a list that this draft owns, already part of the next image. */
  #partitionsOf(name: string): PartitionImage[] {
    const own = this.#ownPartitions.get(name);
    if (own !== undefined) {
      return own;
    }
    const topic = this.#topic(name);
    const partitions = [...topic.partitions];
    this.#topics.writable().set(name, { ...topic, partitions });
    this.#ownPartitions.set(name, partitions);
    return partitions;
  }
}

/** A map that is shared until it is first written, and copied then. */
class DraftMap<Key, Value> {
  #shared: ReadonlyMap<Key, Value>;
  #own: Map<Key, Value> | undefined;

  constructor(shared: ReadonlyMap<Key, Value>) {
    this.#shared = shared;
  }

  get current(): ReadonlyMap<Key, Value> {
    return this.#own ?? this.#shared;
  }

  writable(): Map<Key, Value> {
    this.#own ??= new Map(this.#shared);
    return this.#own;
  }
}
