// Who a client is, in the words of client metrics subscriptions (KIP-714).
import { uuidToString } from '@moldau/protocol/uuid.ts';
import type { ClientIdentity } from '../telemetry/client-metrics/subscription.ts';
import type { RequestContext } from './services.ts';

export function clientIdentity(
  clientInstanceId: Uint8Array,
  { clientId, clientHost, connection }: RequestContext,
): ClientIdentity {
  return {
    client_instance_id: uuidToString(clientInstanceId),
    client_id: clientId,
    client_software_name: connection.software?.name,
    client_software_version: connection.software?.version,
    client_source_address: clientHost.replace(/^\//, ''),
    client_source_port: String(connection.port),
  };
}
