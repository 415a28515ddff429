// DescribeTopicPartitions (KIP-966): topics by name, in order of name, so many partitions at a time; a cursor says where to go on.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  newDescribeTopicPartitionsResponseCursor,
  newDescribeTopicPartitionsResponse,
  newDescribeTopicPartitionsResponsePartition,
  newDescribeTopicPartitionsResponseTopic,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from '@moldau/protocol/generated/describe-topic-partitions.ts';
import { uuidFromString } from '@moldau/protocol';
import type { TopicImage } from '../metadata/image.ts';
import { topicNameProblem } from '../metadata/topic-rules.ts';
import { describeTopicPartitions as guard } from './access/topic-guards.ts';
import { TOPIC_OPERATIONS } from './authorized-operations.ts';
import { defineApi } from './services.ts';

export const describeTopicPartitions = defineApi<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse
>({
  request: describeTopicPartitionsRequest,
  response: describeTopicPartitionsResponse,
  guard,
  handle(services, _context, request) {
    const { topics } = services.metadata.image;
    const wanted =
      request.topics.length === 0
        ? [...topics.keys()]
        : [...new Set(request.topics.map((topic) => topic.name))];
    const names = wanted.sort();
    const cursor = request.cursor;
    const from = cursor === null ? 0 : names.findIndex((name) => name >= cursor.topicName);
    const response = newDescribeTopicPartitionsResponse();
    let room = Math.max(
      1,
      Math.min(request.responsePartitionLimit, services.settings.maxRequestPartitionSizeLimit),
    );
    for (const name of from < 0 ? [] : names.slice(from)) {
      if (room === 0) {
        response.nextCursor = newDescribeTopicPartitionsResponseCursor({
          topicName: name,
          partitionIndex: 0,
        });
        break;
      }
      const topic = topics.get(name);
      if (topic === undefined) {
        const errorCode =
          topicNameProblem(name) === undefined
            ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
            : ErrorCode.INVALID_TOPIC_EXCEPTION;
        response.topics.push(newDescribeTopicPartitionsResponseTopic({ name, errorCode }));
        continue;
      }
      const first = cursor !== null && cursor.topicName === name ? Math.max(0, cursor.partitionIndex) : 0;
      const end = Math.min(topic.partitions.length, first + room);
      response.topics.push(describe(topic, first, end));
      room -= Math.max(0, end - first);
      if (end < topic.partitions.length) {
        response.nextCursor = newDescribeTopicPartitionsResponseCursor({
          topicName: name,
          partitionIndex: end,
        });
        break;
      }
    }
    return response;
  },
});

function describe(topic: TopicImage, first: number, end: number) {
  return newDescribeTopicPartitionsResponseTopic({
    name: topic.name,
    topicId: uuidFromString(topic.id),
    isInternal: topic.internal,
    partitions: topic.partitions.slice(first, end).map((partition, i) =>
      newDescribeTopicPartitionsResponsePartition({
        partitionIndex: first + i,
        errorCode: partition.leader < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NONE,
        leaderId: partition.leader,
        leaderEpoch: partition.leaderEpoch,
        replicaNodes: [...partition.replicas],
        isrNodes: [...partition.isr],
        eligibleLeaderReplicas: [],
        lastKnownElr: [],
      }),
    ),
    topicAuthorizedOperations: TOPIC_OPERATIONS,
  });
}
