// DeleteTopics, CreatePartitions and ElectLeaders, with codes and messages as a Kafka 4.3.1 broker gave them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, errorMessage } from '@moldau/protocol/generated/errors.ts';
import { brokerSettingsFrom } from '../settings/broker-settings.ts';
import { addPartitions, type PartitionsToAdd } from './add-partitions.ts';
import { applyChanges, emptyImage } from './apply-change.ts';
import type { MetadataChange } from './change.ts';
import { deleteTopics, type TopicToDelete } from './delete-topics.ts';
import { electLeaders, ElectionType } from './elect-leaders.ts';
import type { PartitionImage } from './image.ts';

const { settings } = brokerSettingsFrom('', []);
const partition = (replicas: number[], leader = replicas[0] as number, isr = replicas): PartitionImage => ({
  leader,
  leaderEpoch: 3,
  replicas,
  isr,
});
const topic = (name: string, internal: boolean, ...partitions: PartitionImage[]): MetadataChange => ({
  kind: 'topic-created',
  name,
  id: `id-of-${name}`,
  internal,
  partitions,
  configs: {},
});

const image = applyChanges(emptyImage(), [
  { kind: 'brokers-set', brokers: [0, 1].map((id) => ({ id, host: 'h', port: id, rack: null })) },
  topic('t', false, partition([0]), partition([1, 0], 0), partition([1, 0], 0, [0])),
  topic('__consumer_offsets', true, partition([0])),
]);

describe('DeleteTopics', () => {
  const cases: readonly [TopicToDelete, keyof typeof ErrorCode, string | null][] = [
    [{ name: 't', topicId: null }, 'NONE', null],
    [{ name: null, topicId: 'id-of-t' }, 'NONE', null],
    [
      { name: 'none', topicId: null },
      'UNKNOWN_TOPIC_OR_PARTITION',
      errorMessage(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ],
    [{ name: null, topicId: 'other' }, 'UNKNOWN_TOPIC_ID', errorMessage(ErrorCode.UNKNOWN_TOPIC_ID)],
    [{ name: null, topicId: null }, 'INVALID_REQUEST', 'Neither topic name nor id were specified.'],
    [
      { name: 't', topicId: 'id-of-t' },
      'INVALID_REQUEST',
      'You may not specify both topic name and topic id.',
    ],
    [
      { name: '__consumer_offsets', topicId: null },
      'INVALID_TOPIC_EXCEPTION',
      "The topic __consumer_offsets is the broker's own and cannot be deleted.",
    ],
  ];
  for (const [asked, code, message] of cases) {
    it(`${JSON.stringify(asked)} -> ${code}`, () => {
      const { changes, answer } = deleteTopics(image, [asked], { settings });
      assert.deepEqual([answer[0]?.errorCode, answer[0]?.errorMessage], [ErrorCode[code], message]);
      assert.equal(applyChanges(image, changes).topics.has('t'), code !== 'NONE');
    });
  }

  it('deletes nothing that is named twice, be it once by name and once by id', () => {
    const { changes, answer } = deleteTopics(
      image,
      [
        { name: 't', topicId: null },
        { name: null, topicId: 'id-of-t' },
      ],
      { settings },
    );
    assert.deepEqual(
      answer.map(({ errorMessage }) => errorMessage),
      ['Duplicate topic name.', 'Duplicate topic id.'],
    );
    assert.deepEqual(changes, []);
  });

  it('can be forbidden', () => {
    const forbidding = brokerSettingsFrom('delete.topic.enable=false', []).settings;
    const { changes, answer } = deleteTopics(image, [{ name: 't', topicId: null }], { settings: forbidding });
    assert.deepEqual([answer[0]?.errorCode, changes], [ErrorCode.TOPIC_DELETION_DISABLED, []]);
  });
});

describe('CreatePartitions', () => {
  const asked = (count: number, assignments: number[][] | null = null, name = 't'): PartitionsToAdd => ({
    name,
    count,
    assignments: assignments?.map((brokerIds) => ({ brokerIds })) ?? null,
  });
  const refused: readonly [PartitionsToAdd, keyof typeof ErrorCode, string][] = [
    [
      asked(1),
      'INVALID_PARTITIONS',
      'The topic t currently has 3 partition(s); 1 would not be an increase. Partitions can only be added: removing one would lose its records.',
    ],
    [
      asked(-1),
      'INVALID_PARTITIONS',
      'The topic t currently has 3 partition(s); -1 would not be an increase. Partitions can only be added: removing one would lose its records.',
    ],
    [asked(3), 'INVALID_PARTITIONS', 'Topic already has 3 partition(s).'],
    [
      asked(5, [[0]]),
      'INVALID_REPLICA_ASSIGNMENT',
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ],
    [
      asked(4, [[7]]),
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes broker 7, but no such broker is registered.',
    ],
    [
      asked(4, [[0, 1]]),
      'INVALID_REPLICA_ASSIGNMENT',
      'The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).',
    ],
    [
      asked(4, null, 'none'),
      'UNKNOWN_TOPIC_OR_PARTITION',
      errorMessage(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
    ],
    [
      asked(4, null, '__consumer_offsets'),
      'INVALID_PARTITIONS',
      'The number of partitions of __consumer_offsets is fixed: what lives in it is spread over them by hash.',
    ],
    [
      asked(20_000),
      'POLICY_VIOLATION',
      'Excessively large number of partitions per request. (19997; moldau.max.partitions.per.request is 10000.)',
    ],
  ];
  for (const [topic, code, message] of refused) {
    it(`refuses ${JSON.stringify(topic)}`, () => {
      const { changes, answer } = addPartitions(image, [topic], { settings, validateOnly: false });
      assert.deepEqual(
        [answer[0]?.errorCode, answer[0]?.errorMessage, changes],
        [ErrorCode[code], message, []],
      );
    });
  }

  it('adds partitions behind those that are there', () => {
    const { changes } = addPartitions(image, [asked(5)], { settings, validateOnly: false });
    const after = applyChanges(image, changes).topics.get('t')?.partitions;
    assert.equal(after?.length, 5);
    assert.deepEqual(after?.slice(0, 3), image.topics.get('t')?.partitions);
    assert.deepEqual(addPartitions(image, [asked(5)], { settings, validateOnly: true }).changes, []);
  });

  it('places them where it is told to', () => {
    const { changes } = addPartitions(image, [asked(5, [[1], [0]])], { settings, validateOnly: false });
    assert.deepEqual(
      applyChanges(image, changes)
        .topics.get('t')
        ?.partitions.slice(3)
        .map(({ leader }) => leader),
      [1, 0],
    );
  });
});

describe('ElectLeaders', () => {
  it('lets the preferred leader lead again, in a new epoch, where it is in sync', () => {
    const { changes, answer } = electLeaders(image, {
      electionType: ElectionType.PREFERRED,
      topicPartitions: [
        { topic: 't', partitions: [0, 1, 2, 9] },
        { topic: 'none', partitions: [0] },
      ],
    });
    assert.deepEqual(
      answer.map(({ partitionResult }) =>
        partitionResult.map(({ partitionId, errorCode, errorMessage }) => [
          partitionId,
          errorCode,
          errorMessage,
        ]),
      ),
      [
        [
          [0, ErrorCode.ELECTION_NOT_NEEDED, errorMessage(ErrorCode.ELECTION_NOT_NEEDED)],
          [1, ErrorCode.NONE, null],
          [
            2,
            ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
            errorMessage(ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE),
          ],
          [9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'No such partition as t-9'],
        ],
        [[0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'No such topic as none']],
      ],
    );
    assert.deepEqual(applyChanges(image, changes).topics.get('t')?.partitions[1], {
      leader: 1,
      leaderEpoch: 4,
      replicas: [1, 0],
      isr: [1, 0],
    });
  });

  it('tells of all partitions only those that needed an election', () => {
    const { answer } = electLeaders(image, { electionType: ElectionType.PREFERRED, topicPartitions: null });
    assert.deepEqual(
      answer.map(({ topic, partitionResult }) => [
        topic,
        partitionResult.map(({ partitionId }) => partitionId),
      ]),
      [
        ['t', [1, 2]],
        ['__consumer_offsets', []],
      ],
    );
  });

  it('elects uncleanly only where nobody leads', () => {
    const leaderless = applyChanges(image, [
      {
        kind: 'partition-changed',
        topic: 't',
        partition: 0,
        state: { leader: -1, leaderEpoch: 4, replicas: [0], isr: [] },
      },
    ]);
    const { changes } = electLeaders(leaderless, {
      electionType: ElectionType.UNCLEAN,
      topicPartitions: [{ topic: 't', partitions: [0, 1] }],
    });
    assert.deepEqual(changes, [
      {
        kind: 'partition-changed',
        topic: 't',
        partition: 0,
        state: { leader: 0, leaderEpoch: 5, replicas: [0], isr: [0] },
      },
    ]);
  });
});
