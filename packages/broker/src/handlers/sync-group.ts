// SyncGroup: the leader hands in the assignment, every member gets its part.
import {
  syncGroupRequest,
  syncGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@moldau/protocol/generated/sync-group.ts';
import { defineApi } from './services.ts';

export const syncGroup = defineApi<SyncGroupRequest, SyncGroupResponse>({
  request: syncGroupRequest,
  response: syncGroupResponse,
  handle: (services, context, request) => services.groups.syncGroup(request, context),
});
