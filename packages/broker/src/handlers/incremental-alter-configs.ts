// IncrementalAlterConfigs (KIP-339): sets, deletes, appends to or subtracts from single settings of a resource.
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  newAlterConfigsResourceResponse,
  newIncrementalAlterConfigsResponse,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from '@moldau/protocol/generated/incremental-alter-configs.ts';
import { alterConfigs as decide } from '../settings/alter-configs.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const incrementalAlterConfigs = defineApi<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
>({
  request: incrementalAlterConfigsRequest,
  response: incrementalAlterConfigsResponse,
  async handle(services, _context, request) {
    const { settings, brokerId } = services;
    const { resources, validateOnly } = request;
    const { answer, failure } = await propose(services, (image) =>
      decide(image, resources, { settings, brokerId, mode: 'incremental', validateOnly }),
    );
    const outcomes =
      answer ??
      resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, ...failure }));
    return newIncrementalAlterConfigsResponse({
      responses: outcomes.map((outcome) => newAlterConfigsResourceResponse(outcome)),
    });
  },
});
