// Texts, messages and results as Kafka 4.3.1 has them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BROKER_SETTINGS, GROUP_SETTINGS, TOPIC_SETTINGS } from './all-settings.ts';
import { parseSetting } from './setting-value.ts';
import type { SettingDefinition } from './setting.ts';

const definition = (name: string): SettingDefinition =>
  (TOPIC_SETTINGS.get(name) ?? BROKER_SETTINGS.get(name) ?? GROUP_SETTINGS.get(name)) as SettingDefinition;
const all = [...BROKER_SETTINGS.values(), ...TOPIC_SETTINGS.values(), ...GROUP_SETTINGS.values()];

describe('the value of a setting', () => {
  const accepted: readonly [string, string, unknown, string][] = [
    ['retention.ms', ' 12 ', 12, '12'],
    ['retention.ms', '+007', 7, '7'],
    ['flush.messages', '9223372036854775807', Number.MAX_SAFE_INTEGER, '9223372036854775807'],
    ['preallocate', 'TRUE', true, 'true'],
    ['cleanup.policy', ' compact , delete ', ['compact', 'delete'], 'compact,delete'],
    ['cleanup.policy', 'delete,delete', ['delete'], 'delete'],
    ['cleanup.policy', '', [], ''],
    ['compression.gzip.level', '-1', -1, '-1'],
    ['min.cleanable.dirty.ratio', '1', 1, '1.0'],
    ['min.cleanable.dirty.ratio', '1e-4', 0.0001, '1.0E-4'],
    [
      'log.cleaner.io.max.bytes.per.second',
      '1.7976931348623157E308',
      Number.MAX_VALUE,
      '1.7976931348623157E308',
    ],
    ['leader.replication.throttled.replicas', '*', ['*'], '*'],
    ['leader.replication.throttled.replicas', '0:1,1:2', ['0:1', '1:2'], '0:1,1:2'],
    ['group.consumer.migration.policy', 'Upgrade', 'Upgrade', 'Upgrade'],
    ['share.auto.offset.reset', 'by_duration:PT1H', 'by_duration:PT1H', 'by_duration:PT1H'],
  ];
  for (const [name, text, value, shown] of accepted) {
    it(`${name}=${text}`, () =>
      assert.deepEqual(parseSetting(definition(name), text), { value, text: shown }));
  }

  const refused: readonly [string, string, string][] = [
    ['retention.ms', 'abc', 'Invalid value abc for configuration retention.ms: Not a number of type LONG'],
    ['retention.ms', '-2', 'Invalid value -2 for configuration retention.ms: Value must be at least -1'],
    [
      'retention.ms',
      '99999999999999999999',
      'Invalid value 99999999999999999999 for configuration retention.ms: Not a number of type LONG',
    ],
    ['retention.bytes', '', 'Invalid value  for configuration retention.bytes: Not a number of type LONG'],
    [
      'max.message.bytes',
      '2147483648',
      'Invalid value 2147483648 for configuration max.message.bytes: Not a number of type INT',
    ],
    [
      'cleanup.policy',
      'compact,x',
      'Invalid value x for configuration cleanup.policy: String must be one of: compact, delete',
    ],
    ['cleanup.policy', 'compact,,delete', "Configuration 'cleanup.policy' values must not be empty."],
    [
      'compression.type',
      'foo',
      'Invalid value foo for configuration compression.type: String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
    ],
    [
      'compression.gzip.level',
      '0',
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [
      'compression.zstd.level',
      '99',
      'Invalid value 99 for configuration compression.zstd.level: Value must be no more than 22',
    ],
    [
      'preallocate',
      'maybe',
      'Invalid value maybe for configuration preallocate: Expected value to be either true or false',
    ],
    [
      'min.cleanable.dirty.ratio',
      '2',
      'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
    ],
    [
      'min.cleanable.dirty.ratio',
      'x',
      'Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE',
    ],
    [
      'segment.bytes',
      '10',
      'Invalid value 10 for configuration segment.bytes: Value must be at least 1048576',
    ],
    [
      'message.timestamp.type',
      'createtime',
      'Invalid value createtime for configuration message.timestamp.type: String must be one of: CreateTime, LogAppendTime',
    ],
    [
      'leader.replication.throttled.replicas',
      'abc',
      "Invalid value [abc] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...",
    ],
    [
      'share.auto.offset.reset',
      'foo',
      "Invalid value foo for configuration share.auto.offset.reset: Invalid value `foo` for configuration share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.",
    ],
  ];
  for (const [name, text, problem] of refused) {
    it(`${name}=${text} is refused`, () =>
      assert.deepEqual(parseSetting(definition(name), text), { problem }));
  }

  it('is that of the default, for every setting that has one', () => {
    for (const setting of all.filter((each) => each.default !== null)) {
      const parsed = parseSetting(setting, setting.default as string);
      assert.ok('text' in parsed, JSON.stringify(parsed));
      assert.equal(parsed.text, setting.default, setting.name);
    }
  });

  it('is a value or a problem for any text, and the shown text means the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.bigInt().map(String)),
        (setting, text) => {
          const parsed = parseSetting(setting, text);
          if ('text' in parsed) {
            assert.deepEqual(parseSetting(setting, parsed.text), parsed);
          }
        },
      ),
    );
  });
});

describe('the definitions', () => {
  it('are all there', () => {
    assert.equal(TOPIC_SETTINGS.size, 34);
    assert.equal(GROUP_SETTINGS.size, 17);
    const kafkas = [...BROKER_SETTINGS.keys()].filter((name) => !name.startsWith('moldau.'));
    // Two of them are settings of Kafka's authorizer, which its table of broker settings does not have.
    assert.equal(kafkas.length, 360 + 2);
  });

  it('say what each setting does that the broker acts on', () => {
    for (const setting of [...BROKER_SETTINGS.values(), ...TOPIC_SETTINGS.values()].filter(
      ({ honoured }) => honoured,
    )) {
      assert.ok(
        setting.documentation.endsWith('.') ||
          setting.documentation.endsWith('moldau.queued.max.request.bytes.'),
        setting.name,
      );
    }
  });
});
