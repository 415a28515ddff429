// DescribeAcls: the access rules that a filter names, by resource.
import {
  describeAclsRequest,
  describeAclsResponse,
  newAclDescription,
  newDescribeAclsResource,
  newDescribeAclsResponse,
  type DescribeAclsRequest,
  type DescribeAclsResource,
  type DescribeAclsResponse,
} from '@moldau/protocol/generated/describe-acls.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { aclFilterProblem, matchesFilter, type AclFilter } from '../security/acls/acl-filter.ts';
import { mayDescribeAcls } from './acls-allowed.ts';
import { defineApi } from './services.ts';

export const describeAcls = defineApi<DescribeAclsRequest, DescribeAclsResponse>({
  request: describeAclsRequest,
  response: describeAclsResponse,
  handle(services, context, request) {
    const refused = mayDescribeAcls(services, context);
    if (refused !== undefined) return newDescribeAclsResponse(refused);
    const filter: AclFilter = {
      resourceType: request.resourceTypeFilter,
      resourceName: request.resourceNameFilter,
      patternType: request.patternTypeFilter,
      principal: request.principalFilter,
      host: request.hostFilter,
      operation: request.operation,
      permissionType: request.permissionType,
    };
    const problem = aclFilterProblem(filter);
    if (problem !== undefined)
      return newDescribeAclsResponse({ errorCode: ErrorCode.INVALID_REQUEST, errorMessage: problem });
    const resources = new Map<string, DescribeAclsResource>();
    for (const acl of services.metadata.image.acls.values()) {
      if (!matchesFilter(filter, acl)) continue;
      const { resourceType, resourceName, patternType } = acl;
      const key = `${resourceType} ${patternType} ${resourceName}`;
      let resource = resources.get(key);
      if (resource === undefined) {
        resource = newDescribeAclsResource({ resourceType, resourceName, patternType, acls: [] });
        resources.set(key, resource);
      }
      resource.acls.push(newAclDescription(acl));
    }
    return newDescribeAclsResponse({ resources: [...resources.values()], errorMessage: null });
  },
});
