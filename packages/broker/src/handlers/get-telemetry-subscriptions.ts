// GetTelemetrySubscriptions (KIP-714): tells a client which of its metrics to push, and how often. One that no subscription matches is told
// to push nothing, and asks again after the default interval.
import { UUID_LENGTH, isZeroUuid } from '@moldau/protocol/uuid.ts';
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
  newGetTelemetrySubscriptionsResponse,
  type GetTelemetrySubscriptionsRequest,
  type GetTelemetrySubscriptionsResponse,
} from '@moldau/protocol/generated/get-telemetry-subscriptions.ts';
import type { Random } from '@moldau/runtime';
import { ACCEPTED_COMPRESSION_TYPES } from '../telemetry/client-metrics/client-telemetry.ts';
import { clientIdentity } from './client-identity.ts';
import { defineApi } from './services.ts';

export const getTelemetrySubscriptions = defineApi<
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse
>({
  request: getTelemetrySubscriptionsRequest,
  response: getTelemetrySubscriptionsResponse,
  handle(services, context, request) {
    const { telemetry, random, settings } = services;
    const clientInstanceId = isZeroUuid(request.clientInstanceId)
      ? newClientInstanceId(random)
      : request.clientInstanceId;
    const client = clientIdentity(clientInstanceId, context);
    const task = telemetry.ask(client);
    if (typeof task === 'number') return newGetTelemetrySubscriptionsResponse({ errorCode: task });
    telemetry.follow(context.connection, client, (callback) => context.onClosed(callback));
    return newGetTelemetrySubscriptionsResponse({
      clientInstanceId,
      subscriptionId: task.subscriptionId,
      acceptedCompressionTypes: [...ACCEPTED_COMPRESSION_TYPES],
      pushIntervalMs: task.pushIntervalMs,
      telemetryMaxBytes: settings.telemetryMaxBytes,
      deltaTemporality: true,
      requestedMetrics: [...task.metrics],
    });
  },
});

/** A random UUID (version 4). */
function newClientInstanceId(random: Random): Uint8Array {
  const id = random.bytes(UUID_LENGTH);
  id[6] = ((id[6] as number) & 0x0f) | 0x40;
  id[8] = ((id[8] as number) & 0x3f) | 0x80;
  return id;
}
