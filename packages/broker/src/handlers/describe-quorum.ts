// DescribeQuorum (KIP-595): who keeps the metadata log, and how far everyone has read it. The log is embedded: one process writes it,
// so its first broker speaks as the leader and only voter, and the others observe. All of them use the same image and are always caught up.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  describeQuorumRequest,
  describeQuorumResponse,
  newDescribeQuorumResponse,
  newDescribeQuorumResponsePartitionData,
  newDescribeQuorumResponseTopicData,
  newListener,
  newNode,
  newReplicaState,
  type DescribeQuorumRequest,
  type DescribeQuorumResponse,
} from '@moldau/protocol/generated/describe-quorum.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { describeQuorum as guard } from './access/cluster-guards.ts';
import { controllerOf } from './metadata.ts';
import { defineApi, type Services } from './services.ts';

/** Kafka's name for the partition of the metadata. */
const METADATA_TOPIC = '__cluster_metadata';
const METADATA_PARTITION = 0;
const FIRST_WITH_FETCH_TIMES = 1;
const FIRST_WITH_NODES = 2;
const NOT_HOSTED = 'This server does not host this topic-partition.';

export const describeQuorum = defineApi<DescribeQuorumRequest, DescribeQuorumResponse>({
  request: describeQuorumRequest,
  response: describeQuorumResponse,
  guard,
  handle(services, { apiVersion }, request) {
    const message = apiVersion >= FIRST_WITH_NODES ? { errorMessage: '' } : {};
    const asked = request.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => partitionIndex),
    }));
    // As in Kafka, whoever asks for anything but that one partition gets an error for all.
    const [only] = asked;
    const metadataOnly =
      asked.length === 1 &&
      only?.topicName === METADATA_TOPIC &&
      only.partitions.length === 1 &&
      only.partitions[0] === METADATA_PARTITION;
    return newDescribeQuorumResponse({
      ...message,
      topics: asked.map(({ topicName, partitions }) =>
        newDescribeQuorumResponseTopicData({
          topicName,
          partitions: partitions.map((partitionIndex) =>
            metadataOnly
              ? newDescribeQuorumResponsePartitionData({ ...message, ...quorumOf(services, apiVersion) })
              : newDescribeQuorumResponsePartitionData({
                  ...(apiVersion >= FIRST_WITH_NODES ? { errorMessage: NOT_HOSTED } : {}),
                  partitionIndex,
                  errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                }),
          ),
        }),
      ),
      nodes: metadataOnly && apiVersion >= FIRST_WITH_NODES ? nodesOf(services.metadata.image) : [],
    });
  },
});

function quorumOf({ metadata: { image }, clock }: Services, apiVersion: number) {
  const now = clock.now();
  const times =
    apiVersion >= FIRST_WITH_FETCH_TIMES ? { lastFetchTimestamp: now, lastCaughtUpTimestamp: now } : {};
  const stateOf = (replicaId: number) =>
    newReplicaState({ replicaId, logEndOffset: image.version, ...times });
  const leaderId = controllerOf(image);
  return {
    partitionIndex: METADATA_PARTITION,
    leaderId,
    leaderEpoch: image.runs,
    highWatermark: image.version,
    currentVoters: [stateOf(leaderId)],
    observers: [...image.brokers.keys()].filter((id) => id !== leaderId).map(stateOf),
  };
}

/** The voter, under its only address: a controller of its own it has not. */
function nodesOf(image: MetadataImage) {
  const leader = image.brokers.get(controllerOf(image));
  if (leader === undefined) return [];
  const { id, host, port } = leader;
  return [newNode({ nodeId: id, listeners: [newListener({ name: 'PLAINTEXT', host, port })] })];
}
