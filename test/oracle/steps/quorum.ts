// The quorum of the metadata, and brokers that are no longer.
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import type { Step } from '../step.ts';
import { list, topic } from './requests.ts';

const METADATA = '__cluster_metadata';

const quorumOf = (
  name: string,
  topics: (run: string) => readonly (readonly [topicName: string, partitions: readonly number[]])[],
  version?: number,
): Step => ({
  name: `quorum: ${name}`,
  api: 'DescribeQuorum',
  ...(version === undefined ? {} : { version }),
  fields: (m) => ({
    topics: topics(topic(m)).map(([topicName, partitions]) => ({
      topicName,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex })),
    })),
  }),
  compared: withoutPositions,
});

/** How far the log has come is no matter; that everyone has come as far is. */
function withoutPositions(answer: StructValue): unknown {
  if (answer['topics'] === undefined) return answer;
  const relative = ({ highWatermark, leaderEpoch, currentVoters, observers, ...rest }: StructValue) => {
    const behind = (replica: StructValue) => ({
      ...replica,
      logEndOffset: (replica['logEndOffset'] as number) - (highWatermark as number),
    });
    return {
      ...rest,
      led: (leaderEpoch as number) > 0,
      currentVoters: list(currentVoters).map(behind),
      observers: list(observers).map(behind),
    };
  };
  return {
    ...answer,
    topics: list(answer['topics']).map((of) => ({ ...of, partitions: list(of['partitions']).map(relative) })),
  };
}

export const quorum: Step[] = [
  quorumOf('the metadata', () => [[METADATA, [0]]]),
  quorumOf('the metadata, first version', () => [[METADATA, [0]]], 0),
  quorumOf('the metadata, second version', () => [[METADATA, [0]]], 1),
  quorumOf('nothing', () => []),
  quorumOf('no partition', () => [[METADATA, []]]),
  quorumOf('another partition', () => [[METADATA, [1]]]),
  quorumOf('another partition beside', () => [[METADATA, [0, 1]]]),
  quorumOf('a topic', (name) => [[name, [0]]]),
  quorumOf('a topic beside', (name) => [
    [METADATA, [0]],
    [name, [0]],
  ]),
  quorumOf('a topic, first version', (name) => [[name, [0]]], 0),
  { name: 'unregister: unknown', api: 'UnregisterBroker', fields: () => ({ brokerId: 99 }) },
  { name: 'unregister: negative', api: 'UnregisterBroker', fields: () => ({ brokerId: -1 }) },
];
