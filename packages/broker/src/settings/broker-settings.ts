// The settings that a broker runs with: from server.properties and --set to typed fields, every problem found at once.
//
//   file text, key=value ... -> given (text by name) -> checked -> BrokerSettings
//
// What a client may change while the broker runs (KIP-226) is laid over it by `withDynamicConfigs`; what a topic sets, by topic-config.ts.
import type { CleanerSettings } from '../log/local/compaction/cleaner-settings.ts';
import type { ConfigOverrides } from '../metadata/image.ts';
import { BROKER_SETTINGS } from './all-settings.ts';
import { clientListener, type ListenerAddress } from './listener-address.ts';
import { parseProperties } from './parse-properties.ts';
import { parseSetting } from './setting-value.ts';
import type { SettingValue } from './setting.ts';

export interface BrokerSettings {
  /** What was set at the start, by name, as it was written. */
  readonly given: ReadonlyMap<string, string>;

  readonly nodeId: number;
  readonly brokerRack: string | null;
  /** Where `listeners` says to listen; an empty host stands for every address. Undefined when it is not set. */
  readonly listener: ListenerAddress | undefined;
  readonly advertisedListener: ListenerAddress | undefined;
  /** `log.dirs`, or else `log.dir`; undefined when neither is set. */
  readonly logDir: string | undefined;

  readonly autoCreateTopicsEnable: boolean;
  readonly autoLeaderRebalanceEnable: boolean;
  readonly deleteTopicEnable: boolean;
  readonly numPartitions: number;
  readonly defaultReplicationFactor: number;
  readonly maxPartitions: number;
  readonly maxPartitionsPerRequest: number;

  readonly logRetentionCheckIntervalMs: number;
  readonly cleaner: CleanerSettings;
  readonly producerIdExpirationMs: number;
  readonly transactionPartitionVerification: boolean;
  readonly producerIdExpirationCheckIntervalMs: number;
  readonly metadataSnapshotAfterBytes: number;

  readonly quotaWindowNum: number;
  readonly quotaWindowSizeSeconds: number;
  readonly controllerQuotaWindowNum: number;
  readonly controllerQuotaWindowSizeSeconds: number;

  readonly maxConnections: number;
  readonly maxConnectionsPerIp: number;
  /** -1: never. */
  readonly connectionsMaxIdleMs: number;
  readonly socketRequestMaxBytes: number;
  readonly telemetryMaxBytes: number;
  readonly queuedMaxRequestBytes: number;
  readonly maxArrayLength: number;

  readonly fetchMaxBytes: number;
  readonly maxIncrementalFetchSessionCacheSlots: number;
  readonly maxWaitingFetches: number;
  readonly maxRequestPartitionSizeLimit: number;

  readonly groupInitialRebalanceDelayMs: number;
  readonly groupMinSessionTimeoutMs: number;
  readonly groupMaxSessionTimeoutMs: number;
  readonly groupMaxSize: number;
  readonly groupMaxGroupsPerPartition: number;
  readonly groupMaxMemberMetadataBytes: number;
  readonly groupMaxPendingMembers: number;
  readonly groupMaxPendingRequests: number;

  readonly offsetMetadataMaxBytes: number;
  readonly offsetsRetentionMs: number;
  readonly offsetsRetentionCheckIntervalMs: number;
  readonly offsetsTopicNumPartitions: number;
  readonly offsetsTopicReplicationFactor: number;
  readonly offsetsTopicSegmentBytes: number;

  /** There is an authorizer: access rules count. */
  readonly authorizerEnabled: boolean;
  /** `User:name`, each. */
  readonly superUsers: ReadonlySet<string>;
  readonly allowEveryoneIfNoAclFound: boolean;

  readonly transactionMaxTimeoutMs: number;
  readonly transactionAbortTimedOutIntervalMs: number;
  readonly transactionalIdExpirationMs: number;
  readonly transactionRemoveExpiredIntervalMs: number;
  readonly transactionTwoPhaseCommitEnable: boolean;
  readonly transactionTopicNumPartitions: number;
  readonly transactionTopicReplicationFactor: number;
  readonly transactionTopicMinIsr: number;
  readonly transactionTopicSegmentBytes: number;
  readonly transactionMaxIdsPerPartition: number;
  readonly transactionMaxPendingRequests: number;
}

export interface SettingsOutcome {
  /** Usable only when there are no problems; where one was found the default stands. */
  readonly settings: BrokerSettings;
  /** Each a sentence that names the setting and what is wrong. */
  readonly problems: readonly string[];
  /** One for each setting that is unknown or that the broker does not act on. */
  readonly warnings: readonly string[];
}

/**
 * @param file the text of a server.properties; empty when there is none
 * @param sets `key=value` each, stronger than the file
 */
export function brokerSettingsFrom(file: string, sets: readonly string[]): SettingsOutcome {
  const properties = parseProperties(file);
  const problems = properties.problems.map((problem) => `The settings file, ${problem}.`);
  const given = new Map(properties.entries.map(({ key, value }) => [key, value]));
  for (const set of sets) {
    const equals = set.indexOf('=');
    if (equals <= 0) {
      problems.push(`--set ${set}: it has the form key=value.`);
    } else {
      given.set(set.slice(0, equals).trim(), set.slice(equals + 1));
    }
  }
  given.delete('');
  return brokerSettingsOf(given, problems);
}

/** The same from settings by name. */
export function brokerSettingsOf(
  given: ReadonlyMap<string, string>,
  earlierProblems: readonly string[] = [],
): SettingsOutcome {
  const problems = [...earlierProblems];
  const warnings: string[] = [];
  const values = new Map<string, SettingValue>();
  for (const [name, text] of given) {
    const definition = BROKER_SETTINGS.get(name);
    if (definition === undefined) {
      warnings.push(`The setting ${name} is not known and has no effect.`);
      continue;
    }
    const parsed = parseSetting(definition, text);
    if ('problem' in parsed) {
      problems.push(parsed.problem);
      continue;
    }
    values.set(name, parsed.value);
    if (!definition.honoured) {
      warnings.push(`The setting ${name} is accepted, but this broker does not act on it.`);
    }
  }
  return { settings: typed(new Values(values, problems), given, problems), problems, warnings };
}

/**
 * The settings as clients have changed them since the start.
 * @param overrides weakest first: the cluster-wide ones (`image.brokerConfigs.get('')`), then those of the broker
 */
export function withDynamicConfigs(
  settings: BrokerSettings,
  ...overrides: readonly (ConfigOverrides | undefined)[]
): BrokerSettings {
  const set = overrides.flatMap((configs) => [...(configs ?? [])]);
  if (set.length === 0) {
    return settings;
  }
  const dynamic = set.filter(([name]) => (BROKER_SETTINGS.get(name)?.dynamic ?? 'read-only') !== 'read-only');
  return { ...brokerSettingsOf(new Map([...settings.given, ...dynamic])).settings, given: settings.given };
}

/** Values by name and type, with the default of each where it was not set. */
class Values {
  readonly #values: ReadonlyMap<string, SettingValue>;
  readonly #problems: string[];

  constructor(values: ReadonlyMap<string, SettingValue>, problems: string[]) {
    this.#values = values;
    this.#problems = problems;
  }

  isSet(name: string): boolean {
    return this.#values.has(name);
  }

  number(name: string): number {
    return this.#value(name) as number;
  }

  boolean(name: string): boolean {
    return this.#value(name) as boolean;
  }

  text(name: string): string | null {
    return this.#value(name) as string | null;
  }

  list(name: string): readonly string[] {
    return (this.#value(name) ?? []) as readonly string[];
  }

  require(condition: boolean, problem: string): void {
    if (!condition) {
      this.#problems.push(problem);
    }
  }

  #value(name: string): SettingValue | null {
    const definition = BROKER_SETTINGS.get(name);
    if (definition === undefined) {
      throw new TypeError(`there is no setting ${name}`);
    }
    const set = this.#values.get(name);
    if (set !== undefined || definition.default === null) {
      return set ?? null;
    }
    const parsed = parseSetting(definition, definition.default);
    return 'problem' in parsed ? null : parsed.value;
  }
}

function typed(values: Values, given: ReadonlyMap<string, string>, problems: string[]): BrokerSettings {
  checkTogether(values);
  return {
    given,
    ...place(values, problems),
    autoCreateTopicsEnable: values.boolean('auto.create.topics.enable'),
    autoLeaderRebalanceEnable: values.boolean('auto.leader.rebalance.enable'),
    deleteTopicEnable: values.boolean('delete.topic.enable'),
    numPartitions: values.number('num.partitions'),
    defaultReplicationFactor: values.number('default.replication.factor'),
    maxPartitions: values.number('moldau.max.partitions'),
    maxPartitionsPerRequest: values.number('moldau.max.partitions.per.request'),
    logRetentionCheckIntervalMs: values.number('log.retention.check.interval.ms'),
    cleaner: {
      enabled: values.boolean('log.cleaner.enable'),
      dedupeBufferBytes: values.number('log.cleaner.dedupe.buffer.size'),
      dedupeLoadFactor: values.number('log.cleaner.io.buffer.load.factor'),
      ioBytesPerSecond: values.number('log.cleaner.io.max.bytes.per.second'),
      backoffMs: values.number('log.cleaner.backoff.ms'),
    },
    producerIdExpirationMs: values.number('producer.id.expiration.ms'),
    transactionPartitionVerification: values.boolean('transaction.partition.verification.enable'),
    producerIdExpirationCheckIntervalMs: values.number('producer.id.expiration.check.interval.ms'),
    metadataSnapshotAfterBytes: values.number('moldau.metadata.snapshot.after.bytes'),
    quotaWindowNum: values.number('quota.window.num'),
    quotaWindowSizeSeconds: values.number('quota.window.size.seconds'),
    controllerQuotaWindowNum: values.number('controller.quota.window.num'),
    controllerQuotaWindowSizeSeconds: values.number('controller.quota.window.size.seconds'),
    maxConnections: values.number('max.connections'),
    maxConnectionsPerIp: values.number('max.connections.per.ip'),
    connectionsMaxIdleMs: values.number('connections.max.idle.ms'),
    socketRequestMaxBytes: values.number('socket.request.max.bytes'),
    telemetryMaxBytes: values.number('telemetry.max.bytes'),
    queuedMaxRequestBytes: queuedBytes(values),
    maxArrayLength: values.number('moldau.max.array.length'),
    fetchMaxBytes: values.number('fetch.max.bytes'),
    maxIncrementalFetchSessionCacheSlots: values.number('max.incremental.fetch.session.cache.slots'),
    maxWaitingFetches: values.number('moldau.max.waiting.fetches'),
    maxRequestPartitionSizeLimit: values.number('max.request.partition.size.limit'),
    groupInitialRebalanceDelayMs: values.number('group.initial.rebalance.delay.ms'),
    groupMinSessionTimeoutMs: values.number('group.min.session.timeout.ms'),
    groupMaxSessionTimeoutMs: values.number('group.max.session.timeout.ms'),
    groupMaxSize: values.number('group.max.size'),
    groupMaxGroupsPerPartition: values.number('moldau.group.max.groups.per.partition'),
    groupMaxMemberMetadataBytes: values.number('moldau.group.max.member.metadata.bytes'),
    groupMaxPendingMembers: values.number('moldau.group.max.pending.members'),
    groupMaxPendingRequests: values.number('moldau.group.max.pending.requests'),
    offsetMetadataMaxBytes: values.number('offset.metadata.max.bytes'),
    offsetsRetentionMs: values.number('offsets.retention.minutes') * 60_000,
    offsetsRetentionCheckIntervalMs: values.number('offsets.retention.check.interval.ms'),
    offsetsTopicNumPartitions: values.number('offsets.topic.num.partitions'),
    offsetsTopicReplicationFactor: values.number('offsets.topic.replication.factor'),
    offsetsTopicSegmentBytes: values.number('offsets.topic.segment.bytes'),
    ...authorization(values),
    ...transactions(values),
  };
}

/** Kafka's own authorizer, by its name of now and by the one from before KRaft. */
const AUTHORIZERS: readonly string[] = [
  'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'kafka.security.authorizer.AclAuthorizer',
];

function authorization(values: Values) {
  const name = values.text('authorizer.class.name') ?? '';
  values.require(
    name === '' || AUTHORIZERS.includes(name),
    `authorizer.class.name ${name}: this broker has the rules of ${AUTHORIZERS[0]}; name that, or leave it empty for no access control.`,
  );
  const superUsers = (values.text('super.users') ?? '')
    .split(';')
    .map((user) => user.trim())
    .filter((user) => user !== '');
  for (const user of superUsers)
    values.require(
      user.includes(':'),
      `super.users: ${user} must have the form User:name, separated by semicolons.`,
    );
  return {
    authorizerEnabled: name !== '',
    superUsers: new Set(superUsers),
    allowEveryoneIfNoAclFound: values.boolean('allow.everyone.if.no.acl.found'),
  };
}

function transactions(values: Values) {
  return {
    transactionMaxTimeoutMs: values.number('transaction.max.timeout.ms'),
    transactionAbortTimedOutIntervalMs: values.number(
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
    ),
    transactionalIdExpirationMs: values.number('transactional.id.expiration.ms'),
    transactionRemoveExpiredIntervalMs: values.number(
      'transaction.remove.expired.transaction.cleanup.interval.ms',
    ),
    transactionTwoPhaseCommitEnable: values.boolean('transaction.two.phase.commit.enable'),
    transactionTopicNumPartitions: values.number('transaction.state.log.num.partitions'),
    transactionTopicReplicationFactor: values.number('transaction.state.log.replication.factor'),
    transactionTopicMinIsr: values.number('transaction.state.log.min.isr'),
    transactionTopicSegmentBytes: values.number('transaction.state.log.segment.bytes'),
    transactionMaxIdsPerPartition: values.number('moldau.transaction.max.ids.per.partition'),
    transactionMaxPendingRequests: values.number('moldau.transaction.max.pending.requests'),
  };
}

/** Who the broker is and where it is. */
function place(
  values: Values,
  problems: string[],
): Pick<BrokerSettings, 'nodeId' | 'brokerRack' | 'listener' | 'advertisedListener' | 'logDir'> {
  const protocols = (values.text('listener.security.protocol.map') ?? '')
    .split(',')
    .map((pair) => pair.trim());
  const controllers = values.list('controller.listener.names');
  const listenerOf = (name: string): ListenerAddress | undefined =>
    values.isSet(name)
      ? clientListener(name, values.list(name), protocols, controllers, problems)
      : undefined;
  const advertised = listenerOf('advertised.listeners');
  values.require(
    advertised?.host !== '' && advertised?.host !== '0.0.0.0',
    'advertised.listeners must name a host that clients can reach.',
  );
  const folders = values.list(values.isSet('log.dirs') ? 'log.dirs' : 'log.dir');
  values.require(
    folders.length === 1,
    `log.dirs names ${folders.length} folders; this broker keeps its data in one.`,
  );
  const byOldName = values.isSet('broker.id') && !values.isSet('node.id');
  return {
    nodeId: values.number(byOldName ? 'broker.id' : 'node.id'),
    brokerRack: values.text('broker.rack'),
    listener: listenerOf('listeners'),
    advertisedListener: advertised,
    logDir: values.isSet('log.dirs') || values.isSet('log.dir') ? folders[0] : undefined,
  };
}

function queuedBytes(values: Values): number {
  const bytes = values.number('queued.max.request.bytes');
  return bytes < 0 ? values.number('moldau.queued.max.request.bytes') : bytes;
}

/** What no single setting shows: Kafka's own checks between settings. */
function checkTogether(values: Values): void {
  const number = (name: string): number => values.number(name);
  if (values.isSet('broker.id') && values.isSet('node.id')) {
    values.require(number('broker.id') === number('node.id'), 'broker.id and node.id must be the same.');
  } else if (values.isSet('broker.id')) {
    values.require(
      number('broker.id') >= 0,
      'Invalid value for configuration broker.id: Value must be at least 0',
    );
  }
  for (const name of ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours']) {
    values.require(number(name) !== 0, `${name} must be unlimited (-1) or, equal or greater than 1`);
  }
  values.require(
    number('log.cleaner.min.compaction.lag.ms') <= number('log.cleaner.max.compaction.lag.ms'),
    `conflict topic config setting log.cleaner.min.compaction.lag.ms (${number('log.cleaner.min.compaction.lag.ms')}) > log.cleaner.max.compaction.lag.ms (${number('log.cleaner.max.compaction.lag.ms')})`,
  );
  values.require(
    number('group.min.session.timeout.ms') <= number('group.max.session.timeout.ms'),
    'group.min.session.timeout.ms must be less than or equal to group.max.session.timeout.ms',
  );
  const queued = number('queued.max.request.bytes');
  values.require(
    queued <= 0 || queued >= number('socket.request.max.bytes'),
    'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  );
  values.require(
    number('max.connections.per.ip') > 0 || values.text('max.connections.per.ip.overrides') !== '',
    'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
  );
  values.require(number('default.replication.factor') >= 1, 'default.replication.factor must be at least 1');
}
