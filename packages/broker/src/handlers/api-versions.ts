// ApiVersions: which APIs this broker has, in which versions. The one request that is answered even in a version that is not
// known (KIP-511): with UNSUPPORTED_VERSION in the oldest form; see server/dispatch.ts.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  newApiVersion,
  newApiVersionsResponse,
  newFinalizedFeatureKey,
  newSupportedFeatureKey,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from '@moldau/protocol/generated/api-versions.ts';
import { ApiKey } from '@moldau/protocol';
import { SUPPORTED_FEATURES } from '../metadata/features.ts';
import type { MetadataImage } from '../metadata/image.ts';
import { defineApi, type AnyApi } from './services.ts';

/** Names of client software as Kafka allows them in its own metrics (KIP-511). */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
const FIRST_WITH_SOFTWARE = 3;
/** Clients that speak older versions give up when the lowest level of a feature is 0 (KAFKA-17011). */
const FIRST_WITH_LEVEL_ZERO = 4;

/**
 * Where Kafka 4 says something else than it serves, and clients have come to rely on it: librdkafka takes a broker that does not offer Produce 0 for
 * one that knows no compression (KAFKA-18659), and InitProducerId 6 is not stable yet (KIP-939).
 */
const ADVERTISED_OTHERWISE: ReadonlyMap<
  number,
  { readonly minVersion: number; readonly maxVersion: number }
> = new Map([
  [ApiKey.Produce, { minVersion: 0, maxVersion: 13 }],
  [ApiKey.InitProducerId, { minVersion: 0, maxVersion: 5 }],
]);

/** The answer that advertises exactly `apis`, which is looked at when it is asked for. */
export function apiVersionsAnswer(apis: Iterable<AnyApi>, error: ErrorCode): ApiVersionsResponse {
  const apiKeys = [...apis]
    .map(({ request: { apiKey, lowestVersion, highestVersion } }) => {
      const { minVersion, maxVersion } = ADVERTISED_OTHERWISE.get(apiKey) ?? {
        minVersion: lowestVersion,
        maxVersion: highestVersion,
      };
      return newApiVersion({ apiKey, minVersion, maxVersion });
    })
    .sort((a, b) => a.apiKey - b.apiKey);
  return newApiVersionsResponse({ errorCode: error, apiKeys, finalizedFeaturesEpoch: -1 });
}

export function apiVersions(apis: () => Iterable<AnyApi>): AnyApi {
  return defineApi<ApiVersionsRequest, ApiVersionsResponse>({
    request: apiVersionsRequest,
    response: apiVersionsResponse,
    handle(services, context, request) {
      const named = SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion);
      const valid = context.apiVersion < FIRST_WITH_SOFTWARE || named;
      if (named)
        context.connection.software = {
          name: request.clientSoftwareName,
          version: request.clientSoftwareVersion,
        };
      return valid
        ? {
            ...apiVersionsAnswer(apis(), ErrorCode.NONE),
            ...featuresOf(services.metadata.image, context.apiVersion),
          }
        : apiVersionsAnswer([], ErrorCode.INVALID_REQUEST);
    },
  });
}

/** The features of the answer. The epoch only has to grow when a level changes; the image's version does. */
function featuresOf(
  image: MetadataImage,
  apiVersion: number,
): Pick<ApiVersionsResponse, 'supportedFeatures' | 'finalizedFeatures' | 'finalizedFeaturesEpoch'> {
  return {
    supportedFeatures: [...SUPPORTED_FEATURES]
      .filter(([, { minVersion }]) => minVersion > 0 || apiVersion >= FIRST_WITH_LEVEL_ZERO)
      .map(([name, { minVersion, maxVersion }]) => newSupportedFeatureKey({ name, minVersion, maxVersion })),
    finalizedFeatures: [...image.features].map(([name, level]) =>
      newFinalizedFeatureKey({ name, minVersionLevel: level, maxVersionLevel: level }),
    ),
    finalizedFeaturesEpoch: image.version,
  };
}
