// The settings of one group (KIP-848, KIP-932, KIP-1071): resolved like a topic's, and held within the bounds that the broker's
// settings draw for all groups.
import type { ConfigOverrides } from '../metadata/image.ts';
import { BROKER_SETTINGS, GROUP_SETTINGS } from './all-settings.ts';
import { ConfigSource, type BrokerConfigLayer } from './config-source.ts';
import { resolveConfig, type ResolvedConfig } from './resolve-config.ts';
import { parseSetting } from './setting-value.ts';
import type { SettingDefinition } from './setting.ts';
import type { Synonym } from './topic-synonyms.ts';

/** The broker's setting that a group's falls back to: `group.` before the name, where there is one. */
export function groupSynonym(name: string): string | undefined {
  return BROKER_SETTINGS.has(`group.${name}`) ? `group.${name}` : undefined;
}

export function resolveGroupConfig(
  definition: SettingDefinition,
  overrides: ConfigOverrides | undefined,
  layers: readonly BrokerConfigLayer[],
): ResolvedConfig | undefined {
  const synonym = groupSynonym(definition.name);
  const synonyms: Synonym[] = synonym === undefined ? [] : [{ name: synonym, factor: 1 }];
  return resolveConfig(
    definition,
    { configs: overrides, source: ConfigSource.GROUP_CONFIG },
    synonyms,
    layers,
  );
}

/** The setting with its lower and its upper bound. */
const BOUNDS: readonly (readonly [name: string, min: string | undefined, max: string | undefined])[] = [
  ...['consumer', 'share', 'streams'].flatMap((kind) =>
    ['session.timeout.ms', 'heartbeat.interval.ms', 'assignment.interval.ms'].map(
      (name) => [`${kind}.${name}`, `group.${kind}.min.${name}`, `group.${kind}.max.${name}`] as const,
    ),
  ),
  ['share.record.lock.duration.ms', undefined, 'group.share.max.record.lock.duration.ms'],
  [
    'share.delivery.count.limit',
    'group.share.min.delivery.count.limit',
    'group.share.max.delivery.count.limit',
  ],
  [
    'share.partition.max.record.locks',
    'group.share.min.partition.max.record.locks',
    'group.share.max.partition.max.record.locks',
  ],
  ['streams.num.standby.replicas', undefined, 'group.streams.max.standby.replicas'],
];

/** Every problem with what is set for a group, in Kafka's words; the first is what Kafka answers (INVALID_CONFIG). */
export function groupConfigProblems(
  configs: ConfigOverrides,
  layers: readonly BrokerConfigLayer[],
): string[] {
  const problems: string[] = [];
  for (const [name, text] of configs) {
    const definition = GROUP_SETTINGS.get(name);
    const parsed =
      definition === undefined
        ? { problem: `Unknown group config name: ${name}` }
        : parseSetting(definition, text);
    if ('problem' in parsed) {
      problems.push(parsed.problem);
    }
  }
  if (problems.length > 0) {
    return problems;
  }
  const value = (name: string): number =>
    resolveGroupConfig(GROUP_SETTINGS.get(name) as SettingDefinition, configs, layers)?.value as number;
  for (const [name, min, max] of BOUNDS.filter(([name]) => configs.has(name))) {
    if (min !== undefined && value(name) < brokerNumber(min, layers)) {
      problems.push(`${name} must be greater than or equal to ${min}`);
    } else if (max !== undefined && value(name) > brokerNumber(max, layers)) {
      problems.push(`${name} must be less than or equal to ${max}`);
    }
  }
  for (const kind of ['consumer', 'share', 'streams']) {
    const [session, heartbeat] = [`${kind}.session.timeout.ms`, `${kind}.heartbeat.interval.ms`];
    if ((configs.has(session) || configs.has(heartbeat)) && value(session) <= value(heartbeat)) {
      problems.push(`${session} must be greater than ${heartbeat}`);
    }
  }
  return problems;
}

function brokerNumber(name: string, layers: readonly BrokerConfigLayer[]): number {
  const definition = BROKER_SETTINGS.get(name) as SettingDefinition;
  const none = { configs: undefined, source: ConfigSource.UNKNOWN };
  return resolveConfig(definition, none, [{ name, factor: 1 }], layers)?.value as number;
}
