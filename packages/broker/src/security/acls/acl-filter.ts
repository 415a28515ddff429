// Which rules DescribeAcls and DeleteAcls mean (KIP-290):
//
//   pattern ANY       the name as it is written in the rule, whichever kind of pattern it is
//   pattern MATCH     every rule that names the resource: literally, by `*`, or by a prefix
//   pattern LITERAL, PREFIXED     rules of that kind with that name
//
// A null (or ANY) matches everything.
import {
  AclOperation,
  PatternType,
  PermissionType,
  ResourceType,
  WILDCARD,
  type AclBinding,
} from '../../metadata/acl-binding.ts';

export interface AclFilter {
  readonly resourceType: number;
  readonly resourceName: string | null;
  readonly patternType: number;
  readonly principal: string | null;
  readonly host: string | null;
  readonly operation: number;
  readonly permissionType: number;
}

/** Why the filter cannot be used, in Kafka's words. */
export function aclFilterProblem(filter: AclFilter): string | undefined {
  if (!isKnown(filter.resourceType, ResourceType) || !isKnown(filter.patternType, PatternType))
    return 'Unknown patternFilter.';
  if (!isKnown(filter.operation, AclOperation) || !isKnown(filter.permissionType, PermissionType))
    return 'Unknown entryFilter.';
  return undefined;
}

/** The code exists and says something. */
export function isKnown(code: number, codes: Readonly<Record<string, number>>): boolean {
  return code !== 0 && Object.values(codes).includes(code);
}

export function matchesFilter(filter: AclFilter, acl: AclBinding): boolean {
  return (
    (filter.resourceType === ResourceType.ANY || filter.resourceType === acl.resourceType) &&
    matchesName(filter, acl) &&
    (filter.principal === null || filter.principal === acl.principal) &&
    (filter.host === null || filter.host === acl.host) &&
    (filter.operation === AclOperation.ANY || filter.operation === acl.operation) &&
    (filter.permissionType === PermissionType.ANY || filter.permissionType === acl.permissionType)
  );
}

function matchesName({ patternType, resourceName }: AclFilter, acl: AclBinding): boolean {
  const kindOnly = patternType === PatternType.LITERAL || patternType === PatternType.PREFIXED;
  if (kindOnly && patternType !== acl.patternType) return false;
  if (resourceName === null || resourceName === acl.resourceName) return true;
  if (patternType !== PatternType.MATCH) return false;
  if (acl.patternType === PatternType.LITERAL) return acl.resourceName === WILDCARD;
  return resourceName.startsWith(acl.resourceName);
}
