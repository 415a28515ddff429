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
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const createPartitions = defineApi<CreatePartitionsRequest, CreatePartitionsResponse>({
  request: createPartitionsRequest,
  response: createPartitionsResponse,
  async handle(services, _context, request) {
    const { settings } = services;
    const { answer, failure } = await propose(services, (image) =>
      addPartitions(image, request.topics, { settings, validateOnly: request.validateOnly }),
    );
    const results = answer ?? request.topics.map(({ name }) => ({ name, ...failure }));
    return newCreatePartitionsResponse({
      results: results.map((result) => newCreatePartitionsTopicResult(result)),
    });
  },
});
