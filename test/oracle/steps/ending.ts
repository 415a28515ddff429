// Leaders, the cluster, and topics that go again.
import type { Step } from '../step.ts';
import { NOBODY, topic, compacted } from './requests.ts';

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
