// The requests about offsets, from the wire to a decision and back: OffsetCommit, OffsetFetch, OffsetDelete. Topics are named by name or, in newer
// versions, by id; here they become names that exist.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { newOffsetCommitResponse } from '@moldau/protocol/generated/offset-commit.ts';
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetCommitResponseTopic,
} from '@moldau/protocol/generated/offset-commit.ts';
import { newOffsetDeleteResponse } from '@moldau/protocol/generated/offset-delete.ts';
import type {
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetDeleteResponseTopic,
} from '@moldau/protocol/generated/offset-delete.ts';
import {
  newOffsetFetchResponse,
  newOffsetFetchResponseGroup,
} from '@moldau/protocol/generated/offset-fetch.ts';
import type {
  OffsetFetchRequest,
  OffsetFetchRequestGroup,
  OffsetFetchRequestTopics,
  OffsetFetchResponse,
  OffsetFetchResponseGroup,
  OffsetFetchResponseTopics,
} from '@moldau/protocol/generated/offset-fetch.ts';
import { isZeroUuid, uuidFromString, uuidToString, ZERO_UUID } from '@moldau/protocol/uuid.ts';
import { CommitPartitions, isPartitionOf } from './commit-partitions.ts';
import type { TopicCatalog } from './commit-partitions.ts';
import type { CommittedOffset } from './committed-offsets.ts';
import { unanswered } from '../unanswered.ts';
import type { GroupShards } from './group-shards.ts';
import { answered } from './group-state.ts';
import type { ClientContext } from './membership-requests.ts';
import { commitOffsets } from './offset-commit.ts';
import type { CommitAnswer, CommitPartition, CommitRequest } from './offset-commit.ts';
import { deleteOffsets } from './offset-delete.ts';
import type { OffsetDeleteAnswer } from './offset-delete.ts';
import { fetchAllOffsets, fetchOffsets } from './offset-fetch.ts';
import type { FetchedTopic, FetchTopic } from './offset-fetch.ts';

/** From these versions on topics are named by id. */
const COMMIT_BY_ID_VERSION = 10;
const FETCH_BY_ID_VERSION = 10;
/** From this version on OffsetFetch asks for several groups. */
const FETCH_GROUPS_VERSION = 8;
/** From this version on OffsetFetch has an error besides those of partitions. */
const FETCH_ERROR_VERSION = 2;

/** A topic of a request: its name if it is known by that, or why not. */
function nameOf(
  catalog: TopicCatalog,
  topic: { readonly name: string; readonly topicId: Uint8Array },
  byId: boolean,
): string | undefined {
  return byId ? catalog.topicName(uuidToString(topic.topicId)) : topic.name;
}

export async function handleOffsetCommit(
  shards: GroupShards,
  catalog: TopicCatalog,
  message: OffsetCommitRequest,
  client: ClientContext,
): Promise<OffsetCommitResponse> {
  const byId = client.apiVersion >= COMMIT_BY_ID_VERSION;
  const partitions = new CommitPartitions(catalog);
  const topics = message.topics.map((topic): OffsetCommitResponseTopic => ({
    name: topic.name,
    topicId: topic.topicId,
    partitions: partitions.add(nameOf(catalog, topic, byId), topic.partitions),
  }));
  if (partitions.known.length > 0) partitions.settle(await commit(shards, message, client, partitions.known));
  return newOffsetCommitResponse({ topics });
}

async function commit(
  shards: GroupShards,
  message: OffsetCommitRequest,
  client: ClientContext,
  partitions: readonly CommitPartition[],
): Promise<CommitAnswer> {
  const request: CommitRequest = {
    apiVersion: client.apiVersion,
    groupId: message.groupId,
    memberId: message.memberId,
    groupInstanceId: message.groupInstanceId,
    generationId: message.generationIdOrMemberEpoch,
    retentionTimeMs: message.retentionTimeMs,
    partitions,
  };
  try {
    return await shards.decide<CommitAnswer>(message.groupId, (state, context) =>
      commitOffsets(state, context, request),
    );
  } catch (error) {
    const name = unanswered(error);
    return partitions.map(() => (name === 'UNKNOWN_SERVER_ERROR' ? 'INVALID_COMMIT_OFFSET_SIZE' : name));
  }
}

export async function handleOffsetFetch(
  shards: GroupShards,
  catalog: TopicCatalog,
  message: OffsetFetchRequest,
  client: ClientContext,
): Promise<OffsetFetchResponse> {
  const { requireStable } = message;
  if (client.apiVersion >= FETCH_GROUPS_VERSION) {
    const byId = client.apiVersion >= FETCH_BY_ID_VERSION;
    return newOffsetFetchResponse({
      groups: await Promise.all(
        message.groups.map((group) => fetchGroup(shards, catalog, group, { byId, requireStable })),
      ),
    });
  }
  const topics =
    message.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitionIndexes })) ??
    null;
  const group = await fetchGroup(
    shards,
    catalog,
    { groupId: message.groupId, memberId: null, memberEpoch: -1, topics },
    { byId: false, requireStable },
  );
  if (group.errorCode === ErrorCode.NONE || client.apiVersion >= FETCH_ERROR_VERSION) {
    return newOffsetFetchResponse({ errorCode: group.errorCode, topics: group.topics });
  }
  const { errorCode } = group;
  const failed = (topics ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({
      ...partitionOffset(partitionIndex, undefined, errorCode),
    })),
  }));
  return newOffsetFetchResponse({ topics: failed });
}

interface FetchOptions {
  /** Topics are named by id. */
  readonly byId: boolean;
  readonly requireStable: boolean;
}

async function fetchGroup(
  shards: GroupShards,
  catalog: TopicCatalog,
  request: OffsetFetchRequestGroup,
  options: FetchOptions,
): Promise<OffsetFetchResponseGroup> {
  const { groupId, topics } = request;
  try {
    if (topics === null) return await fetchWholeGroup(shards, catalog, groupId, options);
    const known = topics.map((topic) => fetchTopicOf(catalog, topic, options.byId));
    const wanted = known.filter((topic) => topic !== undefined);
    const fetched = await shards.decide<FetchedTopic[]>(groupId, (state, context) =>
      answered(context, fetchOffsets(state, groupId, wanted, options.requireStable)),
    );
    let next = 0;
    const answers = topics.map((topic, at) =>
      known[at] === undefined ? unknownTopicId(topic) : topicOffsets(topic, fetched[next++]),
    );
    return newOffsetFetchResponseGroup({ groupId, topics: answers });
  } catch (error) {
    const name = unanswered(error);
    // Consumers before 3.9 do not know what to do about COORDINATOR_NOT_AVAILABLE here.
    return newOffsetFetchResponseGroup({
      groupId,
      errorCode: ErrorCode[name === 'COORDINATOR_NOT_AVAILABLE' ? 'NOT_COORDINATOR' : name],
    });
  }
}

async function fetchWholeGroup(
  shards: GroupShards,
  catalog: TopicCatalog,
  groupId: string,
  { byId, requireStable }: FetchOptions,
): Promise<OffsetFetchResponseGroup> {
  const topicIdOf = (topic: string): string | undefined => catalog.topic(topic)?.id;
  const fetched = await shards.decide<FetchedTopic[]>(groupId, (state, context) =>
    answered(context, fetchAllOffsets(state, groupId, topicIdOf, requireStable)),
  );
  const topics = fetched.map((topic) => {
    const id = topicIdOf(topic.topic);
    return topicOffsets(
      { name: topic.topic, topicId: id === undefined ? ZERO_UUID : uuidFromString(id) },
      topic,
    );
  });
  // A topic that is gone has no id to name it by.
  return newOffsetFetchResponseGroup({
    groupId,
    topics: byId ? topics.filter(({ topicId }) => !isZeroUuid(topicId)) : topics,
  });
}

function fetchTopicOf(
  catalog: TopicCatalog,
  topic: OffsetFetchRequestTopics,
  byId: boolean,
): FetchTopic | undefined {
  const name = nameOf(catalog, topic, byId);
  return name === undefined
    ? undefined
    : { topic: name, topicId: catalog.topic(name)?.id, partitions: topic.partitionIndexes };
}

const topicOffsets = (
  topic: { readonly name: string; readonly topicId: Uint8Array },
  fetched: FetchedTopic | undefined,
): OffsetFetchResponseTopics => ({
  name: topic.name,
  topicId: topic.topicId,
  partitions: (fetched?.partitions ?? []).map(({ partition, offset, isUnstable }) =>
    isUnstable
      ? partitionOffset(partition, undefined, ErrorCode.UNSTABLE_OFFSET_COMMIT)
      : partitionOffset(partition, offset),
  ),
});

const unknownTopicId = (topic: OffsetFetchRequestTopics): OffsetFetchResponseTopics => ({
  name: topic.name,
  topicId: topic.topicId,
  partitions: topic.partitionIndexes.map((partition) => ({
    ...partitionOffset(partition, undefined, ErrorCode.UNKNOWN_TOPIC_ID),
  })),
});

/** The offset of a partition; -1 when none is committed. */
function partitionOffset(
  partitionIndex: number,
  offset: CommittedOffset | undefined,
  errorCode: number = ErrorCode.NONE,
): OffsetFetchResponseTopics['partitions'][number] {
  return {
    partitionIndex,
    committedOffset: offset?.offset ?? -1,
    committedLeaderEpoch: offset?.leaderEpoch ?? -1,
    metadata: offset?.metadata ?? '',
    errorCode,
  };
}

export async function handleOffsetDelete(
  shards: GroupShards,
  catalog: TopicCatalog,
  message: OffsetDeleteRequest,
): Promise<OffsetDeleteResponse> {
  const { groupId } = message;
  if (groupId === '') return newOffsetDeleteResponse({ errorCode: ErrorCode.INVALID_GROUP_ID });
  const exists = (topic: string, partition: number): boolean =>
    isPartitionOf(catalog.topic(topic) ?? { partitions: 0 }, partition);
  const wanted = message.topics.map(({ name, partitions }) => ({
    topic: name,
    partitions: partitions
      .map(({ partitionIndex }) => partitionIndex)
      .filter((partition) => exists(name, partition)),
  }));
  let answer: OffsetDeleteAnswer;
  try {
    answer = await shards.decide<OffsetDeleteAnswer>(groupId, (state, context) =>
      deleteOffsets(state, context, groupId, wanted),
    );
  } catch (error) {
    answer = unanswered(error);
  }
  if (typeof answer === 'string') return newOffsetDeleteResponse({ errorCode: ErrorCode[answer] });
  const errors = answer;
  const topics = message.topics.map(({ name, partitions }, at): OffsetDeleteResponseTopic => ({
    name,
    partitions: partitions.map(({ partitionIndex }) => ({
      partitionIndex,
      errorCode:
        ErrorCode[exists(name, partitionIndex) ? (errors[at] ?? 'NONE') : 'UNKNOWN_TOPIC_OR_PARTITION'],
    })),
  }));
  return newOffsetDeleteResponse({ topics });
}
