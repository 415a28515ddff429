// OffsetFetch: how far groups have read.
import {
  offsetFetchRequest,
  offsetFetchResponse,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
} from '@moldau/protocol/generated/offset-fetch.ts';
import { offsetFetch as guard } from './access/offset-guards.ts';
import { defineApi } from './services.ts';

export const offsetFetch = defineApi<OffsetFetchRequest, OffsetFetchResponse>({
  request: offsetFetchRequest,
  response: offsetFetchResponse,
  guard,
  handle: (services, context, request) => services.groups.offsetFetch(request, context),
});
