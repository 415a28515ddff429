// The requests, in order. Each server gets the same; what a later one needs of an earlier answer (an id) it takes from its own server's.
import { BATCH_CRC_AT } from '@moldau/protocol/records/batch-header.ts';
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';
import type { StructValue } from '../../packages/protocol/gen/interpreter.ts';
import { QUOTA_STEPS } from './quota-steps.ts';
import type { Memory, Step } from './step.ts';

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;
/** The last versions in which topics are named. */
const PRODUCE_BY_NAME = 12;
const FETCH_BY_NAME = 12;
const OFFSETS_BY_NAME = 9;
/** The last that is stable (KIP-939). */
const INIT_PRODUCER_ID = 5;
const NOBODY = new Uint8Array(16).fill(7);

const topic = (m: Memory): string => `oracle-${m.run}`;
const compacted = (m: Memory): string => `oracle-compacted-${m.run}`;
const group = (m: Memory): string => `oracle-group-${m.run}`;
const list = (value: unknown): StructValue[] => value as StructValue[];

/** A moment that both servers accept. */
const NOW = Date.now();

function batch(
  values: readonly string[],
  options: BatchOptions & { time?: number; key?: string } = {},
): Uint8Array {
  const key = options.key === undefined ? null : Buffer.from(options.key);
  return buildBatch({
    ...options,
    records: values.map((value, i) => ({
      timestamp: (options.time ?? NOW) + i,
      key,
      value: Buffer.from(value),
    })),
  });
}

function damaged(at: (bytes: Uint8Array) => number): Uint8Array {
  const bytes = batch(['damaged']);
  bytes[at(bytes)]! ^= 1;
  return bytes;
}

function create(name: string, topicOf: (m: Memory) => Record<string, unknown>, validateOnly = false): Step {
  return {
    name: `create: ${name}`,
    api: 'CreateTopics',
    settleMs: 400,
    fields: (m) => ({
      timeoutMs: 5000,
      validateOnly,
      topics: [{ numPartitions: 1, replicationFactor: 1, assignments: [], configs: [], ...topicOf(m) }],
    }),
  };
}

function produce(
  name: string,
  records: (m: Memory) => Uint8Array | null,
  options: { index?: number; acks?: number; topic?: (m: Memory) => string; transactionalId?: string } = {},
): Step {
  return {
    name: `produce: ${name}`,
    api: 'Produce',
    version: PRODUCE_BY_NAME,
    fields: (m) => ({
      acks: options.acks ?? -1,
      timeoutMs: 5000,
      transactionalId: options.transactionalId ?? null,
      topicData: [
        {
          name: (options.topic ?? topic)(m),
          partitionData: [{ index: options.index ?? 0, records: records(m) }],
        },
      ],
    }),
  };
}

function fetch(
  name: string,
  partition: Record<string, unknown>,
  request: Record<string, unknown> = {},
  topicOf: (m: Memory) => string = topic,
): Step {
  return {
    name: `fetch: ${name}`,
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({
      maxWaitMs: 100,
      minBytes: 1,
      maxBytes: 1_000_000,
      sessionEpoch: -1,
      topics: [
        {
          topic: topicOf(m),
          partitions: [{ partition: 0, partitionMaxBytes: 1_000_000, currentLeaderEpoch: -1, ...partition }],
        },
      ],
      ...request,
    }),
  };
}

function listOffsets(
  name: string,
  timestamp: number,
  partition: Record<string, unknown> = {},
  version?: number,
  topicOf: (m: Memory) => string = topic,
): Step {
  return {
    name: `list offsets: ${name}`,
    api: 'ListOffsets',
    ...(version === undefined ? {} : { version }),
    fields: (m) => ({
      replicaId: -1,
      topics: [{ name: topicOf(m), partitions: [{ partitionIndex: 0, timestamp, ...partition }] }],
    }),
  };
}

function alter(
  name: string,
  configs: Record<string, unknown>[],
  resource: (m: Memory) => Record<string, unknown> = (m) => ({ resourceType: TOPIC, resourceName: topic(m) }),
  validateOnly = false,
): Step {
  return {
    name: `alter configs: ${name}`,
    api: 'IncrementalAlterConfigs',
    settleMs: 300,
    fields: (m) => ({ validateOnly, resources: [{ ...resource(m), configs }] }),
  };
}

function join(
  name: string,
  fields: Record<string, unknown>,
  memberId: (m: Memory) => string = (m) => m.memberId,
  keep = false,
): Step {
  return {
    name: `join: ${name}`,
    api: 'JoinGroup',
    fields: (m) => ({
      groupId: group(m),
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: memberId(m),
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]) }],
      ...fields,
    }),
    keep: (answer, m) => {
      if (!keep) return;
      m.memberId = answer['memberId'] as string;
      m.generationId = answer['generationId'] as number;
    },
  };
}

function member(
  name: string,
  api: string,
  fields: (m: Memory) => Record<string, unknown>,
  version?: number,
): Step {
  return {
    name,
    api,
    ...(version === undefined ? {} : { version }),
    fields: (m) => ({ groupId: group(m), ...fields(m) }),
  };
}

function commit(
  name: string,
  fields: (m: Memory) => Record<string, unknown>,
  partition: Record<string, unknown> = {},
  topicOf: (m: Memory) => string = topic,
): Step {
  return member(
    `commit: ${name}`,
    'OffsetCommit',
    (m) => ({
      generationIdOrMemberEpoch: m.generationId,
      memberId: m.memberId,
      topics: [
        {
          name: topicOf(m),
          partitions: [{ partitionIndex: 0, committedOffset: 2, committedMetadata: 'note', ...partition }],
        },
      ],
      ...fields(m),
    }),
    OFFSETS_BY_NAME,
  );
}

const topics: Step[] = [
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

const configs: Step[] = [
  alter('set', [{ name: 'retention.ms', configOperation: 0, value: '86400000' }]),
  alter('set, unknown', [{ name: 'no.such', configOperation: 0, value: '1' }]),
  alter('set, bad value', [{ name: 'retention.ms', configOperation: 0, value: 'x' }]),
  alter('append to no list', [{ name: 'retention.ms', configOperation: 2, value: '1' }]),
  alter('unknown operation', [{ name: 'retention.ms', configOperation: 9, value: '1' }]),
  alter('twice the same', [
    { name: 'retention.ms', configOperation: 0, value: '1' },
    { name: 'retention.ms', configOperation: 0, value: '2' },
  ]),
  alter('set null', [{ name: 'retention.ms', configOperation: 0, value: null }]),
  alter('unknown topic', [{ name: 'retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: TOPIC,
    resourceName: 'no-such',
  })),
  alter('unknown broker', [{ name: 'log.retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: BROKER,
    resourceName: '99',
  })),
  alter('broker name no number', [{ name: 'log.retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: BROKER,
    resourceName: 'x',
  })),
  alter('unknown kind', [{ name: 'retention.ms', configOperation: 0, value: '1' }], () => ({
    resourceType: 77,
    resourceName: 'x',
  })),
  alter('group', [{ name: 'consumer.session.timeout.ms', configOperation: 0, value: '50000' }], (m) => ({
    resourceType: GROUP,
    resourceName: group(m),
  })),
  alter('validate only', [{ name: 'retention.ms', configOperation: 0, value: '5' }], undefined, true),
  {
    name: 'configs: one of the topic',
    api: 'DescribeConfigs',
    fields: (m) => ({
      resources: [
        { resourceType: TOPIC, resourceName: topic(m), configurationKeys: ['retention.ms', 'no.such'] },
      ],
      includeSynonyms: true,
    }),
  },
  {
    name: 'configs: all of the topic',
    api: 'DescribeConfigs',
    fields: (m) => ({
      resources: [{ resourceType: TOPIC, resourceName: topic(m), configurationKeys: null }],
    }),
  },
  {
    name: 'configs: unknown topic',
    api: 'DescribeConfigs',
    fields: () => ({
      resources: [{ resourceType: TOPIC, resourceName: 'no-such', configurationKeys: null }],
    }),
  },
  {
    name: 'configs: unknown kind',
    api: 'DescribeConfigs',
    fields: () => ({ resources: [{ resourceType: 77, resourceName: 'x', configurationKeys: null }] }),
  },
  { name: 'config resources', api: 'ListConfigResources', fields: () => ({ resourceTypes: [99] }) },
];

const SEQUENCED = (m: Memory, values: string[], baseSequence: number, producerEpoch = 0) =>
  batch(values, { producerId: m.producerId, producerEpoch, baseSequence });
const producing: Step[] = [
  produce('three records', () => batch(['a', 'b', 'c'])),
  produce('acks 1', () => batch(['d']), { acks: 1 }),
  produce('gzip', () => batch(['e', 'f'], { codec: 'gzip', time: NOW + 100 })),
  produce('acks 5', () => batch(['x']), { acks: 5 }),
  produce('null', () => null),
  produce('empty', () => new Uint8Array(0)),
  produce('damaged value', () => damaged((bytes) => bytes.length - 1)),
  produce('damaged CRC', () => damaged(() => BATCH_CRC_AT)),
  produce('unknown magic', () => damaged(() => 16)),
  produce('half', () => batch(['half']).subarray(0, 40)),
  produce('two batches', () => Buffer.concat([batch(['1']), batch(['2'])])),
  produce('too large', () => batch(['x'.repeat(1_100_000)])),
  produce('control batch', () => batch(['x'], { control: true })),
  produce('two days in the future', () => batch(['x'], { time: NOW + 172_800_000 })),
  produce('no record', () => batch([])),
  produce('base offset of its own', () => batch(['g'], { baseOffset: 0, lastOffset: 0 })),
  produce('offset deltas with gaps', () => batch(['x'], { lastOffset: 5 })),
  produce('unknown topic', () => batch(['x']), { topic: () => 'no-such' }),
  produce('unknown partition', () => batch(['x']), { index: 44 }),
  produce('compacted, no key', () => batch(['x']), { topic: compacted }),
  produce('compacted, key', () => batch(['x'], { key: 'k' }), { topic: compacted }),
  produce('LogAppendTime set by the client', (m) => batch(['x'], { logAppendTime: NOW, key: m.run }), {
    topic: compacted,
  }),
  {
    name: 'produce: unknown id',
    api: 'Produce',
    version: 13,
    fields: () => ({
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ topicId: NOBODY, partitionData: [{ index: 0, records: batch(['x']) }] }],
    }),
  },
  {
    name: 'producer id',
    api: 'InitProducerId',
    version: INIT_PRODUCER_ID,
    fields: () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
    keep: (answer, m) => (m.producerId = answer['producerId'] as number),
  },
  {
    name: 'producer id: empty transactional id',
    api: 'InitProducerId',
    version: INIT_PRODUCER_ID,
    fields: () => ({ transactionalId: '', transactionTimeoutMs: 1000 }),
  },
  produce('sequence 0', (m) => SEQUENCED(m, ['s0', 's1'], 0), { index: 1 }),
  produce('sequence 0 again', (m) => SEQUENCED(m, ['s0', 's1'], 0), { index: 1 }),
  produce('sequence with a gap', (m) => SEQUENCED(m, ['s4'], 4), { index: 1 }),
  produce('sequence 2', (m) => SEQUENCED(m, ['s2'], 2), { index: 1 }),
  produce('a repetition of another size', (m) => SEQUENCED(m, ['s0'], 0), { index: 1 }),
  produce('new epoch not from 0', (m) => SEQUENCED(m, ['x'], 3, 1), { index: 1 }),
  produce('new epoch from 0', (m) => SEQUENCED(m, ['t0'], 0, 1), { index: 1 }),
  produce('old epoch', (m) => SEQUENCED(m, ['x'], 3, 0), { index: 1 }),
  produce(
    'unknown producer not from 0',
    () => batch(['u7'], { producerId: 987_654, producerEpoch: 0, baseSequence: 7 }),
    { index: 2 },
  ),
  {
    name: 'producers',
    api: 'DescribeProducers',
    fields: (m) => ({ topics: [{ name: topic(m), partitionIndexes: [1, 44] }] }),
  },
];

const reading: Step[] = [
  fetch('from the start', { fetchOffset: 0 }),
  fetch('middle of a batch', { fetchOffset: 1 }),
  fetch('one byte', { fetchOffset: 0, partitionMaxBytes: 1 }),
  fetch('no byte', { fetchOffset: 0, partitionMaxBytes: 0 }, { maxBytes: 0 }),
  fetch('at the end', { fetchOffset: 7 }),
  fetch('beyond the end', { fetchOffset: 99 }),
  fetch('below the start', { fetchOffset: -1 }),
  fetch('read committed', { fetchOffset: 0 }, { isolationLevel: 1 }),
  fetch('unknown topic', { fetchOffset: 0 }, {}, () => 'no-such'),
  fetch('unknown partition', { fetchOffset: 0, partition: 44 }),
  fetch('later leader epoch', { fetchOffset: 0, currentLeaderEpoch: 9 }),
  fetch('last epoch that never was', { fetchOffset: 0, lastFetchedEpoch: 9 }),
  fetch('session that never was', { fetchOffset: 0 }, { sessionId: 12_345, sessionEpoch: 5 }),
  {
    ...fetch('new session', { fetchOffset: 7 }, { sessionEpoch: 0 }),
    keep: (answer, m) => (m.sessionId = answer['sessionId'] as number),
  },
  {
    name: 'fetch: session, nothing new',
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({ maxWaitMs: 50, minBytes: 1, maxBytes: 1000, sessionId: m.sessionId, sessionEpoch: 1 }),
  },
  {
    name: 'fetch: session, wrong epoch',
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({ maxWaitMs: 50, minBytes: 1, maxBytes: 1000, sessionId: m.sessionId, sessionEpoch: 7 }),
  },
  {
    name: 'fetch: unknown id',
    api: 'Fetch',
    fields: () => ({
      maxWaitMs: 50,
      minBytes: 1,
      maxBytes: 1000,
      sessionEpoch: -1,
      topics: [{ topicId: NOBODY, partitions: [{ partition: 0, partitionMaxBytes: 100 }] }],
    }),
  },
  {
    name: 'fetch: by id',
    api: 'Fetch',
    fields: (m) => ({
      maxWaitMs: 50,
      minBytes: 1,
      maxBytes: 10_000,
      sessionEpoch: -1,
      topics: [{ topicId: m.topicId, partitions: [{ partition: 0, partitionMaxBytes: 10_000 }] }],
    }),
  },
  ...(
    [
      ['latest', -1],
      ['earliest', -2],
      ['max timestamp', -3],
      ['earliest local', -4],
      ['latest tiered', -5],
      ['earliest pending upload', -6],
      ['undefined value', -9],
      ['zero', 0],
      ['now', NOW],
      ['within a batch', NOW + 1],
      ['future', NOW + 1e9],
    ] as const
  ).map(([name, time]) => listOffsets(name, time)),
  listOffsets('max timestamp, too old a version', -3, {}, 6),
  listOffsets('unknown topic', -1, {}, undefined, () => 'no-such'),
  listOffsets('unknown partition', -1, { partitionIndex: 44 }),
  listOffsets('later leader epoch', -1, { currentLeaderEpoch: 9 }),
  listOffsets('empty partition, latest', -1, { partitionIndex: 3 }),
  listOffsets('empty partition, max timestamp', -3, { partitionIndex: 3 }),
  ...(
    [
      ['current', 0, -1],
      ['later', 9, -1],
      ['undefined', -1, -1],
      ['fenced', 0, 9],
    ] as const
  ).map(([name, leaderEpoch, currentLeaderEpoch]): Step => ({
    name: `leader epoch: ${name}`,
    api: 'OffsetForLeaderEpoch',
    fields: (m) => ({
      replicaId: -1,
      topics: [{ topic: topic(m), partitions: [{ partition: 0, leaderEpoch, currentLeaderEpoch }] }],
    }),
  })),
  ...(
    [
      ['to 2', 2],
      ['back to 1', 1],
      ['beyond', 999],
      ['negative', -5],
    ] as const
  ).map(([name, offset]): Step => ({
    name: `delete records: ${name}`,
    api: 'DeleteRecords',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [{ name: topic(m), partitions: [{ partitionIndex: 0, offset }] }],
    }),
  })),
  {
    name: 'delete records: compacted',
    api: 'DeleteRecords',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [{ name: compacted(m), partitions: [{ partitionIndex: 0, offset: 0 }] }],
    }),
  },
  fetch('below the new start', { fetchOffset: 1 }),
  fetch('at the new start, within a batch', { fetchOffset: 2 }),
  listOffsets('earliest, after deletion', -2),
];

const groups: Step[] = [
  {
    name: 'coordinator',
    api: 'FindCoordinator',
    settleMs: 3000,
    fields: (m) => ({ keyType: 0, coordinatorKeys: [group(m)] }),
  },
  produce('internal topic', () => batch(['x'], { key: 'k' }), { topic: () => '__consumer_offsets' }),
  {
    name: 'coordinator: again',
    api: 'FindCoordinator',
    fields: (m) => ({ keyType: 0, coordinatorKeys: [group(m)] }),
  },
  {
    name: 'coordinator: unknown kind',
    api: 'FindCoordinator',
    fields: () => ({ keyType: 9, coordinatorKeys: ['x'] }),
  },
  member('heartbeat: no group', 'Heartbeat', () => ({ generationId: 1, memberId: 'nobody' })),
  member(
    'offsets: no group',
    'OffsetFetch',
    (m) => ({
      groupId: '',
      groups: [
        {
          groupId: group(m),
          memberId: null,
          memberEpoch: -1,
          topics: [{ name: topic(m), partitionIndexes: [0] }],
        },
      ],
    }),
    OFFSETS_BY_NAME,
  ),
  { name: 'describe: no group', api: 'DescribeGroups', fields: (m) => ({ groups: [group(m)] }) },
  {
    name: 'describe: no group, old version',
    api: 'DescribeGroups',
    version: 5,
    fields: (m) => ({ groups: [group(m)] }),
  },
  join('empty group id', { groupId: '' }, () => ''),
  join('session too short', { sessionTimeoutMs: 1 }, () => ''),
  join('unknown member', {}, () => 'nobody'),
  join('no protocols', { protocols: [] }, () => ''),
  join('without an id', {}, () => '', true),
  join('with the id', {}, undefined, true),
  join('another protocol type', { protocolType: 'other' }, () => ''),
  member('sync: wrong generation', 'SyncGroup', (m) => ({ generationId: 99, memberId: m.memberId })),
  member('sync: unknown member', 'SyncGroup', (m) => ({ generationId: m.generationId, memberId: 'nobody' })),
  member('sync: wrong protocol', 'SyncGroup', (m) => ({
    generationId: m.generationId,
    memberId: m.memberId,
    protocolType: 'other',
    protocolName: 'range',
  })),
  member('sync', 'SyncGroup', (m) => ({
    generationId: m.generationId,
    memberId: m.memberId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId: m.memberId, assignment: Buffer.from('mine') }],
  })),
  member('heartbeat', 'Heartbeat', (m) => ({ generationId: m.generationId, memberId: m.memberId })),
  member('heartbeat: wrong generation', 'Heartbeat', (m) => ({ generationId: 99, memberId: m.memberId })),
  member('heartbeat: unknown member', 'Heartbeat', (m) => ({
    generationId: m.generationId,
    memberId: 'nobody',
  })),
  member('heartbeat: unknown instance', 'Heartbeat', (m) => ({
    generationId: m.generationId,
    memberId: m.memberId,
    groupInstanceId: 'x',
  })),
  commit('by the member', () => ({})),
  commit('wrong generation', () => ({ generationIdOrMemberEpoch: 99 })),
  commit('unknown member', () => ({ memberId: 'nobody' })),
  commit('from outside', () => ({ generationIdOrMemberEpoch: -1, memberId: '' })),
  commit('long metadata', () => ({}), { committedMetadata: 'x'.repeat(5000) }),
  commit(
    'unknown topic',
    () => ({}),
    {},
    () => 'no-such',
  ),
  commit('unknown partition', () => ({}), { partitionIndex: 44 }),
  commit('negative offset', () => ({}), { committedOffset: -5, partitionIndex: 1 }),
  member(
    'offsets: some',
    'OffsetFetch',
    (m) => ({
      groupId: '',
      groups: [
        {
          groupId: group(m),
          memberId: null,
          memberEpoch: -1,
          topics: [
            { name: topic(m), partitionIndexes: [0, 1, 44] },
            { name: 'no-such', partitionIndexes: [0] },
          ],
        },
      ],
    }),
    OFFSETS_BY_NAME,
  ),
  member(
    'offsets: all',
    'OffsetFetch',
    (m) => ({ groupId: '', groups: [{ groupId: group(m), memberId: null, memberEpoch: -1, topics: null }] }),
    OFFSETS_BY_NAME,
  ),
  member(
    'offsets: old version',
    'OffsetFetch',
    (m) => ({ topics: [{ name: topic(m), partitionIndexes: [0] }] }),
    5,
  ),
  {
    name: 'describe',
    api: 'DescribeGroups',
    fields: (m) => ({ groups: [group(m)], includeAuthorizedOperations: true }),
  },
  {
    name: 'groups: stable ones',
    api: 'ListGroups',
    fields: () => ({ statesFilter: ['NoSuchState'], typesFilter: [] }),
  },
  member('offset delete: subscribed', 'OffsetDelete', (m) => ({
    topics: [{ name: topic(m), partitions: [{ partitionIndex: 0 }] }],
  })),
  { name: 'delete: members', api: 'DeleteGroups', fields: (m) => ({ groupsNames: [group(m), 'no-such'] }) },
  member('leave: unknown member', 'LeaveGroup', () => ({ members: [{ memberId: 'nobody' }] })),
  member('leave', 'LeaveGroup', (m) => ({ members: [{ memberId: m.memberId, reason: 'done' }] })),
  member('heartbeat: has left', 'Heartbeat', (m) => ({ generationId: m.generationId, memberId: m.memberId })),
  commit('empty group, from outside', () => ({ generationIdOrMemberEpoch: -1, memberId: '' })),
  { name: 'describe: empty', api: 'DescribeGroups', fields: (m) => ({ groups: [group(m)] }) },
  member('offset delete', 'OffsetDelete', (m) => ({
    topics: [{ name: topic(m), partitions: [{ partitionIndex: 0 }, { partitionIndex: 44 }] }],
  })),
  { name: 'delete', api: 'DeleteGroups', fields: (m) => ({ groupsNames: [group(m)] }) },
];

const ending: Step[] = [
  {
    name: 'elect: preferred',
    api: 'ElectLeaders',
    fields: (m) => ({
      electionType: 0,
      timeoutMs: 1000,
      topicPartitions: [{ topic: topic(m), partitions: [0, 44] }],
    }),
  },
  {
    name: 'elect: unclean',
    api: 'ElectLeaders',
    fields: (m) => ({
      electionType: 1,
      timeoutMs: 1000,
      topicPartitions: [{ topic: topic(m), partitions: [0] }],
    }),
  },
  {
    name: 'reassignments',
    api: 'ListPartitionReassignments',
    fields: () => ({ timeoutMs: 1000, topics: null }),
  },
  { name: 'cluster', api: 'DescribeCluster', fields: () => ({ includeClusterAuthorizedOperations: true }) },
  { name: 'cluster: controllers', api: 'DescribeCluster', fields: () => ({ endpointType: 2 }) },
  {
    name: 'log dirs: unknown topic',
    api: 'DescribeLogDirs',
    fields: () => ({ topics: [{ topic: 'no-such', partitions: [0] }] }),
  },
  {
    name: 'versions: no software name',
    api: 'ApiVersions',
    fields: () => ({ clientSoftwareName: '', clientSoftwareVersion: '' }),
  },
  {
    name: 'delete topics: unknown',
    api: 'DeleteTopics',
    fields: () => ({ timeoutMs: 5000, topics: [{ name: 'no-such' }] }),
  },
  {
    name: 'delete topics: unknown id',
    api: 'DeleteTopics',
    fields: () => ({ timeoutMs: 5000, topics: [{ name: null, topicId: NOBODY }] }),
  },
  {
    name: 'delete topics',
    api: 'DeleteTopics',
    settleMs: 400,
    fields: (m) => ({
      timeoutMs: 5000,
      topics: ['', '-twice', '-x', '.a', '_a']
        .map((suffix) => ({ name: topic(m) + suffix }))
        .concat([{ name: compacted(m) }]),
    }),
  },
  {
    name: 'delete topics: again',
    api: 'DeleteTopics',
    fields: (m) => ({ timeoutMs: 5000, topics: [{ name: null, topicId: m.topicId }] }),
  },
];

export const STEPS: readonly Step[] = [
  ...topics,
  ...configs,
  ...producing,
  ...reading,
  ...groups,
  ...QUOTA_STEPS,
  ...ending,
];
