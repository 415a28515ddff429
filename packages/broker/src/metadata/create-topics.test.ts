// Codes and messages as a Kafka 4.3.1 broker gave them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import fc from 'fast-check';
import { brokerSettingsFrom } from '../settings/broker-settings.ts';
import { applyChanges, emptyImage } from './apply-change.ts';
import { createTopics, type CreatedTopic, type TopicToCreate } from './create-topics.ts';
import type { BrokerImage, MetadataImage } from './image.ts';

const broker = (id: number): BrokerImage => ({ id, host: 'h', port: 9092 + id, rack: null });
const clusterOf = (brokers: number): MetadataImage =>
  applyChanges(emptyImage(), [
    { kind: 'brokers-set', brokers: Array.from({ length: brokers }, (_, id) => broker(id)) },
  ]);

const asked = (name: string, more: Partial<TopicToCreate> = {}): TopicToCreate => ({
  name,
  numPartitions: -1,
  replicationFactor: -1,
  assignments: [],
  configs: [],
  ...more,
});

function create(
  image: MetadataImage,
  topics: readonly TopicToCreate[],
  sets: readonly string[] = [],
  validateOnly = false,
): { image: MetadataImage; answer: readonly CreatedTopic[] } {
  const { settings } = brokerSettingsFrom('', sets);
  const { changes, answer } = createTopics(image, topics, {
    settings,
    random: new SeededRandom(image.version),
    validateOnly,
  });
  return { image: applyChanges(image, changes), answer };
}

describe('CreateTopics', () => {
  it('creates a topic with the default number of partitions, and tells its settings', () => {
    const { image, answer } = create(
      clusterOf(1),
      [asked('t', { configs: [{ name: 'retention.ms', value: '1' }] })],
      ['num.partitions=3'],
    );
    const [created] = answer;
    assert.deepEqual(
      [created?.errorCode, created?.numPartitions, created?.replicationFactor],
      [ErrorCode.NONE, 3, 1],
    );
    assert.equal(created?.topicId, image.topics.get('t')?.id);
    assert.equal(created?.configs?.length, 33);
    assert.deepEqual(created?.configs?.find(({ name }) => name === 'retention.ms')?.value, '1');
    assert.deepEqual(image.topicConfigs.get('t'), new Map([['retention.ms', '1']]));
  });

  it('changes nothing when it only validates', () => {
    const { image, answer } = create(clusterOf(1), [asked('t')], [], true);
    assert.equal(answer[0]?.errorCode, ErrorCode.NONE);
    assert.equal(image.topics.size, 0);
  });

  it('knows the topics of the broker itself', () => {
    assert.equal(
      create(clusterOf(1), [asked('__consumer_offsets')]).image.topics.get('__consumer_offsets')?.internal,
      true,
    );
  });

  const long = 'x'.repeat(250);
  const manual = (...brokerIds: number[]): Partial<TopicToCreate> => ({
    assignments: [{ partitionIndex: 0, brokerIds }],
  });
  const refused: readonly [TopicToCreate, keyof typeof ErrorCode, string][] = [
    [asked('.'), 'INVALID_TOPIC_EXCEPTION', "Topic name is invalid: '.' is not allowed"],
    [asked(''), 'INVALID_TOPIC_EXCEPTION', 'Topic name is invalid: the empty string is not allowed'],
    [
      asked(long),
      'INVALID_TOPIC_EXCEPTION',
      `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`,
    ],
    [
      asked('a b'),
      'INVALID_TOPIC_EXCEPTION',
      "Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ],
    [asked('there_is'), 'INVALID_TOPIC_EXCEPTION', "Topic 'there_is' collides with existing topic: there.is"],
    [asked('there.is'), 'TOPIC_ALREADY_EXISTS', "Topic 'there.is' already exists."],
    [
      asked('t', { numPartitions: 0 }),
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      asked('t', { numPartitions: -2 }),
      'INVALID_PARTITIONS',
      'Number of partitions was set to an invalid non-positive value.',
    ],
    [
      asked('t', { replicationFactor: 0 }),
      'INVALID_REPLICATION_FACTOR',
      'Replication factor must be larger than 0, or -1 to use the default value.',
    ],
    [
      asked('t', { replicationFactor: 2 }),
      'INVALID_REPLICATION_FACTOR',
      'Unable to replicate the partition 2 time(s): The target replication factor of 2 cannot be reached because only 1 broker(s) are registered.',
    ],
    [
      asked('t', manual(0, 0)),
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes the broker 0 more than once.',
    ],
    [
      asked('t', manual(5)),
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes broker 5, but no such broker is registered.',
    ],
    [
      asked('t', manual()),
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes an empty replica list.',
    ],
    [
      asked('t', { assignments: [{ partitionIndex: 1, brokerIds: [0] }] }),
      'INVALID_REPLICA_ASSIGNMENT',
      'partitions should be a consecutive 0-based integer sequence',
    ],
    [
      asked('t', { ...manual(0), numPartitions: 1 }),
      'INVALID_REQUEST',
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    ],
    [
      asked('t', { configs: [{ name: 'nope', value: '1' }] }),
      'INVALID_CONFIG',
      'Unknown topic config name: nope',
    ],
    [
      asked('t', { configs: [{ name: 'retention.ms', value: null }] }),
      'INVALID_CONFIG',
      'Null value not supported for topic configs: retention.ms',
    ],
    [
      asked('t', { configs: [{ name: 'retention.ms', value: 'abc' }] }),
      'INVALID_CONFIG',
      'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    ],
    [
      asked('t', { numPartitions: 20_000 }),
      'POLICY_VIOLATION',
      'Excessively large number of partitions per request. (20000; moldau.max.partitions.per.request is 10000.)',
    ],
    [
      asked('t', { numPartitions: 50 }),
      'POLICY_VIOLATION',
      'The cluster has 1 partition(s); 50 more would exceed moldau.max.partitions, which is 50.',
    ],
  ];
  for (const [topic, code, message] of refused) {
    it(`refuses ${JSON.stringify(topic).slice(0, 150)}`, () => {
      const { image } = create(clusterOf(1), [asked('there.is')]);
      const after = create(image, [topic], ['moldau.max.partitions=50']);
      assert.deepEqual(
        [after.answer[0]?.errorCode, after.answer[0]?.errorMessage],
        [ErrorCode[code], message],
      );
      assert.equal(after.image.topics.size, 1);
    });
  }

  it('creates the good ones of a request beside the bad ones, and none that comes twice or collides with another', () => {
    const { image, answer } = create(clusterOf(1), [
      asked('a'),
      asked('b'),
      asked('b'),
      asked('x.y'),
      asked('x_y'),
    ]);
    assert.deepEqual(
      answer.map(({ errorCode }) => errorCode),
      [0, ErrorCode.INVALID_REQUEST, ErrorCode.INVALID_REQUEST, 0, ErrorCode.INVALID_TOPIC_EXCEPTION],
    );
    assert.deepEqual([...image.topics.keys()], ['a', 'x.y']);
  });

  it('lets every broker lead its share, over many small topics and within a large one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        (brokers, sizes, wanted) => {
          const replicationFactor = Math.min(brokers, wanted);
          let image = clusterOf(brokers);
          for (const [i, numPartitions] of sizes.entries()) {
            ({ image } = create(image, [asked(`t${i}`, { numPartitions, replicationFactor })]));
          }
          const partitions = [...image.topics.values()].flatMap((topic) => topic.partitions);
          const led = [...image.brokers.keys()].map(
            (id) => partitions.filter(({ leader }) => leader === id).length,
          );
          assert.ok(Math.max(...led) - Math.min(...led) <= 1 + sizes.length / 4, led.join());
          for (const { leader, replicas, isr } of partitions) {
            assert.equal(leader, replicas[0]);
            assert.equal(new Set(replicas).size, replicationFactor);
            assert.deepEqual(isr, replicas);
          }
        },
      ),
    );
  });
});
