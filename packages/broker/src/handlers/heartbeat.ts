// Heartbeat: a member is alive, and learns whether the group rebalances.
import {
  heartbeatRequest,
  heartbeatResponse,
  type HeartbeatRequest,
  type HeartbeatResponse,
} from '@moldau/protocol/generated/heartbeat.ts';
import { heartbeat as guard } from './access/group-guards.ts';
import { defineApi } from './services.ts';

export const heartbeat = defineApi<HeartbeatRequest, HeartbeatResponse>({
  request: heartbeatRequest,
  response: heartbeatResponse,
  guard,
  handle: (services, context, request) => services.groups.heartbeat(request, context),
});
