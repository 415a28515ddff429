// PushTelemetry (KIP-714): takes metrics that a client was asked for.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newPushTelemetryResponse,
  pushTelemetryRequest,
  pushTelemetryResponse,
  type PushTelemetryRequest,
  type PushTelemetryResponse,
} from '@moldau/protocol/generated/push-telemetry.ts';
import { UUID_LENGTH } from '@moldau/protocol/uuid.ts';
import { clientIdentity } from './client-identity.ts';
import { defineApi } from './services.ts';

/** Kafka keeps the uuids below this number for itself, zero among them. */
const RESERVED_UUIDS = 100;

export const pushTelemetry = defineApi<PushTelemetryRequest, PushTelemetryResponse>({
  request: pushTelemetryRequest,
  response: pushTelemetryResponse,
  async handle(services, context, request) {
    const { clientInstanceId } = request;
    if (isReserved(clientInstanceId))
      return newPushTelemetryResponse({ errorCode: ErrorCode.INVALID_REQUEST });
    const client = clientIdentity(clientInstanceId, context);
    services.telemetry.follow(context.connection, client, (callback) => context.onClosed(callback));
    const { telemetryMaxBytes } = services.settings;
    return newPushTelemetryResponse({
      errorCode: await services.telemetry.push(client, request, telemetryMaxBytes),
    });
  },
});

function isReserved(uuid: Uint8Array): boolean {
  const last = UUID_LENGTH - 1;
  return (uuid[last] as number) < RESERVED_UUIDS && uuid.subarray(0, last).every((byte) => byte === 0);
}
