// ApiVersions: which APIs this broker has, in which versions. The one request that is answered even in a version that is not
// known (KIP-511): with UNSUPPORTED_VERSION in the oldest form; see server/dispatch.ts.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  newApiVersion,
  newApiVersionsResponse,
  type ApiVersionsRequest,
  type ApiVersionsResponse,
} from '@moldau/protocol/generated/api-versions.ts';
import { defineApi, type AnyApi } from './services.ts';

/** Names of client software as Kafka allows them in its own metrics (KIP-511). */
const SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
const FIRST_WITH_SOFTWARE = 3;

/** The answer that advertises exactly `apis`, which is looked at when it is asked for. */
export function apiVersionsAnswer(apis: Iterable<AnyApi>, error: ErrorCode): ApiVersionsResponse {
  const apiKeys = [...apis]
    .map(({ request }) => newApiVersion({ apiKey: request.apiKey, minVersion: request.lowestVersion, maxVersion: request.highestVersion }))
    .sort((a, b) => a.apiKey - b.apiKey);
  return newApiVersionsResponse({ errorCode: error, apiKeys, finalizedFeaturesEpoch: -1 });
}

export function apiVersions(apis: () => Iterable<AnyApi>): AnyApi {
  return defineApi<ApiVersionsRequest, ApiVersionsResponse>({
    request: apiVersionsRequest,
    response: apiVersionsResponse,
    handle(_services, context, request) {
      const named = SOFTWARE.test(request.clientSoftwareName) && SOFTWARE.test(request.clientSoftwareVersion);
      const valid = context.apiVersion < FIRST_WITH_SOFTWARE || named;
      return apiVersionsAnswer(valid ? apis() : [], valid ? ErrorCode.NONE : ErrorCode.INVALID_REQUEST);
    },
  });
}
