// Requests that a broker makes of itself: the handler is called with the message, and no byte is written.
import { BROKER_PRINCIPAL } from './security/acls/access.ts';
import type { AnyApi, RequestContext, Services } from './handlers/services.ts';

/** Carries out a request in its highest version. Throws when there is no such API. */
export async function ownRequest(
  services: Services,
  apis: ReadonlyMap<number, AnyApi>,
  apiKey: number,
  request: unknown,
): Promise<unknown> {
  const api = apis.get(apiKey);
  if (api === undefined) throw new TypeError(`this broker has no API of key ${apiKey}`);
  return api.handle(services, ownContext(services.brokerId, api.request.highestVersion), request);
}

/** No connection is behind it: nothing holds it back, and it never ends. */
const ownContext = (brokerId: number, apiVersion: number): RequestContext => ({
  apiVersion,
  clientId: `broker-${brokerId}`,
  principal: BROKER_PRINCIPAL,
  requestBytes: 0,
  clientHost: '/127.0.0.1',
  connection: { port: 0, software: undefined },
  memory: undefined,
  throttle: () => {},
  throttleForWork: () => 0,
  onClosed: () => () => {},
  onSent: (callback) => callback(),
});
