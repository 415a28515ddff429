// The guard of Metadata: topics that the client may not describe are refused when they are named, and left out when all are asked for; a topic
// that would be made needs CREATE, on the cluster or on the topic.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newMetadataResponseTopic,
  type MetadataRequest,
  type MetadataRequestTopic,
  type MetadataResponse,
} from '@moldau/protocol/generated/metadata.ts';
import { uuidToString } from '@moldau/protocol/uuid.ts';
import { AclOperation } from '../../metadata/acl-binding.ts';
import { clusterOperations } from './cluster-guards.ts';
import { split, type Asking, type Guard } from './guard.ts';
import { topicOperations } from './topic-guards.ts';

export const metadata: Guard<MetadataRequest, MetadataResponse> = (asking, request) => {
  const { kept, refused } = split(request.topics ?? [], (topic) => mayAsk(asking, request, topic));
  const refusals = refused.map(({ name, topicId }) =>
    name === null
      ? newMetadataResponseTopic({ errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId })
      : newMetadataResponseTopic({ errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, name }),
  );
  const all = request.topics === null || request.topics.length === 0;
  // Before version 1 no names stand for all topics: where all that were named are refused, one of them has to stay.
  const emptied = !all && kept.length === 0;
  return {
    allowed: { ...request, topics: all ? request.topics : emptied ? refused.slice(0, 1) : kept },
    finish(response) {
      const seen = emptied
        ? []
        : response.topics.filter(({ name }) => name === null || !all || describes(asking, name));
      response.topics = [...seen, ...refusals];
      if (request.includeTopicAuthorizedOperations) {
        for (const topic of seen)
          if (topic.errorCode === ErrorCode.NONE)
            topic.topicAuthorizedOperations = topicOperations(asking, topic.name ?? '');
      }
      if (!request.includeClusterAuthorizedOperations) return;
      response.clusterAuthorizedOperations = clusterOperations(asking);
    },
  };
};

const describes = (asking: Asking, name: string): boolean => asking.topic(AclOperation.DESCRIBE, name);

function mayAsk(asking: Asking, request: MetadataRequest, { name, topicId }: MetadataRequestTopic): boolean {
  const { image } = asking.services.metadata;
  if (name === null) {
    const known = image.topicNamesById.get(uuidToString(topicId));
    return known === undefined || describes(asking, known);
  }
  if (!describes(asking, name)) return false;
  const created =
    request.allowAutoTopicCreation &&
    asking.services.settings.autoCreateTopicsEnable &&
    !image.topics.has(name);
  return !created || asking.cluster(AclOperation.CREATE) || asking.topic(AclOperation.CREATE, name);
}
