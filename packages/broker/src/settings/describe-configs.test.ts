import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from '../metadata/apply-change.ts';
import { BROKER_SETTINGS } from './all-settings.ts';
import { brokerSettingsFrom } from './broker-settings.ts';
import { ConfigResourceType } from './config-resource.ts';
import { ConfigSource } from './config-source.ts';
import { describeConfigs, type DescribedConfig, type DescribedResource } from './describe-configs.ts';

/** What Kafka 4.3.1 tells of a topic with retention.ms=1000 and cleanup.policy=compact,delete: name, type, value, source, names of the synonyms. */
// oxfmt-ignore
const OF_KAFKA: readonly (readonly [string, number, string, keyof typeof ConfigSource, readonly string[]])[] = [
  ['cleanup.policy', 7, 'compact,delete', 'DYNAMIC_TOPIC_CONFIG', ['cleanup.policy', 'log.cleanup.policy']],
  ['compression.gzip.level', 3, '-1', 'DEFAULT_CONFIG', ['compression.gzip.level']],
  ['compression.lz4.level', 3, '9', 'DEFAULT_CONFIG', ['compression.lz4.level']],
  ['compression.type', 2, 'producer', 'DEFAULT_CONFIG', ['compression.type']],
  ['compression.zstd.level', 3, '3', 'DEFAULT_CONFIG', ['compression.zstd.level']],
  ['delete.retention.ms', 5, '86400000', 'DEFAULT_CONFIG', ['log.cleaner.delete.retention.ms']],
  ['file.delete.delay.ms', 5, '60000', 'DEFAULT_CONFIG', ['log.segment.delete.delay.ms']],
  ['flush.messages', 5, '9223372036854775807', 'DEFAULT_CONFIG', ['log.flush.interval.messages']],
  ['flush.ms', 5, '9223372036854775807', 'DEFAULT_CONFIG', []],
  ['follower.replication.throttled.replicas', 7, '', 'DEFAULT_CONFIG', []],
  ['index.interval.bytes', 3, '4096', 'DEFAULT_CONFIG', ['log.index.interval.bytes']],
  ['leader.replication.throttled.replicas', 7, '', 'DEFAULT_CONFIG', []],
  ['local.retention.bytes', 5, '-2', 'DEFAULT_CONFIG', ['log.local.retention.bytes']],
  ['local.retention.ms', 5, '-2', 'DEFAULT_CONFIG', ['log.local.retention.ms']],
  ['max.compaction.lag.ms', 5, '9223372036854775807', 'DEFAULT_CONFIG', ['log.cleaner.max.compaction.lag.ms']],
  ['max.message.bytes', 3, '1048588', 'DEFAULT_CONFIG', ['message.max.bytes']],
  ['message.timestamp.after.max.ms', 5, '3600000', 'DEFAULT_CONFIG', ['log.message.timestamp.after.max.ms']],
  ['message.timestamp.before.max.ms', 5, '9223372036854775807', 'DEFAULT_CONFIG', ['log.message.timestamp.before.max.ms']],
  ['message.timestamp.type', 2, 'CreateTime', 'DEFAULT_CONFIG', ['log.message.timestamp.type']],
  ['min.cleanable.dirty.ratio', 6, '0.5', 'DEFAULT_CONFIG', ['log.cleaner.min.cleanable.ratio']],
  ['min.compaction.lag.ms', 5, '0', 'DEFAULT_CONFIG', ['log.cleaner.min.compaction.lag.ms']],
  ['min.insync.replicas', 3, '1', 'DEFAULT_CONFIG', ['min.insync.replicas']],
  ['preallocate', 1, 'false', 'DEFAULT_CONFIG', ['log.preallocate']],
  ['remote.log.copy.disable', 1, 'false', 'DEFAULT_CONFIG', []],
  ['remote.log.delete.on.disable', 1, 'false', 'DEFAULT_CONFIG', []],
  ['remote.storage.enable', 1, 'false', 'DEFAULT_CONFIG', []],
  ['retention.bytes', 5, '-1', 'DEFAULT_CONFIG', ['log.retention.bytes']],
  ['retention.ms', 5, '1000', 'DYNAMIC_TOPIC_CONFIG', ['retention.ms']],
  ['segment.bytes', 3, '1073741824', 'DEFAULT_CONFIG', ['log.segment.bytes']],
  ['segment.index.bytes', 3, '10485760', 'DEFAULT_CONFIG', ['log.index.size.max.bytes']],
  ['segment.jitter.ms', 5, '0', 'DEFAULT_CONFIG', []],
  ['segment.ms', 5, '604800000', 'DEFAULT_CONFIG', []],
  ['unclean.leader.election.enable', 1, 'false', 'DEFAULT_CONFIG', ['unclean.leader.election.enable']],
];

const image = applyChanges(emptyImage(), [
  {
    kind: 'topic-created',
    name: 't',
    id: 'id',
    internal: false,
    partitions: [{ leader: 0, leaderEpoch: 0, replicas: [0], isr: [0] }],
    configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact,delete' },
  },
  { kind: 'configs-changed', resource: 'broker', name: '', configs: { 'message.max.bytes': '5' } },
  { kind: 'configs-changed', resource: 'client-metrics', name: 'm', configs: { metrics: 'a, b' } },
]);

function told(
  kind: keyof typeof ConfigResourceType,
  resourceName: string,
  file = '',
  names: readonly string[] | null = null,
): DescribedResource {
  const { settings } = brokerSettingsFrom(file, []);
  return describeConfigs(
    image,
    { resourceType: ConfigResourceType[kind], resourceName, names },
    { settings, brokerId: 0 },
  );
}

function one(
  kind: keyof typeof ConfigResourceType,
  resource: string,
  name: string,
  file = '',
): DescribedConfig {
  const { configs } = told(kind, resource, file, [name]);
  assert.equal(configs.length, 1);
  return configs[0] as DescribedConfig;
}

describe('DescribeConfigs', () => {
  it('tells of a topic what Kafka tells', () => {
    const { configs } = told('TOPIC', 't');
    const seen = configs
      .filter(({ name }) => name !== 'max.message.bytes')
      .map(({ name, configType, value, configSource, synonyms }) => [
        name,
        configType,
        value,
        configSource,
        synonyms.map((synonym) => synonym.name),
      ]);
    const expected = OF_KAFKA.filter(([name]) => name !== 'max.message.bytes').map(
      ([name, type, value, source, synonyms]) => [name, type, value, ConfigSource[source], synonyms],
    );
    assert.deepEqual(seen, expected);
  });

  it('shows a value that all brokers were given, with what it hides', () => {
    const { value, configSource, synonyms } = one('TOPIC', 't', 'max.message.bytes', 'message.max.bytes=7');
    assert.deepEqual([value, configSource], ['5', ConfigSource.DYNAMIC_DEFAULT_BROKER_CONFIG]);
    assert.deepEqual(
      synonyms.map((synonym) => [synonym.value, synonym.source]),
      [
        ['5', 3],
        ['7', 4],
        ['1048588', 5],
      ],
    );
  });

  it('shows hours that were set at the start in ms, and where they come from', () => {
    const { value, configSource, synonyms } = one('TOPIC', 't', 'segment.ms', 'log.roll.hours=2');
    assert.deepEqual(
      [value, configSource, synonyms],
      ['7200000', ConfigSource.STATIC_BROKER_CONFIG, [{ name: 'log.roll.hours', value: '2', source: 4 }]],
    );
  });

  it('never shows a password, nor a setting it does not know', () => {
    for (const name of ['ssl.key.password', 'my.secret']) {
      const { value, isSensitive, synonyms } = one('BROKER', '0', name, `${name}=geheim`);
      assert.deepEqual(
        [value, isSensitive, synonyms.map((synonym) => synonym.value)],
        [null, true, [null]],
        name,
      );
    }
  });

  it('describes every setting of the broker that was asked, its own id among them', () => {
    const { configs } = told('BROKER', '0');
    assert.equal(
      configs.length,
      [...BROKER_SETTINGS.values()].filter(({ internal }) => internal === undefined).length,
    );
    assert.equal(configs.find(({ name }) => name === 'node.id')?.value, '0');
    assert.deepEqual(
      configs.map(({ name }) => name),
      configs.map(({ name }) => name).sort(),
    );
  });

  it('describes of all brokers only what was set for all', () => {
    assert.deepEqual(
      told('BROKER', '').configs.map(({ name, value, synonyms }) => [name, value, synonyms.length]),
      [['message.max.bytes', '5', 1]],
    );
  });

  it('describes a group that nobody has set anything for', () => {
    const { value, configSource } = one(
      'GROUP',
      'g',
      'consumer.session.timeout.ms',
      'group.consumer.session.timeout.ms=50000',
    );
    assert.deepEqual([value, configSource], ['50000', ConfigSource.STATIC_BROKER_CONFIG]);
  });

  it('says in words what each setting does, or that it does nothing here', () => {
    for (const [kind, name] of [
      ['BROKER', '0'],
      ['TOPIC', 't'],
      ['GROUP', 'g'],
      ['CLIENT_METRICS', 'm'],
    ] as const) {
      const { configs } = told(kind, name);
      assert.deepEqual(
        configs.filter(({ documentation }) => documentation.length < 20).map((config) => config.name),
        [],
      );
    }
    const { documentation } = one('BROKER', '0', 'zookeeper.nothing', 'zookeeper.nothing=1');
    assert.equal(documentation, '');
    assert.match(one('BROKER', '0', 'ssl.protocol').documentation, /without effect on this broker/);
  });

  it('describes the metrics of clients with what was set, and nothing but that as a synonym', () => {
    const { configs } = told('CLIENT_METRICS', 'm');
    assert.deepEqual(
      configs.map(({ name, value, configSource, synonyms }) => [name, value, configSource, synonyms]),
      [
        ['interval.ms', '300000', ConfigSource.DEFAULT_CONFIG, []],
        ['match', '', ConfigSource.DEFAULT_CONFIG, []],
        [
          'metrics',
          'a,b',
          ConfigSource.CLIENT_METRICS_CONFIG,
          [{ name: 'metrics', value: 'a,b', source: ConfigSource.CLIENT_METRICS_CONFIG }],
        ],
      ],
    );
  });

  const refused: readonly [keyof typeof ConfigResourceType, string, keyof typeof ErrorCode, string | null][] =
    [
      ['TOPIC', 'none', 'UNKNOWN_TOPIC_OR_PARTITION', null],
      ['TOPIC', '..', 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '..' is not allowed"],
      ['BROKER', '9', 'INVALID_REQUEST', 'Unexpected broker id, expected 0 or empty string, but received 9'],
      ['BROKER', 'x', 'INVALID_REQUEST', 'Broker id must be an integer, but it is: x'],
      ['GROUP', '', 'INVALID_REQUEST', 'Group name must not be empty'],
      ['BROKER_LOGGER', '1', 'INVALID_REQUEST', 'Unexpected broker id, expected 0 but received 1'],
      ['CLIENT_METRICS', '', 'INVALID_REQUEST', 'Client metrics subscription name must not be empty'],
      ['UNKNOWN', 'x', 'INVALID_REQUEST', 'Unsupported resource type: 0'],
    ];
  for (const [kind, name, code, message] of refused) {
    it(`refuses ${kind} '${name}'`, () => {
      const { errorCode, errorMessage, configs } = told(kind, name);
      assert.deepEqual([errorCode, errorMessage, configs], [ErrorCode[code], message, []]);
    });
  }
});
