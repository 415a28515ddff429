// Metadata: the brokers, and of the topics asked for (or all) who leads which partition. Creates a topic that is asked for and missing, if both
// client and settings allow it.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  metadataRequest,
  metadataResponse,
  newMetadataResponse,
  newMetadataResponseBroker,
  newMetadataResponsePartition,
  newMetadataResponseTopic,
  type MetadataRequest,
  type MetadataRequestTopic,
  type MetadataResponse,
  type MetadataResponseTopic,
} from '@moldau/protocol/generated/metadata.ts';
import { isZeroUuid, uuidFromString, uuidToString } from '@moldau/protocol';
import type { MetadataImage, TopicImage } from '../metadata/image.ts';
import { metadata as guard } from './access/metadata-guard.ts';
import { CLUSTER_OPERATIONS, TOPIC_OPERATIONS } from './authorized-operations.ts';
import { autoCreateTopic } from './auto-create-topic.ts';
import { defineApi, type RequestContext, type Services } from './services.ts';

/** From this version on an empty list means no topic; before, all. */
const NULL_MEANS_ALL_VERSION = 1;
const ALLOW_AUTO_CREATE_VERSION = 4;
/** Versions 10 and 11 have topic ids in the request, but no answer to them. */
const TOPIC_IDS_VERSION = 12;

export const metadata = defineApi<MetadataRequest, MetadataResponse>({
  request: metadataRequest,
  response: metadataResponse,
  guard,
  async handle(services, context, request) {
    const topics = await describeAsked(services, context, request);
    const image = services.metadata.image;
    return newMetadataResponse({
      brokers: [...image.brokers.values()].map(({ id, host, port, rack }) =>
        newMetadataResponseBroker({ nodeId: id, host, port, rack }),
      ),
      clusterId: image.clusterId,
      controllerId: controllerOf(image),
      topics,
      ...(request.includeClusterAuthorizedOperations
        ? { clusterAuthorizedOperations: CLUSTER_OPERATIONS }
        : {}),
    });
  },
});

async function describeAsked(
  services: Services,
  context: RequestContext,
  request: MetadataRequest,
): Promise<MetadataResponseTopic[]> {
  const all =
    request.topics === null || (request.topics.length === 0 && context.apiVersion < NULL_MEANS_ALL_VERSION);
  if (all) return [...services.metadata.image.topics.values()].map((topic) => describe(topic, request));
  const mayCreate =
    (context.apiVersion < ALLOW_AUTO_CREATE_VERSION || request.allowAutoTopicCreation) &&
    services.settings.autoCreateTopicsEnable;
  const named = request.topics ?? [];
  if (
    context.apiVersion < TOPIC_IDS_VERSION &&
    named.some(({ name, topicId }) => name === null || !isZeroUuid(topicId))
  ) {
    return named.map(({ name }) =>
      newMetadataResponseTopic({ errorCode: ErrorCode.INVALID_REQUEST, name: name ?? '' }),
    );
  }
  const topics: MetadataResponseTopic[] = [];
  for (const asked of uniqueTopics(named))
    topics.push(await describeOne(services, context, asked, request, mayCreate));
  return topics;
}

function uniqueTopics(asked: readonly MetadataRequestTopic[]): MetadataRequestTopic[] {
  return [
    ...new Map(asked.map((topic) => [`${topic.name ?? ''}/${uuidToString(topic.topicId)}`, topic])).values(),
  ];
}

async function describeOne(
  services: Services,
  context: RequestContext,
  asked: MetadataRequestTopic,
  request: MetadataRequest,
  mayCreate: boolean,
): Promise<MetadataResponseTopic> {
  if (asked.name === null) {
    const name = isZeroUuid(asked.topicId)
      ? undefined
      : services.metadata.image.topicNamesById.get(uuidToString(asked.topicId));
    const topic = name === undefined ? undefined : services.metadata.image.topics.get(name);
    if (topic !== undefined) return describe(topic, request);
    return newMetadataResponseTopic({
      errorCode: ErrorCode.UNKNOWN_TOPIC_ID,
      name: null,
      topicId: asked.topicId,
    });
  }
  const topic = services.metadata.image.topics.get(asked.name);
  if (topic !== undefined) return describe(topic, request);
  const quota = services.mutationQuotas.for(context, true);
  const error = await autoCreateTopic(services, asked.name, mayCreate, quota);
  const created = services.metadata.image.topics.get(asked.name);
  return created === undefined
    ? newMetadataResponseTopic({ errorCode: error, name: asked.name })
    : describe(created, request);
}

function describe(topic: TopicImage, request: MetadataRequest): MetadataResponseTopic {
  return newMetadataResponseTopic({
    name: topic.name,
    topicId: uuidFromString(topic.id),
    isInternal: topic.internal,
    partitions: topic.partitions.map((partition, index) =>
      newMetadataResponsePartition({
        errorCode: partition.leader < 0 ? ErrorCode.LEADER_NOT_AVAILABLE : ErrorCode.NONE,
        partitionIndex: index,
        leaderId: partition.leader,
        leaderEpoch: partition.leaderEpoch,
        replicaNodes: [...partition.replicas],
        isrNodes: [...partition.isr],
      }),
    ),
    ...(request.includeTopicAuthorizedOperations ? { topicAuthorizedOperations: TOPIC_OPERATIONS } : {}),
  });
}

/** The broker that answers for the cluster: the one of the lowest id. */
export function controllerOf(image: MetadataImage): number {
  return Math.min(...image.brokers.keys());
}
