// DeleteGroups: deletes groups that have no members (KIP-229).
import {
  deleteGroupsRequest,
  deleteGroupsResponse,
  type DeleteGroupsRequest,
  type DeleteGroupsResponse,
} from '@moldau/protocol/generated/delete-groups.ts';
import { deleteGroups as guard } from './access/group-guards.ts';
import { defineApi } from './services.ts';

export const deleteGroups = defineApi<DeleteGroupsRequest, DeleteGroupsResponse>({
  request: deleteGroupsRequest,
  response: deleteGroupsResponse,
  guard,
  handle: (services, context, request) => services.groups.deleteGroups(request, context),
});
