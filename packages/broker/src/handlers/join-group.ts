// JoinGroup: a member (re)joins its group and waits for the others.
import {
  joinGroupRequest,
  joinGroupResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '@moldau/protocol/generated/join-group.ts';
import { joinGroup as guard } from './access/group-guards.ts';
import { defineApi } from './services.ts';

export const joinGroup = defineApi<JoinGroupRequest, JoinGroupResponse>({
  request: joinGroupRequest,
  response: joinGroupResponse,
  guard,
  handle: (services, context, request) => services.groups.joinGroup(request, context),
});
