// Partitions that move: between brokers and between log directories. There is one broker and one directory on both sides, so what can be
// compared is what does not move, and what is refused.
import type { Step } from '../step.ts';
import { list, topic } from './requests.ts';

type Replicas = readonly number[] | null;

/** Broker 0 stands for the only one there is. */
const reassign = (
  name: string,
  partitions: readonly (readonly [index: number, replicas: Replicas])[],
  options: {
    readonly topic?: string;
    readonly fields?: Record<string, unknown>;
    readonly version?: number;
  } = {},
): Step => ({
  name: `reassign: ${name}`,
  api: 'AlterPartitionReassignments',
  settleMs: 200,
  ...(options.version === undefined ? {} : { version: options.version }),
  fields: (m) => ({
    timeoutMs: 5000,
    ...options.fields,
    topics: [
      {
        name: options.topic ?? topic(m),
        partitions: partitions.map(([partitionIndex, replicas]) => ({
          partitionIndex,
          replicas: replicas?.map((id) => (id === 0 ? m.brokerId : id)) ?? null,
        })),
      },
    ],
  }),
});

const moveLogs = (
  name: string,
  dirs: (here: string) => readonly string[],
  partitions: readonly number[],
  version?: number,
): Step => ({
  name: `log dirs: ${name}`,
  api: 'AlterReplicaLogDirs',
  ...(version === undefined ? {} : { version }),
  fields: (m) => ({
    dirs: dirs(m.logDir).map((path) => ({
      path,
      topics: [
        { name: topic(m), partitions },
        { name: 'no-such', partitions: [0] },
      ],
    })),
  }),
});

export const reassignments: Step[] = [
  reassign('to where it is', [[0, [0]]]),
  reassign('to where it is, first version', [[0, [0]]], { version: 0 }),
  reassign('cancel what is not', [[0, null]]),
  reassign('to none', [[0, []]]),
  reassign('to nobody', [[0, [99]]]),
  reassign('to a negative broker', [[0, [-1]]]),
  reassign('to one broker twice', [[0, [0, 0]]]),
  reassign('unknown partition', [[44, [0]]]),
  reassign('negative partition', [[-1, [0]]]),
  reassign('unknown topic', [[0, [0]]], { topic: 'no-such' }),
  reassign('cancel of an unknown topic', [[0, null]], { topic: 'no-such' }),
  reassign('more replicas, not allowed', [[0, [0, 99]]], { fields: { allowReplicationFactorChange: false } }),
  reassign('the same number, when that is asked', [[0, [0]]], {
    fields: { allowReplicationFactorChange: false },
  }),
  reassign('several', [
    [0, [0]],
    [1, null],
    [2, [99]],
    [45, [0]],
  ]),
  {
    name: 'reassignments: unknown topic and partition',
    api: 'ListPartitionReassignments',
    fields: (m) => ({
      timeoutMs: 1000,
      topics: [
        { name: 'no-such', partitionIndexes: [0] },
        { name: topic(m), partitionIndexes: [0, 44] },
      ],
    }),
  },
  {
    name: 'log dirs: of the topic',
    api: 'DescribeLogDirs',
    fields: (m) => ({ topics: [{ topic: topic(m), partitions: [0, 1, 44] }] }),
    keep: (answer, m) => (m.logDir = list(answer['results'])[0]!['logDir'] as string),
  },
  {
    name: 'log dirs: of the topic, first version',
    api: 'DescribeLogDirs',
    version: 1,
    fields: (m) => ({ topics: [{ topic: topic(m), partitions: [0] }] }),
  },
  { name: 'log dirs: of no topic', api: 'DescribeLogDirs', fields: () => ({ topics: [] }) },
  moveLogs('to where they are', (here) => [here], [0, 1, 44, -1]),
  moveLogs('to where they are, first version', (here) => [here], [0, 0], 1),
  moveLogs('with a slash behind', (here) => [`${here}/`], [0]),
  moveLogs('elsewhere', () => ['/no/such/folder'], [0, 44]),
  moveLogs('to a relative path', () => ['data'], [0]),
  moveLogs('nowhere', () => [], []),
];
