// The value of one setting of a topic, a group or a broker, through all that may set it, strongest first:
//
//   the resource's own -> one broker's (dynamic) -> all brokers' (dynamic) -> the start's (static) -> default
//
// Must stay true: a stored text that does not parse (written by another version) is passed over, never an error: what is stored was
// checked when it was accepted.
import type { MetadataImage } from '../metadata/image.ts';
import { BROKER_SETTINGS } from './all-settings.ts';
import type { BrokerSettings } from './broker-settings.ts';
import { ConfigSource, type BrokerConfigLayer } from './config-source.ts';
import { parseSetting, type ParsedSetting } from './setting-value.ts';
import type { SettingDefinition } from './setting.ts';
import type { Synonym } from './topic-synonyms.ts';

export interface ResolvedConfig extends ParsedSetting {
  readonly source: ConfigSource;
}

/** What is set for brokers, strongest first. */
export function brokerLayers(
  image: MetadataImage,
  settings: BrokerSettings,
  brokerId: number = settings.nodeId,
): readonly BrokerConfigLayer[] {
  const none = new Map<string, string>();
  return [
    {
      source: ConfigSource.DYNAMIC_BROKER_CONFIG,
      configs: image.brokerConfigs.get(String(brokerId)) ?? none,
    },
    { source: ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG, configs: image.brokerConfigs.get('') ?? none },
    { source: ConfigSource.STATIC_BROKER_CONFIG, configs: settings.given },
  ];
}

/** The value of `definition` where `own` may set it, or else one of `synonyms` in `layers`; undefined when it has none, not even a default. */
export function resolveConfig(
  definition: SettingDefinition,
  own: { readonly configs: ReadonlyMap<string, string> | undefined; readonly source: ConfigSource },
  synonyms: readonly Synonym[],
  layers: readonly BrokerConfigLayer[],
): ResolvedConfig | undefined {
  const set = parse(definition, own.configs?.get(definition.name));
  if (set !== undefined) {
    return { ...set, source: own.source };
  }
  for (const { source, configs } of layers) {
    for (const synonym of synonyms) {
      const found = parseSynonym(synonym, configs.get(synonym.name));
      if (found !== undefined) {
        return { ...found, source };
      }
    }
  }
  const byDefault = parse(definition, definition.default ?? undefined);
  return byDefault === undefined ? undefined : { ...byDefault, source: ConfigSource.DEFAULT_CONFIG };
}

function parse(definition: SettingDefinition, text: string | undefined): ParsedSetting | undefined {
  if (text === undefined) {
    return undefined;
  }
  const parsed = parseSetting(definition, text);
  return 'problem' in parsed ? undefined : parsed;
}

function parseSynonym({ name, factor }: Synonym, text: string | undefined): ParsedSetting | undefined {
  const definition = BROKER_SETTINGS.get(name);
  const parsed = definition === undefined ? undefined : parse(definition, text);
  if (parsed === undefined || factor === 1) {
    return parsed;
  }
  // A negative number of hours is Kafka's other way of saying "for ever".
  const value = (parsed.value as number) < 0 ? -1 : (parsed.value as number) * factor;
  return { value, text: String(value) };
}
