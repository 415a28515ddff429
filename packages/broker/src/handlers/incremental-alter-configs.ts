// IncrementalAlterConfigs (KIP-339): sets, deletes, appends to or subtracts from single settings of a resource.
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
  newAlterConfigsResourceResponse,
  newIncrementalAlterConfigsResponse,
  type AlterConfigsResource,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from '@moldau/protocol/generated/incremental-alter-configs.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { alterConfigs as decide } from '../settings/alter-configs.ts';
import { alterBrokerLogger } from '../settings/broker-logger-config.ts';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import { incrementalAlterConfigs as guard } from './access/config-guards.ts';
import { propose } from './propose.ts';
import { defineApi, type Services } from './services.ts';

export const incrementalAlterConfigs = defineApi<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
>({
  request: incrementalAlterConfigsRequest,
  response: incrementalAlterConfigsResponse,
  guard,
  async handle(services, _context, request) {
    const { settings, brokerId } = services;
    const { resources, validateOnly } = request;
    const stored = resources.filter(({ resourceType }) => resourceType !== ConfigResourceType.BROKER_LOGGER);
    const { answer, failure } = await propose(services, (image) =>
      decide(image, stored, { settings, brokerId, mode: 'incremental', validateOnly }),
    );
    const outcomes = resources.map((resource) => {
      const { resourceType, resourceName } = resource;
      const outcome =
        resourceType === ConfigResourceType.BROKER_LOGGER
          ? alterLogger(services, resource, resources, validateOnly)
          : (answer?.[stored.indexOf(resource)] ?? failure);
      return { resourceType, resourceName, ...outcome };
    });
    return newIncrementalAlterConfigsResponse({
      responses: outcomes.map((outcome) => newAlterConfigsResourceResponse(outcome)),
    });
  },
});

/** The logger is not part of the metadata: its level changes at once, in this process, and until it ends. */
function alterLogger(
  { brokerId, logger }: Services,
  resource: AlterConfigsResource,
  all: readonly AlterConfigsResource[],
  validateOnly: boolean,
): Outcome {
  const same = all.filter(
    ({ resourceType, resourceName }) =>
      resourceType === resource.resourceType && resourceName === resource.resourceName,
  );
  if (same.length > 1) return refusal(ErrorCode.INVALID_REQUEST, 'Each resource must appear at most once.');
  const decided = alterBrokerLogger(resource, brokerId);
  if ('errorCode' in decided) return decided;
  if (!validateOnly && decided.level !== undefined) logger.level = decided.level;
  return SUCCESS;
}
