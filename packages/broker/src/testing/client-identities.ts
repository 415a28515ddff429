// Clients that push metrics, for tests.
import type { ClientIdentity } from '../telemetry/client-metrics/subscription.ts';

/** A client of which nothing is known but `id`. */
export const clientNamed = (id: string): ClientIdentity => ({
  client_instance_id: id,
  client_id: id,
  client_software_name: undefined,
  client_software_version: undefined,
  client_source_address: undefined,
  client_source_port: undefined,
});
