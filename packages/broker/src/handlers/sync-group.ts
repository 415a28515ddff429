// SyncGroup: the leader hands in the assignment, every member gets its part.
import {
  syncGroupRequest,
  syncGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@moldau/protocol/generated/sync-group.ts';
import { syncGroup as guard } from './access/group-guards.ts';
import { defineApi } from './services.ts';

export const syncGroup = defineApi<SyncGroupRequest, SyncGroupResponse>({
  request: syncGroupRequest,
  response: syncGroupResponse,
  guard,
  handle: (services, context, request) => services.groups.syncGroup(request, context),
});
