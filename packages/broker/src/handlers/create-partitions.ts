// CreatePartitions: more partitions for topics. Never fewer: a record would have to go, or to change its place.
import {
  createPartitionsRequest,
  createPartitionsResponse,
  newCreatePartitionsResponse,
  newCreatePartitionsTopicResult,
  type CreatePartitionsRequest,
  type CreatePartitionsResponse,
} from '@moldau/protocol/generated/create-partitions.ts';
import { addPartitions } from '../metadata/add-partitions.ts';
import { createPartitions as guard } from './access/topic-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

/** From this version on the client knows THROTTLING_QUOTA_EXCEEDED (KIP-599). */
const STRICT_QUOTA_VERSION = 3;

export const createPartitions = defineApi<CreatePartitionsRequest, CreatePartitionsResponse>({
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  guard,
  async handle(services, context, request) {
    const { settings } = services;
    const quota = services.mutationQuotas.for(context, context.apiVersion >= STRICT_QUOTA_VERSION);
    const { answer, failure } = await propose(services, (image) =>
      addPartitions(image, request.topics, { settings, validateOnly: request.validateOnly, quota }),
    );
    if (quota !== undefined) context.throttle(quota.throttleMs);
    const results = answer ?? request.topics.map(({ name }) => ({ name, ...failure }));
    return newCreatePartitionsResponse({
      results: results.map((result) => newCreatePartitionsTopicResult(result)),
    });
  },
});
