// Codes and texts as a Kafka 4.3.1 broker gave them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { applyChanges, emptyImage } from './apply-change.ts';
import type { PartitionImage } from './image.ts';
import { reassignPartitions } from './reassign-partitions.ts';
import { unregisterBroker } from './unregister-broker.ts';

const partition = (replicas: number[], leader: number, leaderEpoch = 3): PartitionImage => ({
  leader,
  leaderEpoch,
  replicas,
  isr: replicas,
});
const image = applyChanges(emptyImage(), [
  { kind: 'brokers-set', brokers: [0, 1, 2].map((id) => ({ id, host: 'h', port: id, rack: null })) },
  {
    kind: 'topic-created',
    name: 't',
    id: 'id-of-t',
    internal: false,
    partitions: [partition([0, 1], 0), partition([7, 0], 0), partition([7, 0, 8], 0)],
    configs: {},
  },
]);

const reassign = (
  replicas: number[] | null,
  { topic = 't', index = 0, allowReplicationFactorChange = true } = {},
) =>
  reassignPartitions(image, {
    allowReplicationFactorChange,
    topics: [{ name: topic, partitions: [{ partitionIndex: index, replicas }] }],
  });

describe('AlterPartitionReassignments', () => {
  const moves: readonly [replicas: number[], after: PartitionImage][] = [
    [[0, 1], partition([0, 1], 0)],
    [[1, 0], partition([1, 0], 0)],
    [[0, 1, 2], partition([0, 1, 2], 0)],
    [[2, 0], partition([2, 0], 0, 4)],
    [[0], partition([0], 0, 4)],
    [[1, 2], partition([1, 2], 1, 4)],
    [[2], partition([2], 2, 4)],
  ];
  for (const [replicas, after] of moves) {
    it(`from 0,1 led by 0 to ${replicas.join()}: led by ${after.leader} in epoch ${after.leaderEpoch}`, () => {
      const { changes, answer } = reassign(replicas);
      assert.equal(answer[0]?.partitions[0]?.errorCode, ErrorCode.NONE);
      assert.deepEqual(applyChanges(image, changes).topics.get('t')?.partitions[0], after);
    });
  }

  const assignment = (text: string): string => `The manual partition assignment includes ${text}`;
  const refusals: readonly [Parameters<typeof reassign>, keyof typeof ErrorCode, string | null][] = [
    [[null], 'NO_REASSIGNMENT_IN_PROGRESS', null],
    [[[]], 'INVALID_REPLICA_ASSIGNMENT', assignment('an empty replica list.')],
    [[[3]], 'INVALID_REPLICA_ASSIGNMENT', assignment('broker 3, but no such broker is registered.')],
    [[[-1]], 'INVALID_REPLICA_ASSIGNMENT', assignment('broker -1, but no such broker is registered.')],
    [[[0, 0]], 'INVALID_REPLICA_ASSIGNMENT', assignment('the broker 0 more than once.')],
    [[[0], { index: 9 }], 'UNKNOWN_TOPIC_OR_PARTITION', 'Unable to find partition t:9.'],
    [[null, { topic: 'u' }], 'UNKNOWN_TOPIC_OR_PARTITION', 'Unable to find a topic named u.'],
    [
      [[0, 1, 2], { allowReplicationFactorChange: false }],
      'INVALID_REPLICATION_FACTOR',
      'The replication factor is changed from 2 to 3',
    ],
  ];
  for (const [asked, code, message] of refusals) {
    it(`${JSON.stringify(asked)} -> ${code}`, () => {
      const { changes, answer } = reassign(...asked);
      assert.deepEqual(changes, []);
      const [outcome] = answer[0]?.partitions ?? [];
      assert.deepEqual([outcome?.errorCode, outcome?.errorMessage], [ErrorCode[code], message]);
    });
  }

  it('decides each partition by itself, and one that is named twice in order', () => {
    const { changes, answer } = reassignPartitions(image, {
      allowReplicationFactorChange: false,
      topics: [
        {
          name: 't',
          partitions: [
            { partitionIndex: 0, replicas: [1, 2] },
            { partitionIndex: 5, replicas: [1] },
            { partitionIndex: 0, replicas: [0, 2] },
          ],
        },
        { name: 'u', partitions: [] },
      ],
    });
    assert.deepEqual(
      answer.map(({ name, partitions }) => [name, partitions.map(({ errorCode }) => errorCode)]),
      [
        ['t', [ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.NONE]],
        ['u', []],
      ],
    );
    assert.deepEqual(applyChanges(image, changes).topics.get('t')?.partitions[0], partition([0, 2], 0, 5));
  });
});

describe('UnregisterBroker', () => {
  it('takes a broker that is gone out of all replicas that have another, and forgets its settings', () => {
    const set = applyChanges(image, [
      { kind: 'configs-changed', resource: 'broker', name: '7', configs: { 'log.retention.ms': '1' } },
    ]);
    const { changes, answer } = unregisterBroker(set, 7);
    assert.equal(answer.errorCode, ErrorCode.NONE);
    const after = applyChanges(set, changes);
    assert.deepEqual(after.topics.get('t')?.partitions, [
      partition([0, 1], 0),
      partition([0], 0, 4),
      partition([0, 8], 0, 4),
    ]);
    assert.equal(after.brokerConfigs.has('7'), false);
    assert.equal(unregisterBroker(after, 7).answer.errorCode, ErrorCode.BROKER_ID_NOT_REGISTERED);
  });

  it('refuses a broker that runs, and one that nobody knows', () => {
    assert.equal(unregisterBroker(image, 1).answer.errorCode, ErrorCode.INVALID_REQUEST);
    assert.deepEqual(unregisterBroker(image, 99), {
      changes: [],
      answer: {
        errorCode: ErrorCode.BROKER_ID_NOT_REGISTERED,
        errorMessage: 'Broker ID 99 is not currently registered',
      },
    });
  });
});
