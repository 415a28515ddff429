// A request from the fields that matter (the rest takes the schema's defaults), and its answer.
import type { Codec } from '@moldau/protocol';
import type { SimulatedClient } from './simulated-client.ts';
import { wholeMessage } from './whole-message.ts';

/** The fields of a message that matter, at any depth. */
export type Fields<T> = T extends Uint8Array | string | number | boolean | null
  ? T
  : T extends readonly (infer E)[]
    ? readonly Fields<E>[]
    : { readonly [K in keyof T]?: Fields<T[K]> };

export function ask<Request, Response>(
  client: SimulatedClient,
  request: Codec<Request>,
  response: Codec<Response>,
  fields: Fields<NoInfer<Request>>,
  version: number = request.highestVersion,
): Promise<Response> {
  return client.request(
    request,
    response,
    wholeMessage(request.name, fields as Record<string, unknown>) as Request,
    version,
  );
}
