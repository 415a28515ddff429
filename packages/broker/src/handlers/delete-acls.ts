// DeleteAcls: removes the access rules that filters name, and tells which they were.
import {
  deleteAclsRequest,
  deleteAclsResponse,
  newDeleteAclsFilterResult,
  newDeleteAclsMatchingAcl,
  newDeleteAclsResponse,
  type DeleteAclsFilter,
  type DeleteAclsRequest,
  type DeleteAclsResponse,
} from '@moldau/protocol/generated/delete-acls.ts';
import type { AclFilter } from '../security/acls/acl-filter.ts';
import { deleteAcls as decide, type DeletedAcls } from '../security/acls/alter-acls.ts';
import { mayAlterAcls } from './acls-allowed.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const deleteAcls = defineApi<DeleteAclsRequest, DeleteAclsResponse>({
  request: deleteAclsRequest,
  response: deleteAclsResponse,
  async handle(services, context, request) {
    const filters = request.filters.map(filterOf);
    const results = (outcomes: readonly DeletedAcls[]) =>
      newDeleteAclsResponse({
        filterResults: outcomes.map(({ errorCode, errorMessage, deleted }) =>
          newDeleteAclsFilterResult({
            errorCode,
            errorMessage,
            matchingAcls: deleted.map((acl) => newDeleteAclsMatchingAcl({ ...acl, errorMessage: null })),
          }),
        ),
      });
    const refused = mayAlterAcls(services, context);
    if (refused !== undefined) return results(filters.map(() => ({ ...refused, deleted: [] })));
    const { answer, failure } = await propose(services, (image) => decide(image, filters));
    return results(answer ?? filters.map(() => ({ ...failure, deleted: [] })));
  },
});

function filterOf(filter: DeleteAclsFilter): AclFilter {
  return {
    resourceType: filter.resourceTypeFilter,
    resourceName: filter.resourceNameFilter,
    patternType: filter.patternTypeFilter,
    principal: filter.principalFilter,
    host: filter.hostFilter,
    operation: filter.operation,
    permissionType: filter.permissionType,
  };
}
