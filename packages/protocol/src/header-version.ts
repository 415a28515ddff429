/**
 * Which version of the headers goes with a request: flexible requests have flexible headers. One exception: ApiVersions
 * is answered with response header v0 in all versions, because a client reads that answer before it knows what the broker
 * speaks (KIP-511).
 */

import { ApiKey, APIS } from './generated/apis.ts';

/** Version of the request header (1 or 2); 1 for an API that does not exist. */
export function requestHeaderVersion(apiKey: number, apiVersion: number): number {
  return isFlexible(apiKey, apiVersion) ? 2 : 1;
}

/** Version of the response header (0 or 1); 0 for an API that does not exist. */
export function responseHeaderVersion(apiKey: number, apiVersion: number): number {
  return apiKey !== ApiKey.ApiVersions && isFlexible(apiKey, apiVersion) ? 1 : 0;
}

function isFlexible(apiKey: number, apiVersion: number): boolean {
  const api = APIS[apiKey];
  return api !== undefined && apiVersion >= api.flexibleFrom;
}
