// Decides CreateAcls and DeleteAcls: each rule, or filter, succeeds or fails by itself; codes and texts are Kafka's.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  aclKey,
  AclOperation,
  CLUSTER_NAME,
  PatternType,
  PermissionType,
  ResourceType,
  type AclBinding,
} from '../../metadata/acl-binding.ts';
import type { MetadataChange } from '../../metadata/change.ts';
import type { MetadataImage } from '../../metadata/image.ts';
import { refusal, SUCCESS, type Outcome } from '../../settings/outcome.ts';
import { aclFilterProblem, isKnown, matchesFilter, type AclFilter } from './acl-filter.ts';

/** Rules in the cluster: each is held in memory and in the metadata's snapshots. */
export const MAX_ACLS = 100_000;
/** Characters of a name, principal or host. */
const MAX_TEXT_LENGTH = 32_767;

export interface DeletedAcls extends Outcome {
  readonly deleted: readonly AclBinding[];
}

interface Decision<Answer> {
  readonly changes: readonly MetadataChange[];
  readonly answer: readonly Answer[];
}

/** For `MetadataStore.propose`: one answer a rule. A rule that exists already succeeds. */
export function createAcls(image: MetadataImage, bindings: readonly AclBinding[]): Decision<Outcome> {
  const added = new Map<string, AclBinding>();
  const answer = bindings.map((acl): Outcome => {
    const problem = bindingProblem(acl);
    if (problem !== undefined) return refusal(ErrorCode.INVALID_REQUEST, problem);
    const key = aclKey(acl);
    if (image.acls.has(key) || added.has(key)) return SUCCESS;
    if (image.acls.size + added.size >= MAX_ACLS)
      return refusal(
        ErrorCode.POLICY_VIOLATION,
        `There are ${MAX_ACLS} access rules already, which is as many as there may be.`,
      );
    added.set(key, acl);
    return SUCCESS;
  });
  return { changes: changesOf([...added.values()], []), answer };
}

/** For `MetadataStore.propose`: one answer a filter. A rule that several filters mean is in the answer of each. */
export function deleteAcls(image: MetadataImage, filters: readonly AclFilter[]): Decision<DeletedAcls> {
  const removed = new Map<string, AclBinding>();
  const answer = filters.map((filter): DeletedAcls => {
    const problem = aclFilterProblem(filter);
    if (problem !== undefined) return { ...refusal(ErrorCode.INVALID_REQUEST, problem), deleted: [] };
    const deleted: AclBinding[] = [];
    for (const [key, acl] of image.acls) {
      if (!matchesFilter(filter, acl)) continue;
      deleted.push(acl);
      removed.set(key, acl);
    }
    return { ...SUCCESS, deleted };
  });
  return { changes: changesOf([], [...removed.values()]), answer };
}

function changesOf(added: readonly AclBinding[], removed: readonly AclBinding[]): readonly MetadataChange[] {
  return added.length + removed.length === 0 ? [] : [{ kind: 'acls-changed', added, removed }];
}

function bindingProblem(acl: AclBinding): string | undefined {
  const { resourceType, resourceName, patternType, principal, host, operation, permissionType } = acl;
  if (resourceType === ResourceType.CLUSTER && resourceName !== CLUSTER_NAME)
    return `The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`;
  if (resourceName === '') return 'Invalid empty resource name';
  if (!isKnown(resourceType, ResourceType) || resourceType === ResourceType.ANY)
    return `Invalid resourceType ${nameOf(resourceType, ResourceType)}`;
  if (patternType !== PatternType.LITERAL && patternType !== PatternType.PREFIXED)
    return `Invalid patternType ${nameOf(patternType, PatternType)}`;
  if (!isKnown(operation, AclOperation) || operation === AclOperation.ANY)
    return `Invalid operation ${nameOf(operation, AclOperation)}`;
  if (permissionType !== PermissionType.ALLOW && permissionType !== PermissionType.DENY)
    return `Invalid permissionType ${nameOf(permissionType, PermissionType)}`;
  if (!principal.includes(':'))
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`;
  if (host === '') return 'Invalid empty host';
  const longest = Math.max(resourceName.length, principal.length, host.length);
  if (longest > MAX_TEXT_LENGTH)
    return `A name of ${longest} characters is too long; ${MAX_TEXT_LENGTH} may be.`;
  return undefined;
}

function nameOf(code: number, codes: Readonly<Record<string, number>>): string {
  return Object.entries(codes).find(([, known]) => known === code)?.[0] ?? 'UNKNOWN';
}
