// DescribeGroups: state, protocol and members of groups that this broker coordinates.
import {
  describeGroupsRequest,
  describeGroupsResponse,
  type DescribeGroupsRequest,
  type DescribeGroupsResponse,
} from '@moldau/protocol/generated/describe-groups.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { describeGroups as guard } from './access/group-guards.ts';
import { GROUP_OPERATIONS } from './authorized-operations.ts';
import { defineApi } from './services.ts';

export const describeGroups = defineApi<DescribeGroupsRequest, DescribeGroupsResponse>({
  request: describeGroupsRequest,
  response: describeGroupsResponse,
  guard,
  async handle(services, context, request) {
    const response = await services.groups.describeGroups(request, context);
    if (request.includeAuthorizedOperations) {
      for (const group of response.groups)
        if (group.errorCode === ErrorCode.NONE) group.authorizedOperations = GROUP_OPERATIONS;
    }
    return response;
  },
});
