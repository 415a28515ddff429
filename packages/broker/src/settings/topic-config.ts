// The settings of one topic, resolved and typed: what partitions, logs and checks of produced records work with.
import type { LogConfig } from '../log/partition-log.ts';
import type { ConfigOverrides, MetadataImage } from '../metadata/image.ts';
import { TOPIC_SETTINGS } from './all-settings.ts';
import type { BrokerSettings } from './broker-settings.ts';
import { ConfigSource, type BrokerConfigLayer } from './config-source.ts';
import { brokerLayers, resolveConfig, type ResolvedConfig } from './resolve-config.ts';
import type { SettingDefinition, SettingValue } from './setting.ts';
import { TOPIC_SYNONYMS } from './topic-synonyms.ts';

export interface TopicConfig {
  /** What the log needs. */
  readonly log: LogConfig;
  readonly maxMessageBytes: number;
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime';
  /** `Number.MAX_SAFE_INTEGER`: no bound. */
  readonly messageTimestampBeforeMaxMs: number;
  /** `Number.MAX_SAFE_INTEGER`: no bound. */
  readonly messageTimestampAfterMaxMs: number;
  readonly minInsyncReplicas: number;
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly compressionGzipLevel: number;
  readonly compressionLz4Level: number;
  readonly compressionZstdLevel: number;
  readonly cleanupPolicy: ReadonlySet<'delete' | 'compact'>;
  readonly uncleanLeaderElectionEnable: boolean;
}

/**
 * The settings of `topic` as they are in `image`; a topic that is not there has those of a new one.
 * @param brokerId whose dynamic settings count; the first broker of the process if it is left out
 */
export function topicConfigOf(
  image: MetadataImage,
  settings: BrokerSettings,
  topic: string,
  brokerId?: number,
): TopicConfig {
  return topicConfigFrom(image.topicConfigs.get(topic), brokerLayers(image, settings, brokerId));
}

export function topicConfigFrom(
  overrides: ConfigOverrides | undefined,
  layers: readonly BrokerConfigLayer[],
): TopicConfig {
  const value = (name: string): SettingValue => {
    const definition = TOPIC_SETTINGS.get(name) as SettingDefinition;
    return (resolveTopicConfig(definition, overrides, layers) as ResolvedConfig).value;
  };
  const number = (name: string): number => value(name) as number;
  const policy = new Set(value('cleanup.policy') as readonly ('delete' | 'compact')[]);
  return {
    log: {
      segmentBytes: segmentBytes(overrides, layers, number('segment.bytes')),
      segmentMs: number('segment.ms'),
      segmentJitterMs: number('segment.jitter.ms'),
      segmentIndexBytes: number('segment.index.bytes'),
      indexIntervalBytes: number('index.interval.bytes'),
      // The broker's own settings may be any negative number for "no limit".
      retentionMs: Math.max(-1, number('retention.ms')),
      retentionBytes: Math.max(-1, number('retention.bytes')),
      fileDeleteDelayMs: number('file.delete.delay.ms'),
      deletes: policy.has('delete'),
      compacts: policy.has('compact'),
      deleteRetentionMs: number('delete.retention.ms'),
      minCompactionLagMs: number('min.compaction.lag.ms'),
      maxCompactionLagMs: number('max.compaction.lag.ms'),
      minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    },
    maxMessageBytes: number('max.message.bytes'),
    messageTimestampType: value('message.timestamp.type') as TopicConfig['messageTimestampType'],
    messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    minInsyncReplicas: number('min.insync.replicas'),
    compressionType: value('compression.type') as TopicConfig['compressionType'],
    compressionGzipLevel: number('compression.gzip.level'),
    compressionLz4Level: number('compression.lz4.level'),
    compressionZstdLevel: number('compression.zstd.level'),
    cleanupPolicy: policy,
    uncleanLeaderElectionEnable: value('unclean.leader.election.enable') as boolean,
  };
}

export function resolveTopicConfig(
  definition: SettingDefinition,
  overrides: ConfigOverrides | undefined,
  layers: readonly BrokerConfigLayer[],
): ResolvedConfig | undefined {
  const own = { configs: overrides, source: ConfigSource.DYNAMIC_TOPIC_CONFIG };
  return resolveConfig(definition, own, TOPIC_SYNONYMS.get(definition.name) ?? [], layers);
}

/** `internal.segment.bytes` is stronger and may be smaller, as in Kafka: tests fill segments quickly with it. */
function segmentBytes(
  overrides: ConfigOverrides | undefined,
  layers: readonly BrokerConfigLayer[],
  usual: number,
): number {
  const internal = resolveTopicConfig(
    TOPIC_SETTINGS.get('internal.segment.bytes') as SettingDefinition,
    overrides,
    layers,
  );
  return internal === undefined ? usual : (internal.value as number);
}
