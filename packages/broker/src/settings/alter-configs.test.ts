// Codes and messages as a Kafka 4.3.1 broker gave them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from '../metadata/apply-change.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { alterConfigs, type AlteredOutcome } from './alter-configs.ts';
import { AlterOperation } from './altered-resource.ts';
import { brokerSettingsFrom } from './broker-settings.ts';
import { ConfigResourceType } from './config-resource.ts';

const { settings } = brokerSettingsFrom('', []);
const start = applyChanges(emptyImage(), [
  {
    kind: 'topic-created',
    name: 't',
    id: 'id',
    internal: false,
    partitions: [{ leader: 0, leaderEpoch: 0, replicas: [0], isr: [0] }],
    configs: { 'min.compaction.lag.ms': '100' },
  },
]);

type Kind = keyof typeof ConfigResourceType;
type Operation = keyof typeof AlterOperation;

function alter(
  image: MetadataImage,
  kind: Kind,
  resourceName: string,
  operation: Operation,
  name: string,
  value: string | null,
): { image: MetadataImage; outcome: AlteredOutcome } {
  const resource = {
    resourceType: ConfigResourceType[kind],
    resourceName,
    configs: [{ name, value, configOperation: AlterOperation[operation] }],
  };
  const { changes, answer } = alterConfigs(image, [resource], {
    settings,
    brokerId: 0,
    mode: 'incremental',
    validateOnly: false,
  });
  return { image: applyChanges(image, changes), outcome: answer[0] as AlteredOutcome };
}

describe('IncrementalAlterConfigs', () => {
  const cases: readonly [
    Kind,
    string,
    Operation,
    string,
    string | null,
    keyof typeof ErrorCode,
    string | null,
  ][] = [
    ['TOPIC', 't', 'SET', 'retention.ms', ' 12 ', 'NONE', null],
    ['TOPIC', 't', 'SET', 'nope', '1', 'INVALID_CONFIG', 'Unknown topic config name: nope'],
    ['TOPIC', 't', 'DELETE', 'nope', null, 'NONE', null],
    [
      'TOPIC',
      't',
      'SET',
      'retention.ms',
      null,
      'INVALID_REQUEST',
      'Null value not supported for : retention.ms',
    ],
    [
      'TOPIC',
      't',
      'SET',
      'max.compaction.lag.ms',
      '10',
      'INVALID_CONFIG',
      'conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (10)',
    ],
    [
      'TOPIC',
      't',
      'SET',
      'remote.storage.enable',
      'true',
      'INVALID_CONFIG',
      'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.',
    ],
    [
      'TOPIC',
      't',
      'APPEND',
      'retention.ms',
      '1',
      'INVALID_CONFIG',
      "Can't APPEND to key retention.ms because its type is not LIST.",
    ],
    [
      'TOPIC',
      't',
      'APPEND',
      'nope',
      '1',
      'INVALID_CONFIG',
      "Can't APPEND to key nope because its type is not LIST.",
    ],
    [
      'TOPIC',
      'none',
      'SET',
      'retention.ms',
      '1',
      'UNKNOWN_TOPIC_OR_PARTITION',
      "The topic 'none' does not exist.",
    ],
    ['TOPIC', '', 'SET', 'retention.ms', '1', 'INVALID_REQUEST', 'Default topic resources are not allowed.'],
    [
      'TOPIC',
      'bad name',
      'SET',
      'retention.ms',
      '1',
      'INVALID_TOPIC_EXCEPTION',
      "Topic name is invalid: 'bad name' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [
      'BROKER',
      '0',
      'SET',
      'log.retention.hours',
      '1',
      'INVALID_REQUEST',
      'Cannot update these configs dynamically: [log.retention.hours]',
    ],
    ['BROKER', '0', 'SET', 'nope', '1', 'NONE', null],
    [
      'BROKER',
      '0',
      'SET',
      'log.retention.ms',
      'abc',
      'INVALID_REQUEST',
      'Invalid value abc for configuration log.retention.ms: Not a number of type LONG',
    ],
    [
      'BROKER',
      '1',
      'SET',
      'log.retention.ms',
      '5',
      'INVALID_REQUEST',
      'Unexpected broker id, expected 0, but received 1',
    ],
    [
      'BROKER',
      'x',
      'SET',
      'log.retention.ms',
      '5',
      'INVALID_REQUEST',
      'Node id must be an integer, but it is: x',
    ],
    [
      'BROKER',
      '',
      'SET',
      'ssl.keystore.location',
      '5',
      'INVALID_REQUEST',
      'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]',
    ],
    [
      'BROKER',
      '',
      'SET',
      'principal.builder.class',
      'x.Y',
      'INVALID_REQUEST',
      'Cannot update these configs at default cluster level, broker id must be specified: [principal.builder.class]',
    ],
    // Kafka opens another port; a broker here keeps the one that it was started with, and says so.
    [
      'BROKER',
      '0',
      'SET',
      'listeners',
      'PLAINTEXT://:1',
      'INVALID_REQUEST',
      'Cannot update these configs dynamically: [listeners]',
    ],
    [
      'BROKER',
      '0',
      'APPEND',
      'log.retention.ms',
      '1',
      'INVALID_CONFIG',
      'Config value append is not allowed for config key: log.retention.ms',
    ],
    ['BROKER', '0', 'APPEND', 'nope', '1', 'INVALID_CONFIG', 'Unknown config name: nope'],
    [
      'GROUP',
      'g',
      'SET',
      'consumer.session.timeout.ms',
      '100',
      'INVALID_CONFIG',
      'consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms',
    ],
    [
      'GROUP',
      'g',
      'SET',
      'consumer.heartbeat.interval.ms',
      '100000',
      'INVALID_CONFIG',
      'consumer.heartbeat.interval.ms must be less than or equal to group.consumer.max.heartbeat.interval.ms',
    ],
    ['GROUP', 'g', 'SET', 'consumer.session.timeout.ms', '46000', 'NONE', null],
    ['GROUP', 'g', 'SET', 'nope', '1', 'INVALID_CONFIG', 'Unknown group config name: nope'],
    [
      'GROUP',
      '',
      'SET',
      'consumer.session.timeout.ms',
      '45000',
      'INVALID_REQUEST',
      'Default group resources are not allowed.',
    ],
    [
      'GROUP',
      'g',
      'SET',
      'streams.num.standby.replicas',
      '9',
      'INVALID_CONFIG',
      'streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas',
    ],
    ['CLIENT_METRICS', 'm', 'SET', 'a', '1', 'INVALID_REQUEST', 'Unknown client metrics configuration: a'],
    [
      'CLIENT_METRICS',
      '',
      'SET',
      'interval.ms',
      '100',
      'INVALID_REQUEST',
      "Subscription name can't be empty",
    ],
    ['CLIENT_METRICS', 'm', 'SET', 'interval.ms', '100', 'NONE', null],
    [
      'CLIENT_METRICS',
      'm',
      'SET',
      'interval.ms',
      '99',
      'INVALID_REQUEST',
      'Invalid value 99 for interval.ms, interval must be between 100 and 3600000 (1 hour)',
    ],
    [
      'CLIENT_METRICS',
      'm',
      'SET',
      'interval.ms',
      'x',
      'INVALID_CONFIG',
      'Invalid value x for configuration interval.ms: Not a number of type INT',
    ],
    ['CLIENT_METRICS', 'm', 'SET', 'match', 'client_id=a.*, client_source_port=1', 'NONE', null],
    ...['nope=1', 'client_id', 'client_id=[', 'client_id=a=b'].map(
      (pattern): [Kind, string, Operation, string, string, keyof typeof ErrorCode, string] => [
        'CLIENT_METRICS',
        'm',
        'SET',
        'match',
        pattern,
        'INVALID_CONFIG',
        `Illegal client matching pattern: ${pattern}`,
      ],
    ),
    [
      'CLIENT_METRICS',
      'm',
      'SET',
      'metrics',
      'a,,b',
      'INVALID_CONFIG',
      "Configuration 'metrics' values must not be empty.",
    ],
    [
      'CLIENT_METRICS',
      'm',
      'APPEND',
      'metrics',
      'a',
      'INVALID_CONFIG',
      "Can't APPEND to key metrics because its type is not LIST.",
    ],
    ['BROKER_LOGGER', '0', 'SET', 'root', 'DEBUG', 'INVALID_REQUEST', 'Unknown resource type 8'],
  ];
  for (const [kind, resource, operation, name, value, code, message] of cases) {
    it(`${kind} '${resource}': ${operation} ${name}=${value} -> ${code}`, () => {
      const { image, outcome } = alter(start, kind, resource, operation, name, value);
      assert.deepEqual([outcome.errorCode, outcome.errorMessage], [ErrorCode[code], message]);
      if (code !== 'NONE') {
        assert.equal(image, start);
      }
    });
  }

  it('appends to and takes from what is set, or from the default', () => {
    const steps: readonly [Operation, string, string | undefined][] = [
      ['APPEND', 'compact', 'delete,compact'],
      ['APPEND', 'delete,compact', 'delete,compact'],
      ['SUBTRACT', 'delete', 'compact'],
      ['SUBTRACT', 'compact', ''],
      ['DELETE', '', undefined],
    ];
    let image = start;
    for (const [operation, value, expected] of steps) {
      ({ image } = alter(image, 'TOPIC', 't', operation, 'cleanup.policy', value));
      assert.equal(image.topicConfigs.get('t')?.get('cleanup.policy'), expected);
    }
  });

  it('refuses a resource or a key that comes twice', () => {
    const twice = {
      resourceType: ConfigResourceType.TOPIC,
      resourceName: 't',
      configs: [{ name: 'retention.ms', value: '1' }],
    };
    const context = { settings, brokerId: 0, mode: 'incremental', validateOnly: false } as const;
    assert.deepEqual(
      alterConfigs(start, [twice, twice], context).answer.map(({ errorMessage }) => errorMessage),
      Array(2).fill('Each resource must appear at most once.'),
    );
    const [answer] = alterConfigs(
      start,
      [{ ...twice, configs: [...twice.configs, ...twice.configs] }],
      context,
    ).answer;
    assert.equal(answer?.errorMessage, 'Error due to duplicate config keys');
  });
});

describe('AlterConfigs', () => {
  const replace = (validateOnly: boolean): ReturnType<typeof alterConfigs> =>
    alterConfigs(
      start,
      [
        {
          resourceType: ConfigResourceType.TOPIC,
          resourceName: 't',
          configs: [{ name: 'retention.ms', value: '1' }],
        },
      ],
      { settings, brokerId: 0, mode: 'replace', validateOnly },
    );

  it('replaces all that is set', () => {
    assert.deepEqual(
      applyChanges(start, replace(false).changes).topicConfigs.get('t'),
      new Map([['retention.ms', '1']]),
    );
  });

  it('changes nothing when it only validates', () => {
    assert.deepEqual(replace(true).changes, []);
    assert.equal(replace(true).answer[0]?.errorCode, ErrorCode.NONE);
  });
});
