// Whether a client may see or change access rules: there must be an authorizer, and the cluster's rules must let it.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { AclOperation, CLUSTER_NAME, ResourceType } from '../metadata/acl-binding.ts';
import { refusal, type Outcome } from '../settings/outcome.ts';
import { CLUSTER_REFUSED } from './access/refusal-text.ts';
import type { RequestContext, Services } from './services.ts';

/** Why not; undefined when it may. */
export function mayAlterAcls(services: Services, context: RequestContext): Outcome | undefined {
  return refusalOf(services, context, AclOperation.ALTER, 'No Authorizer is configured.');
}

/** Why not; undefined when it may. */
export function mayDescribeAcls(services: Services, context: RequestContext): Outcome | undefined {
  return refusalOf(services, context, AclOperation.DESCRIBE, 'No Authorizer is configured on the broker');
}

function refusalOf(
  { access }: Services,
  context: RequestContext,
  operation: number,
  disabled: string,
): Outcome | undefined {
  if (!access.enabled) return refusal(ErrorCode.SECURITY_DISABLED, disabled);
  return access.may(context, operation, ResourceType.CLUSTER, CLUSTER_NAME)
    ? undefined
    : refusal(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, CLUSTER_REFUSED);
}
