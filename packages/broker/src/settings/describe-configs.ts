// What a client is told about settings: DescribeConfigs for a topic, a broker, all brokers, a group; and a new topic's settings in
// the answer to CreateTopics.
//
// The list of synonyms of a value is everything that could give it, strongest first, with what each is set to. As in Kafka it begins
// with the setting itself under the broker's name; what stands before that is another setting's business.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { ConfigOverrides, MetadataImage } from '../metadata/image.ts';
import { topicNameProblem } from '../metadata/topic-rules.ts';
import { BROKER_SETTINGS, CLIENT_METRICS_SETTINGS, GROUP_SETTINGS, TOPIC_SETTINGS } from './all-settings.ts';
import type { BrokerSettings } from './broker-settings.ts';
import { describeBrokerLogger } from './broker-logger-config.ts';
import { ConfigResourceType, configResourceOf } from './config-resource.ts';
import { ConfigSource, type BrokerConfigLayer } from './config-source.ts';
import { groupSynonym, resolveGroupConfig } from './group-config.ts';
import { refusal, SUCCESS, type Outcome } from './outcome.ts';
import { brokerLayers, resolveConfig, type ResolvedConfig } from './resolve-config.ts';
import { isSensitive, type SettingDefinition, type SettingType } from './setting.ts';
import { resolveTopicConfig } from './topic-config.ts';
import { brokerSynonyms, TOPIC_SYNONYMS } from './topic-synonyms.ts';

const TYPE_CODES: Readonly<Record<SettingType, number>> = {
  BOOLEAN: 1,
  STRING: 2,
  INT: 3,
  SHORT: 4,
  LONG: 5,
  DOUBLE: 6,
  LIST: 7,
  CLASS: 8,
  PASSWORD: 9,
};
const UNKNOWN_TYPE = 0;

/** Of settings that are only accepted. */
const WITHOUT_EFFECT = 'Kept, checked and shown; without effect on this broker.';

export interface DescribedSynonym {
  readonly name: string;
  readonly value: string | null;
  readonly source: ConfigSource;
}

/** One setting, named as in the protocol. */
export interface DescribedConfig {
  readonly name: string;
  /** Null when it has none, and always when it is sensitive. */
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: ConfigSource;
  readonly isSensitive: boolean;
  readonly synonyms: readonly DescribedSynonym[];
  /** The protocol's number of the type; 0 for a setting that is not known. */
  readonly configType: number;
  readonly documentation: string;
}

export interface DescribeContext {
  readonly settings: BrokerSettings;
  /** The broker that was asked: it describes itself and what holds for all. */
  readonly brokerId: number;
  /** Of the logger, in lower case; left out where nobody asks for it. */
  readonly logLevel?: string;
  /** Settings of this broker that follow from flags and ports, e.g. `listeners`, as if they had been set at the start. */
  readonly facts?: ReadonlyMap<string, string>;
}

export interface DescribedResource extends Outcome {
  readonly configs: readonly DescribedConfig[];
}

/** All settings of the resource, or those in `names`, in the order of their names. */
export function describeConfigs(
  image: MetadataImage,
  resource: {
    readonly resourceType: number;
    readonly resourceName: string;
    readonly names: readonly string[] | null;
  },
  context: DescribeContext,
): DescribedResource {
  const { resourceName: name } = resource;
  const layers = layersOf(image, context);
  const wanted = resource.names === null || resource.names.length === 0 ? undefined : new Set(resource.names);
  const found = (configs: readonly DescribedConfig[]): DescribedResource => ({
    ...SUCCESS,
    configs: wanted === undefined ? configs : configs.filter((config) => wanted.has(config.name)),
  });
  if (resource.resourceType === ConfigResourceType.BROKER_LOGGER) {
    const loggers = describeBrokerLogger(name, context.brokerId, context.logLevel ?? '');
    return 'errorCode' in loggers ? { ...loggers, configs: [] } : found(loggers);
  }
  switch (configResourceOf(resource.resourceType)) {
    case 'topic': {
      const illegal = topicNameProblem(name);
      if (illegal !== undefined) {
        return refused(ErrorCode.INVALID_TOPIC_EXCEPTION, illegal);
      }
      return image.topics.has(name)
        ? found(describeTopic(image.topicConfigs.get(name), layers))
        : refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, null);
    }
    case 'group':
      return name === ''
        ? refused(ErrorCode.INVALID_REQUEST, 'Group name must not be empty')
        : found(describeGroup(image.groupConfigs.get(name), layers));
    case 'client-metrics':
      return name === ''
        ? refused(ErrorCode.INVALID_REQUEST, 'Client metrics subscription name must not be empty')
        : found(describeClientMetrics(image.clientMetricsConfigs.get(name)));
    case 'broker':
      if (name === '') {
        return found(describeAllBrokers(image.brokerConfigs.get('')));
      }
      if (!/^[+-]?\d+$/.test(name)) {
        return refused(ErrorCode.INVALID_REQUEST, `Broker id must be an integer, but it is: ${name}`);
      }
      if (Number(name) !== context.brokerId) {
        return refused(
          ErrorCode.INVALID_REQUEST,
          `Unexpected broker id, expected ${context.brokerId} or empty string, but received ${name}`,
        );
      }
      return found(describeBroker(layers));
    default:
      return refused(ErrorCode.INVALID_REQUEST, `Unsupported resource type: ${resource.resourceType}`);
  }
}

/** A topic with these overrides, whether it is there yet or not. */
export function describeTopic(
  overrides: ConfigOverrides | undefined,
  layers: readonly BrokerConfigLayer[],
): DescribedConfig[] {
  return shown(TOPIC_SETTINGS.values(), overrides).map((definition) => {
    const resolved = resolveTopicConfig(definition, overrides, layers);
    const own: DescribedSynonym[] = ownSynonym(definition, overrides, ConfigSource.DYNAMIC_TOPIC_CONFIG);
    return describe(definition, resolved, [...own, ...topicSynonyms(definition.name, layers)], false);
  });
}

function describeGroup(
  overrides: ConfigOverrides | undefined,
  layers: readonly BrokerConfigLayer[],
): DescribedConfig[] {
  return shown(GROUP_SETTINGS.values(), overrides).map((definition) => {
    const synonym = groupSynonym(definition.name);
    const own = ownSynonym(definition, overrides, ConfigSource.GROUP_CONFIG);
    const others =
      synonym === undefined
        ? [{ name: definition.name, value: definition.default, source: ConfigSource.DEFAULT_CONFIG }]
        : synonymsOf(synonym, layers);
    return describe(
      definition,
      resolveGroupConfig(definition, overrides, layers),
      [...own, ...others],
      false,
    );
  });
}

/** Nothing but the subscription itself can set them, so that is the only synonym. */
function describeClientMetrics(overrides: ConfigOverrides | undefined): DescribedConfig[] {
  return [...CLIENT_METRICS_SETTINGS.values()].map((definition) => {
    const own = { configs: overrides, source: ConfigSource.CLIENT_METRICS_CONFIG };
    const resolved = resolveConfig(definition, own, [], []);
    const set = resolved?.source === own.source;
    const synonyms = set ? [{ name: definition.name, value: resolved.text, source: own.source }] : [];
    return describe(definition, resolved, synonyms, false);
  });
}

function describeBroker(layers: readonly BrokerConfigLayer[]): DescribedConfig[] {
  const set = new Map(layers.toReversed().flatMap(({ configs }) => [...configs]));
  const known = shown(BROKER_SETTINGS.values(), set).map((definition) => {
    const none = { configs: undefined, source: ConfigSource.UNKNOWN };
    const resolved = resolveConfig(definition, none, [{ name: definition.name, factor: 1 }], layers);
    return describe(
      definition,
      resolved,
      synonymsOf(definition.name, layers),
      definition.dynamic === 'read-only',
    );
  });
  const unknown = [...set.keys()]
    .filter((name) => !BROKER_SETTINGS.has(name))
    .map((name) => describeUnknown(name, synonymsOf(name, layers)));
  return [...known, ...unknown].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Only what was set for all brokers. */
function describeAllBrokers(overrides: ConfigOverrides | undefined): DescribedConfig[] {
  const layers: BrokerConfigLayer[] = [
    { source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG, configs: overrides ?? new Map() },
  ];
  return describeBroker(layers)
    .filter(({ name }) => overrides?.has(name))
    .map((config) => ({
      ...config,
      synonyms: config.synonyms.filter(({ source }) => source === ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG),
    }));
}

function describe(
  definition: SettingDefinition,
  resolved: ResolvedConfig | undefined,
  synonyms: readonly DescribedSynonym[],
  readOnly: boolean,
): DescribedConfig {
  const sensitive = isSensitive(definition);
  return {
    name: definition.name,
    value: sensitive ? null : (resolved?.text ?? null),
    readOnly,
    configSource: resolved?.source ?? ConfigSource.DEFAULT_CONFIG,
    isSensitive: sensitive,
    synonyms: sensitive ? synonyms.map((synonym) => ({ ...synonym, value: null })) : synonyms,
    configType: TYPE_CODES[definition.type],
    documentation: documentationOf(definition),
  };
}

function documentationOf({ documentation, honoured }: SettingDefinition): string {
  return honoured ? documentation : `${documentation} ${WITHOUT_EFFECT}`.trimStart();
}

/** A setting of whoever knows what: it may be a secret, so its value is not shown. */
function describeUnknown(name: string, synonyms: readonly DescribedSynonym[]): DescribedConfig {
  return {
    name,
    value: null,
    readOnly: true,
    configSource: synonyms[0]?.source ?? ConfigSource.DEFAULT_CONFIG,
    isSensitive: true,
    synonyms: synonyms.map((synonym) => ({ ...synonym, value: null })),
    configType: UNKNOWN_TYPE,
    documentation: '',
  };
}

function ownSynonym(
  { name }: SettingDefinition,
  overrides: ConfigOverrides | undefined,
  source: ConfigSource,
): DescribedSynonym[] {
  const value = overrides?.get(name);
  return value === undefined ? [] : [{ name, value, source }];
}

/**
 * The synonyms of a topic's setting. Kafka tells of none when only `log.retention.hours` and its like are set; here what was set is told, so
 * that nobody has to guess where a value comes from.
 */
function topicSynonyms(topicSetting: string, layers: readonly BrokerConfigLayer[]): DescribedSynonym[] {
  const [first] = TOPIC_SYNONYMS.get(topicSetting) ?? [];
  if (first === undefined) {
    return [];
  }
  const listed = synonymsOf(first.name, layers);
  return listed.length > 0 ? listed : setSynonyms(brokerSynonyms(first.name), layers);
}

function synonymsOf(name: string, layers: readonly BrokerConfigLayer[]): DescribedSynonym[] {
  const names = brokerSynonyms(name);
  const defaults = names.flatMap((synonym) => {
    const value = BROKER_SETTINGS.get(synonym)?.default ?? null;
    return value === null ? [] : [{ name: synonym, value, source: ConfigSource.DEFAULT_CONFIG }];
  });
  const all = [...setSynonyms(names, layers), ...defaults];
  const from = all.findIndex((synonym) => synonym.name === name);
  return from < 0 ? [] : all.slice(from);
}

function setSynonyms(names: readonly string[], layers: readonly BrokerConfigLayer[]): DescribedSynonym[] {
  return layers.flatMap(({ source, configs }) =>
    names.flatMap((name) => {
      const value = configs.get(name);
      return value === undefined ? [] : [{ name, value, source }];
    }),
  );
}

function shown(
  definitions: Iterable<SettingDefinition>,
  set: ConfigOverrides | undefined,
): SettingDefinition[] {
  return [...definitions].filter(({ name, internal }) => internal === undefined || set?.has(name) === true);
}

function layersOf(
  image: MetadataImage,
  { settings, brokerId, facts }: DescribeContext,
): readonly BrokerConfigLayer[] {
  const given = new Map([
    ...settings.given,
    ['node.id', String(brokerId)],
    ['broker.id', String(brokerId)],
    ...(facts ?? []),
  ] as [string, string][]);
  return brokerLayers(image, { ...settings, given }, brokerId);
}

function refused(errorCode: ErrorCode, errorMessage: string | null): DescribedResource {
  return { ...refusal(errorCode, errorMessage), configs: [] };
}
