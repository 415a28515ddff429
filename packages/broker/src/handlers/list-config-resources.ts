// ListConfigResources (KIP-1142; version 0 lists client metrics resources only): which resources have, or can have, settings.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  listConfigResourcesRequest,
  listConfigResourcesResponse,
  newConfigResource,
  newListConfigResourcesResponse,
  type ListConfigResourcesRequest,
  type ListConfigResourcesResponse,
} from '@moldau/protocol/generated/list-config-resources.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { listConfigResources as guard } from './access/cluster-guards.ts';
import { defineApi } from './services.ts';

const FIRST_WITH_TYPES = 1;
const LISTED: ReadonlySet<number> = new Set([
  ConfigResourceType.TOPIC,
  ConfigResourceType.BROKER,
  ConfigResourceType.BROKER_LOGGER,
  ConfigResourceType.CLIENT_METRICS,
  ConfigResourceType.GROUP,
]);

export const listConfigResources = defineApi<ListConfigResourcesRequest, ListConfigResourcesResponse>({
  request: listConfigResourcesRequest,
  response: listConfigResourcesResponse,
  guard,
  handle(services, context, request) {
    const types =
      context.apiVersion < FIRST_WITH_TYPES
        ? new Set<number>([ConfigResourceType.CLIENT_METRICS])
        : new Set(request.resourceTypes);
    if ([...types].some((type) => !LISTED.has(type)))
      return newListConfigResourcesResponse({ errorCode: ErrorCode.UNSUPPORTED_VERSION });
    const image = services.metadata.image;
    const configResources = [...(types.size === 0 ? LISTED : types)].flatMap((resourceType) =>
      namesOf(image, resourceType).map((resourceName) => newConfigResource({ resourceName, resourceType })),
    );
    return newListConfigResourcesResponse({ configResources });
  },
});

function namesOf(image: MetadataImage, type: number): string[] {
  switch (type) {
    case ConfigResourceType.TOPIC:
      return [...image.topics.keys()];
    case ConfigResourceType.BROKER:
    case ConfigResourceType.BROKER_LOGGER:
      return [...image.brokers.keys()].map(String);
    case ConfigResourceType.CLIENT_METRICS:
      return [...image.clientMetricsConfigs.keys()];
    case ConfigResourceType.GROUP:
      return [...image.groupConfigs.keys()];
    default:
      return [];
  }
}
