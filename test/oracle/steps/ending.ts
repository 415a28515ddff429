// Leaders, the cluster, and topics that go again.
import type { Step } from '../step.ts';
import { NOBODY, topic, compacted, list } from './requests.ts';

export const ending: Step[] = [
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
  ...(
    [
      ['unknown kind', 7, 0],
      ['unknown topic', 0, 0, 'no-such'],
      ['unclean, unknown partition', 1, 44],
      ['negative partition', 0, -1],
    ] as const
  ).map(([name, electionType, partition, topicName]): Step => ({
    name: `elect: ${name}`,
    api: 'ElectLeaders',
    fields: (m) => ({
      electionType,
      timeoutMs: 1000,
      topicPartitions: [{ topic: topicName ?? topic(m), partitions: [partition] }],
    }),
  })),
  {
    name: 'elect: first version',
    api: 'ElectLeaders',
    version: 0,
    fields: (m) => ({ timeoutMs: 1000, topicPartitions: [{ topic: topic(m), partitions: [0, 44] }] }),
  },
  {
    name: 'elect: all',
    api: 'ElectLeaders',
    fields: () => ({ electionType: 0, timeoutMs: 1000, topicPartitions: null }),
    // The servers have different topics; what is told of them is the same.
    compared: ({ errorCode, replicaElectionResults }) => ({
      errorCode,
      results: [
        ...new Set(list(replicaElectionResults ?? []).map((of) => list(of['partitionResult']).length)),
      ],
    }),
  },
  {
    name: 'elect: none',
    api: 'ElectLeaders',
    fields: () => ({ electionType: 0, timeoutMs: 1000, topicPartitions: [] }),
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
