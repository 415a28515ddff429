// Where the value of a setting comes from, as DescribeConfigs and CreateTopics answer it.

export const ConfigSource = {
  UNKNOWN: 0,
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  DYNAMIC_BROKER_LOGGER_CONFIG: 6,
  CLIENT_METRICS_CONFIG: 7,
  GROUP_CONFIG: 8,
} as const;
export type ConfigSource = (typeof ConfigSource)[keyof typeof ConfigSource];

/** The settings of brokers by strength: each with the source that its values have. */
export interface BrokerConfigLayer {
  readonly source: ConfigSource;
  readonly configs: ReadonlyMap<string, string>;
}
