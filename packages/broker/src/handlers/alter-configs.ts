// AlterConfigs: replaces all settings of a resource by those named. Deprecated in favour of IncrementalAlterConfigs, and still in use.
import {
  alterConfigsRequest,
  alterConfigsResponse,
  newAlterConfigsResourceResponse,
  newAlterConfigsResponse,
  type AlterConfigsRequest,
  type AlterConfigsResponse,
} from '@moldau/protocol/generated/alter-configs.ts';
import { alterConfigs as decide } from '../settings/alter-configs.ts';
import { alterConfigs as guard } from './access/config-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const alterConfigs = defineApi<AlterConfigsRequest, AlterConfigsResponse>({
  request: alterConfigsRequest,
  response: alterConfigsResponse,
  guard,
  async handle(services, _context, request) {
    const { settings, brokerId } = services;
    const { resources, validateOnly } = request;
    const { answer, failure } = await propose(services, (image) =>
      decide(image, resources, { settings, brokerId, mode: 'replace', validateOnly }),
    );
    const outcomes =
      answer ??
      resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName, ...failure }));
    return newAlterConfigsResponse({
      responses: outcomes.map((outcome) => newAlterConfigsResourceResponse(outcome)),
    });
  },
});
