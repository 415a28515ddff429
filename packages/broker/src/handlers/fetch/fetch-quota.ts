// Whether the answer to a fetch may be sent as far as quotas go. One that may not is replaced by an empty one, which tells the client to wait
// (KIP-219): so the bytes that a client gets in a second never exceed its quota, however large its fetches are. What was not sent does not
// count, and the client asks for it again.
import { Writer } from '@moldau/protocol';
import { fetchResponse, type FetchResponse } from '@moldau/protocol/generated/fetch.ts';
import type { RequestContext, Services } from '../services.ts';

/** Kafka counts the length before the answer too. */
const LENGTH_SIZE = 4;

/** The most bytes that one fetch of the client may get: more would always be held back. */
export function fetchableBytes({ quotas }: Services, context: RequestContext): number {
  return quotas.active ? Math.trunc(quotas.fetchable(context)) : Number.POSITIVE_INFINITY;
}

/** Counts the answer; true: the client has to wait first, and is told so. */
export function exceedsQuota(
  { quotas, clock }: Services,
  context: RequestContext,
  response: FetchResponse,
): boolean {
  if (!quotas.active) return false;
  const workMs = context.throttleForWork();
  // Without a limit on its bytes nobody need know how many there are.
  if (quotas.fetchable(context) === Number.POSITIVE_INFINITY) return workMs > 0;
  const bytes = sizeOf(response, context.apiVersion);
  const nowMs = clock.monotonic();
  const bytesMs = quotas.fetched(context, bytes, nowMs);
  if (workMs === 0 && bytesMs === 0) return false;
  quotas.notFetched(context, bytes, nowMs);
  context.throttle(bytesMs);
  return true;
}

function sizeOf(response: FetchResponse, version: number): number {
  const writer = new Writer();
  fetchResponse.encode(writer, response, version);
  return writer.length + LENGTH_SIZE;
}
