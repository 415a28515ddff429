// Topics: made, described, grown.
import type { Step } from '../step.ts';
import { NOBODY, topic, compacted, list, create } from './requests.ts';

export const topics: Step[] = [
  {
    name: 'cluster: who is there',
    api: 'DescribeCluster',
    fields: () => ({}),
    keep: (answer, m) => (m.brokerId = list(answer['brokers'])[0]!['brokerId'] as number),
  },
  {
    ...create('three partitions', (m) => ({ name: topic(m), numPartitions: 3 })),
    keep: (answer, m) => (m.topicId = list(answer['topics'])[0]!['topicId'] as Uint8Array),
  },
  create('compacted', (m) => ({
    name: compacted(m),
    configs: [{ name: 'cleanup.policy', value: 'compact' }],
  })),
  create('again', (m) => ({ name: topic(m) })),
  create('name with a slash', () => ({ name: 'a/b' })),
  create('empty name', () => ({ name: '' })),
  create('long name', () => ({ name: 'x'.repeat(250) })),
  create('name of dots', () => ({ name: '..' })),
  create('colliding name', (m) => ({ name: topic(m).concat('.a') })),
  create('colliding name, other', (m) => ({ name: topic(m).concat('_a') })),
  create('no partitions', (m) => ({ name: `${topic(m)}-x`, numPartitions: 0 })),
  create('too many replicas', (m) => ({ name: `${topic(m)}-x`, replicationFactor: 3 })),
  create('no replicas', (m) => ({ name: `${topic(m)}-x`, replicationFactor: 0 })),
  create('unknown setting', (m) => ({ name: `${topic(m)}-x`, configs: [{ name: 'no.such', value: '1' }] })),
  create('bad value', (m) => ({ name: `${topic(m)}-x`, configs: [{ name: 'retention.ms', value: 'x' }] })),
  create('null value', (m) => ({ name: `${topic(m)}-x`, configs: [{ name: 'retention.ms', value: null }] })),
  create('assignment and count', (m) => ({
    name: `${topic(m)}-x`,
    numPartitions: 2,
    assignments: [{ partitionIndex: 0, brokerIds: [1] }],
  })),
  create('assignment to nobody', (m) => ({
    name: `${topic(m)}-x`,
    numPartitions: -1,
    replicationFactor: -1,
    assignments: [{ partitionIndex: 0, brokerIds: [99] }],
  })),
  ...(
    [
      [
        'assigned',
        [
          [0, [0]],
          [1, [0]],
        ],
      ],
      [
        'assigned out of order',
        [
          [1, [0]],
          [0, [0]],
        ],
      ],
      [
        'assignment with a gap',
        [
          [0, [0]],
          [2, [0]],
        ],
      ],
      [
        'assignment twice',
        [
          [0, [0]],
          [0, [0]],
        ],
      ],
      ['assignment of no replicas', [[0, []]]],
      ['assignment to one broker twice', [[0, [0, 0]]]],
      ['assignment below zero', [[-1, [0]]]],
      [
        'assignments of different sizes',
        [
          [0, [0]],
          [1, [0, 99]],
        ],
      ],
    ] as const
  ).map(([name, assigned]) =>
    create(name, (m) => ({
      name: `${topic(m)}-${name.replaceAll(' ', '-')}`,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: assigned.map(([partitionIndex, brokers]) => ({
        partitionIndex,
        brokerIds: brokers.map((id) => (id === 0 ? m.brokerId : id)),
      })),
    })),
  ),
  create('assignment and replication factor', (m) => ({
    name: `${topic(m)}-x`,
    numPartitions: -1,
    replicationFactor: 1,
    assignments: [{ partitionIndex: 0, brokerIds: [m.brokerId] }],
  })),
  create('validate only', (m) => ({ name: `${topic(m)}-x` }), true),
  create('validate only, bad', (m) => ({ name: topic(m) }), true),
  {
    name: 'create: twice in one request',
    api: 'CreateTopics',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [1, 2].map(() => ({
        name: `${topic(m)}-twice`,
        numPartitions: 1,
        replicationFactor: 1,
        assignments: [],
        configs: [],
      })),
    }),
  },
  ...[
    ['fewer', 2],
    ['same', 3],
    ['negative', -1],
    ['more', 4],
  ].map(([name, count]): Step => ({
    name: `partitions: ${name}`,
    api: 'CreatePartitions',
    settleMs: 400,
    fields: (m) => ({ timeoutMs: 5000, topics: [{ name: topic(m), count, assignments: null }] }),
  })),
  {
    name: 'partitions: unknown topic',
    api: 'CreatePartitions',
    fields: () => ({ timeoutMs: 5000, topics: [{ name: 'no-such', count: 4, assignments: null }] }),
  },
  ...(
    [
      ['assigned, too few', [[0]], 6],
      ['assigned, too many', [[0], [0]], 5],
      ['assigned to nobody', [[99]], 5],
      ['assigned to one broker twice', [[0, 0]], 5],
      ['assigned to none', [[]], 5],
      ['assigned', [[0]], 5],
    ] as const
  ).map(([name, assigned, count]): Step => ({
    name: `partitions: ${name}`,
    api: 'CreatePartitions',
    settleMs: 400,
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [
        {
          name: topic(m),
          count,
          assignments: assigned.map((brokers) => ({
            brokerIds: brokers.map((id) => (id === 0 ? m.brokerId : id)),
          })),
        },
      ],
    }),
  })),
  {
    name: 'partitions: validate only',
    api: 'CreatePartitions',
    fields: (m) => ({
      timeoutMs: 5000,
      validateOnly: true,
      topics: [{ name: topic(m), count: 9, assignments: null }],
    }),
  },
  {
    name: 'partitions: twice in one request',
    api: 'CreatePartitions',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [7, 8].map((count) => ({ name: topic(m), count, assignments: null })),
    }),
  },
  {
    name: 'metadata: the topic',
    api: 'Metadata',
    fields: (m) => ({
      topics: [{ name: topic(m) }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: true,
    }),
  },
  {
    name: 'metadata: unknown',
    api: 'Metadata',
    fields: () => ({ topics: [{ name: 'no-such' }], allowAutoTopicCreation: false }),
  },
  {
    name: 'metadata: bad name',
    api: 'Metadata',
    fields: () => ({ topics: [{ name: 'a/b' }], allowAutoTopicCreation: true }),
  },
  {
    name: 'metadata: by id',
    api: 'Metadata',
    fields: (m) => ({ topics: [{ name: null, topicId: m.topicId }], allowAutoTopicCreation: false }),
  },
  {
    name: 'metadata: unknown id',
    api: 'Metadata',
    fields: () => ({ topics: [{ name: null, topicId: NOBODY }], allowAutoTopicCreation: false }),
  },
  {
    name: 'topic partitions',
    api: 'DescribeTopicPartitions',
    fields: (m) => ({
      topics: [{ name: topic(m) }, { name: 'no-such' }],
      responsePartitionLimit: 2,
      cursor: null,
    }),
  },
];
