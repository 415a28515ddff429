// Guards of committed offsets: the group's rules first, then those of each topic.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newOffsetCommitResponse,
  type OffsetCommitRequest,
  type OffsetCommitRequestTopic,
  type OffsetCommitResponse,
} from '@moldau/protocol/generated/offset-commit.ts';
import {
  newOffsetDeleteResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
} from '@moldau/protocol/generated/offset-delete.ts';
import {
  newOffsetFetchResponse,
  newOffsetFetchResponseGroup,
  newOffsetFetchResponsePartition,
  newOffsetFetchResponsePartitions,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from '@moldau/protocol/generated/offset-fetch.ts';
import {
  newTxnOffsetCommitResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitRequestTopic,
  type TxnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import { uuidToString } from '@moldau/protocol/uuid.ts';
import { AclOperation } from '../../metadata/acl-binding.ts';
import { split, type Asking, type Guard } from './guard.ts';

/** From these versions on topics are named by id. */
const COMMIT_BY_ID_VERSION = 10;
const FETCH_BY_ID_VERSION = 10;
/** From this version on OffsetFetch asks for several groups. */
const FETCH_GROUPS_VERSION = 8;

/** Undefined for an id that nobody has: that is for the handler to say. */
function nameOf(
  asking: Asking,
  { name, topicId }: { readonly name: string; readonly topicId: Uint8Array },
  byId: boolean,
): string | undefined {
  return byId ? asking.services.metadata.image.topicNamesById.get(uuidToString(topicId)) : name;
}

export const offsetCommit: Guard<OffsetCommitRequest, OffsetCommitResponse> = (asking, request) => {
  const refusalOf = ({ name, topicId, partitions }: OffsetCommitRequestTopic, errorCode: ErrorCode) => ({
    name,
    topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  });
  if (!asking.group(AclOperation.READ, request.groupId)) {
    const topics = request.topics.map((topic) => refusalOf(topic, ErrorCode.GROUP_AUTHORIZATION_FAILED));
    return { refused: newOffsetCommitResponse({ topics }) };
  }
  const byId = asking.context.apiVersion >= COMMIT_BY_ID_VERSION;
  const { kept, refused } = split(request.topics, (topic) => {
    const name = nameOf(asking, topic, byId);
    return name === undefined || asking.topic(AclOperation.READ, name);
  });
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) =>
      void topics.push(...refused.map((topic) => refusalOf(topic, ErrorCode.TOPIC_AUTHORIZATION_FAILED))),
  };
};

export const txnOffsetCommit: Guard<TxnOffsetCommitRequest, TxnOffsetCommitResponse> = (asking, request) => {
  const refusalOf = ({ name, partitions }: TxnOffsetCommitRequestTopic, errorCode: ErrorCode) => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
  });
  const whole = !asking.transactionalId(AclOperation.WRITE, request.transactionalId)
    ? ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    : asking.group(AclOperation.READ, request.groupId)
      ? ErrorCode.NONE
      : ErrorCode.GROUP_AUTHORIZATION_FAILED;
  if (whole !== ErrorCode.NONE) {
    const topics = request.topics.map((topic) => refusalOf(topic, whole));
    return { refused: newTxnOffsetCommitResponse({ topics }) };
  }
  const { kept, refused } = split(request.topics, ({ name }) => asking.topic(AclOperation.READ, name));
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) =>
      void topics.push(...refused.map((topic) => refusalOf(topic, ErrorCode.TOPIC_AUTHORIZATION_FAILED))),
  };
};

export const offsetDelete: Guard<OffsetDeleteRequest, OffsetDeleteResponse> = (asking, request) => {
  if (!asking.group(AclOperation.DELETE, request.groupId))
    return { refused: newOffsetDeleteResponse({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED }) };
  const { kept, refused } = split(request.topics, ({ name }) => asking.topic(AclOperation.READ, name));
  const errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
  return {
    allowed: { ...request, topics: kept },
    finish: ({ topics }) =>
      void topics.push(
        ...refused.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
        })),
      ),
  };
};

export const offsetFetch: Guard<OffsetFetchRequest, OffsetFetchResponse> = (asking, request) =>
  asking.context.apiVersion >= FETCH_GROUPS_VERSION ? ofGroups(asking, request) : ofGroup(asking, request);

const REFUSED_OFFSET = { committedOffset: -1, errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED };

const ofGroup: Guard<OffsetFetchRequest, OffsetFetchResponse> = (asking, request) => {
  const { groupId, topics } = request;
  if (!asking.group(AclOperation.DESCRIBE, groupId)) {
    const errorCode = ErrorCode.GROUP_AUTHORIZATION_FAILED;
    return {
      refused: newOffsetFetchResponse({
        errorCode,
        topics: (topics ?? []).map(({ name, partitionIndexes }) => ({
          name,
          partitions: partitionIndexes.map((partitionIndex) =>
            newOffsetFetchResponsePartition({ partitionIndex, committedOffset: -1, errorCode }),
          ),
        })),
      }),
    };
  }
  const describes = ({ name }: { readonly name: string }) => asking.topic(AclOperation.DESCRIBE, name);
  const { kept, refused } = split(topics ?? [], describes);
  return {
    allowed: { ...request, topics: topics === null ? null : kept },
    finish(response) {
      if (topics === null) response.topics = response.topics.filter(describes);
      for (const { name, partitionIndexes } of refused)
        response.topics.push({
          name,
          partitions: partitionIndexes.map((partitionIndex) =>
            newOffsetFetchResponsePartition({ ...REFUSED_OFFSET, partitionIndex }),
          ),
        });
    },
  };
};

const ofGroups: Guard<OffsetFetchRequest, OffsetFetchResponse> = (asking, request) => {
  const byId = asking.context.apiVersion >= FETCH_BY_ID_VERSION;
  const describes = (topic: { readonly name: string; readonly topicId: Uint8Array }): boolean => {
    const name = nameOf(asking, topic, byId);
    return name === undefined || asking.topic(AclOperation.DESCRIBE, name);
  };
  const { kept, refused } = split(request.groups, ({ groupId }) =>
    asking.group(AclOperation.DESCRIBE, groupId),
  );
  const parts = kept.map((group) => ({ group, topics: split(group.topics ?? [], describes) }));
  return {
    allowed: {
      ...request,
      groups: parts.map(({ group, topics }) => ({
        ...group,
        topics: group.topics === null ? null : topics.kept,
      })),
    },
    finish({ groups }) {
      for (const [index, { group, topics }] of parts.entries()) {
        const answer = groups[index];
        if (answer === undefined || answer.errorCode !== ErrorCode.NONE) continue;
        if (group.topics === null) answer.topics = answer.topics.filter(describes);
        for (const { name, topicId, partitionIndexes } of topics.refused)
          answer.topics.push({
            name,
            topicId,
            partitions: partitionIndexes.map((partitionIndex) =>
              newOffsetFetchResponsePartitions({ ...REFUSED_OFFSET, partitionIndex }),
            ),
          });
      }
      groups.push(
        ...refused.map(({ groupId }) =>
          newOffsetFetchResponseGroup({ groupId, errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED }),
        ),
      );
    },
  };
};
