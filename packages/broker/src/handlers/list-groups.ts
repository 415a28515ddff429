// ListGroups: the groups that this broker coordinates.
import {
  listGroupsRequest,
  listGroupsResponse,
  type ListGroupsRequest,
  type ListGroupsResponse,
} from '@moldau/protocol/generated/list-groups.ts';
import { listGroups as guard } from './access/group-guards.ts';
import { defineApi } from './services.ts';

export const listGroups = defineApi<ListGroupsRequest, ListGroupsResponse>({
  request: listGroupsRequest,
  response: listGroupsResponse,
  guard,
  handle: (services, context, request) => services.groups.listGroups(request, context),
});
