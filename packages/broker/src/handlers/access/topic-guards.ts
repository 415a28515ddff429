// Guards of topics: each topic of a request has its own rules. A topic that the client may not even describe is not told from one that is
// not there, where it was asked for by id.
import {
  newCreatePartitionsTopicResult,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from '@moldau/protocol/generated/create-partitions.ts';
import {
  newCreatableTopicResult,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from '@moldau/protocol/generated/create-topics.ts';
import {
  newDeleteRecordsPartitionResult,
  newDeleteRecordsTopicResult,
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
} from '@moldau/protocol/generated/delete-records.ts';
import {
  newDeletableTopicResult,
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
} from '@moldau/protocol/generated/delete-topics.ts';
import {
  newPartitionResponse,
  newTopicResponse,
  type DescribeProducersRequest,
  type DescribeProducersResponse,
} from '@moldau/protocol/generated/describe-producers.ts';
import {
  newDescribeTopicPartitionsResponse,
  newDescribeTopicPartitionsResponseTopic,
  type DescribeTopicPartitionsRequest,
  type DescribeTopicPartitionsResponse,
} from '@moldau/protocol/generated/describe-topic-partitions.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newListOffsetsPartitionResponse,
  newListOffsetsTopicResponse,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from '@moldau/protocol/generated/list-offsets.ts';
import {
  newEpochEndOffset,
  newOffsetForLeaderTopicResult,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from '@moldau/protocol/generated/offset-for-leader-epoch.ts';
import { isZeroUuid, uuidToString } from '@moldau/protocol/uuid.ts';
import { AclOperation, ResourceType } from '../../metadata/acl-binding.ts';
import { TOPIC_OPERATIONS } from '../authorized-operations.ts';
import { split, type Asking, type Guard } from './guard.ts';
import { TOPIC_REFUSED } from './refusal-text.ts';

const errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
const REFUSED = { errorCode, errorMessage: TOPIC_REFUSED };

export const createTopics: Guard<CreateTopicsRequest, CreateTopicsResponse> = (asking, request) => {
  const creates = asking.cluster(AclOperation.CREATE);
  const { kept, refused } = split(
    request.topics,
    ({ name }) => creates || asking.topic(AclOperation.CREATE, name),
  );
  return {
    allowed: { ...request, topics: kept },
    finish({ topics }) {
      for (const topic of topics) {
        if (topic.errorCode !== ErrorCode.NONE || asking.topic(AclOperation.DESCRIBE_CONFIGS, topic.name))
          continue;
        Object.assign(topic, {
          numPartitions: -1,
          replicationFactor: -1,
          configs: [],
          topicConfigErrorCode: errorCode,
        });
      }
      const names = new Set(refused.map(({ name }) => name));
      topics.push(...[...names].map((name) => newCreatableTopicResult({ ...REFUSED, name })));
    },
  };
};

export const createPartitions: Guard<CreatePartitionsRequest, CreatePartitionsResponse> = (
  asking,
  request,
) => {
  const { kept, refused } = split(request.topics, ({ name }) => asking.topic(AclOperation.ALTER, name));
  return {
    allowed: { ...request, topics: kept },
    finish: ({ results }) =>
      void results.push(...refused.map(({ name }) => newCreatePartitionsTopicResult({ ...REFUSED, name }))),
  };
};

export const deleteTopics: Guard<DeleteTopicsRequest, DeleteTopicsResponse> = (asking, request) => {
  const { topicNamesById } = asking.services.metadata.image;
  const byName = split(request.topicNames, (name) => asking.topic(AclOperation.DELETE, name));
  const byState = split(request.topics, ({ name, topicId }) => {
    const known = name ?? topicNamesById.get(uuidToString(topicId));
    return known === undefined || asking.topic(AclOperation.DELETE, known);
  });
  const refusals = [
    ...byName.refused.map((name) => newDeletableTopicResult({ ...REFUSED, name })),
    ...byState.refused.map(({ name, topicId }) => {
      const known = name ?? topicNamesById.get(uuidToString(topicId)) ?? '';
      if (isZeroUuid(topicId)) return newDeletableTopicResult({ ...REFUSED, name: known });
      // Who may not describe it does not learn the name that belongs to the id.
      const described = asking.topic(AclOperation.DESCRIBE, known);
      return newDeletableTopicResult({ ...REFUSED, topicId, name: described ? known : null });
    }),
  ];
  return {
    allowed: { ...request, topicNames: byName.kept, topics: byState.kept },
    finish: ({ responses }) => void responses.push(...refusals),
  };
};

export const deleteRecords: Guard<DeleteRecordsRequest, DeleteRecordsResponse> = (asking, request) => {
  const { kept, refused } = split(request.topics, ({ name }) => asking.topic(AclOperation.DELETE, name));
  const refusals = refused.map(({ name, partitions }) =>
    newDeleteRecordsTopicResult({
      name,
      partitions: partitions.map(({ partitionIndex }) =>
        newDeleteRecordsPartitionResult({ partitionIndex, errorCode, lowWatermark: -1 }),
      ),
    }),
  );
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) => void topics.push(...refusals),
  };
};

export const listOffsets: Guard<ListOffsetsRequest, ListOffsetsResponse> = (asking, request) => {
  const { kept, refused } = split(request.topics, ({ name }) => asking.topic(AclOperation.DESCRIBE, name));
  const refusals = refused.map(({ name, partitions }) =>
    newListOffsetsTopicResponse({
      name,
      partitions: partitions.map(({ partitionIndex }) =>
        newListOffsetsPartitionResponse({ partitionIndex, errorCode }),
      ),
    }),
  );
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) => void topics.push(...refusals),
  };
};

export const offsetForLeaderEpoch: Guard<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> = (
  asking,
  request,
) => {
  const { kept, refused } = split(request.topics, ({ topic }) => asking.topic(AclOperation.DESCRIBE, topic));
  const refusals = refused.map(({ topic, partitions }) =>
    newOffsetForLeaderTopicResult({
      topic,
      partitions: partitions.map(({ partition }) => newEpochEndOffset({ partition, errorCode })),
    }),
  );
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) => void topics.push(...refusals),
  };
};

export const describeProducers: Guard<DescribeProducersRequest, DescribeProducersResponse> = (
  asking,
  request,
) => {
  const { kept, refused } = split(request.topics, ({ name }) => asking.topic(AclOperation.READ, name));
  const refusals = refused.map(({ name, partitionIndexes }) =>
    newTopicResponse({
      name,
      partitions: partitionIndexes.map((partitionIndex) =>
        newPartitionResponse({ ...REFUSED, partitionIndex }),
      ),
    }),
  );
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) => void topics.push(...refusals),
  };
};

export const describeTopicPartitions: Guard<
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse
> = (asking, request) => {
  const describes = (name: string): boolean => asking.topic(AclOperation.DESCRIBE, name);
  // None named: all that may be described. The handler takes a list without names for all of them, so there must be one.
  const asked =
    request.topics.length > 0
      ? request.topics
      : [...asking.services.metadata.image.topics.keys()].filter(describes).map((name) => ({ name }));
  const { kept, refused } = split(asked, ({ name }) => describes(name));
  const refusals = refused.map(({ name }) => newDescribeTopicPartitionsResponseTopic({ name, errorCode }));
  if (kept.length === 0) return { refused: newDescribeTopicPartitionsResponse({ topics: refusals }) };
  return {
    allowed: { ...request, topics: kept },
    finish({ topics }) {
      for (const topic of topics) topic.topicAuthorizedOperations = topicOperations(asking, topic.name ?? '');
      topics.push(...refusals);
    },
  };
};

export function topicOperations(asking: Asking, name: string): number {
  return asking.operations(TOPIC_OPERATIONS, ResourceType.TOPIC, name);
}
