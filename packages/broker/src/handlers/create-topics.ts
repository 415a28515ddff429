// CreateTopics: makes topics, or says whether it could (validate-only), and tells each new topic's settings (KIP-525).
import { uuidFromString } from '@moldau/protocol';
import {
  createTopicsRequest,
  createTopicsResponse,
  newCreatableTopicConfigs,
  newCreatableTopicResult,
  newCreateTopicsResponse,
  type CreatableTopicResult,
  type CreateTopicsRequest,
  type CreateTopicsResponse,
} from '@moldau/protocol/generated/create-topics.ts';
import { createTopics as decide, type CreatedTopic } from '../metadata/create-topics.ts';
import { createTopics as guard } from './access/topic-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

/** From this version on the client knows THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const STRICT_QUOTA_VERSION = 6;

export const createTopics = defineApi<CreateTopicsRequest, CreateTopicsResponse>({
  request: createTopicsRequest,
  response: createTopicsResponse,
  guard,
  async handle(services, context, request) {
    const { settings, random } = services;
    const quota = services.mutationQuotas.for(context, context.apiVersion >= STRICT_QUOTA_VERSION);
    const { answer, failure } = await propose(services, (image) =>
      decide(image, request.topics, { settings, random, validateOnly: request.validateOnly, quota }),
    );
    if (quota !== undefined) context.throttle(quota.throttleMs);
    const topics = answer ?? request.topics.map(({ name }) => ({ name, ...failure }));
    // Each name once, as Kafka answers duplicates.
    const byName = new Map(topics.map((topic) => [topic.name, resultOf(topic)]));
    return newCreateTopicsResponse({ topics: [...byName.values()] });
  },
});

function resultOf(topic: CreatedTopic): CreatableTopicResult {
  return newCreatableTopicResult({
    name: topic.name,
    errorCode: topic.errorCode,
    errorMessage: topic.errorMessage,
    ...(topic.topicId === undefined ? {} : { topicId: uuidFromString(topic.topicId) }),
    numPartitions: topic.numPartitions ?? -1,
    replicationFactor: topic.replicationFactor ?? -1,
    // Java's Admin does not take null for a topic that was made.
    configs:
      topic.configs?.map(({ name, value, readOnly, configSource, isSensitive }) =>
        newCreatableTopicConfigs({ name, value, readOnly, configSource, isSensitive }),
      ) ?? [],
  });
}
