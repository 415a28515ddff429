// LeaveGroup: members leave, by member id or instance id.
import {
  leaveGroupRequest,
  leaveGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
} from '@moldau/protocol/generated/leave-group.ts';
import { leaveGroup as guard } from './access/group-guards.ts';
import { defineApi } from './services.ts';

export const leaveGroup = defineApi<LeaveGroupRequest, LeaveGroupResponse>({
  request: leaveGroupRequest,
  response: leaveGroupResponse,
  guard,
  handle: (services, context, request) => services.groups.leaveGroup(request, context),
});
