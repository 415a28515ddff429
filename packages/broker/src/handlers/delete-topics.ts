// DeleteTopics: by name or (from version 6 on) by id. The disk space is free when the answer comes.
import { isZeroUuid, uuidFromString, uuidToString } from '@moldau/protocol';
import {
  deleteTopicsRequest,
  deleteTopicsResponse,
  newDeletableTopicResult,
  newDeleteTopicsResponse,
  type DeleteTopicsRequest,
  type DeleteTopicsResponse,
} from '@moldau/protocol/generated/delete-topics.ts';
import { deleteTopics as decide, type TopicToDelete } from '../metadata/delete-topics.ts';
import { deleteTopics as guard } from './access/topic-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

const TOPIC_STATES_VERSION = 6;
/** From this version on the client knows THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const STRICT_QUOTA_VERSION = 5;

export const deleteTopics = defineApi<DeleteTopicsRequest, DeleteTopicsResponse>({
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
  guard,
  async handle(services, context, request) {
    const asked: TopicToDelete[] =
      context.apiVersion >= TOPIC_STATES_VERSION
        ? request.topics.map(({ name, topicId }) => ({
            name,
            topicId: isZeroUuid(topicId) ? null : uuidToString(topicId),
          }))
        : request.topicNames.map((name) => ({ name, topicId: null }));
    const { settings } = services;
    const quota = services.mutationQuotas.for(context, context.apiVersion >= STRICT_QUOTA_VERSION);
    const { answer, failure } = await propose(services, (image) => decide(image, asked, { settings, quota }));
    if (quota !== undefined) context.throttle(quota.throttleMs);
    const results = answer ?? asked.map((topic) => ({ ...topic, ...failure }));
    return newDeleteTopicsResponse({
      responses: results.map(({ name, topicId, errorCode, errorMessage }) =>
        newDeletableTopicResult({
          // Before version 6 a result has to name its topic.
          name: context.apiVersion >= TOPIC_STATES_VERSION ? name : (name ?? ''),
          ...(topicId === null ? {} : { topicId: uuidFromString(topicId) }),
          errorCode,
          errorMessage,
        }),
      ),
    });
  },
});
