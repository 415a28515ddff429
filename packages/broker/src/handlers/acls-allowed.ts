// Whether a client may see or change access rules: there must be an authorizer, and the cluster's rules must let it.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { AclOperation, CLUSTER_NAME, ResourceType } from '../metadata/acl-binding.ts';
import { refusal, type Outcome } from '../settings/outcome.ts';
import type { RequestContext, Services } from './services.ts';

/** Why not; undefined when it may. */
export function mayAlterAcls({ access }: Services, context: RequestContext): Outcome | undefined {
  if (!access.enabled) return refusal(ErrorCode.SECURITY_DISABLED, 'No Authorizer is configured.');
  return access.may(context, AclOperation.ALTER, ResourceType.CLUSTER, CLUSTER_NAME)
    ? undefined
    : refusal(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'Cluster authorization failed.');
}

/** Why not; undefined when it may. */
export function mayDescribeAcls({ access }: Services, context: RequestContext): Outcome | undefined {
  if (!access.enabled)
    return refusal(ErrorCode.SECURITY_DISABLED, 'No Authorizer is configured on the broker');
  return access.may(context, AclOperation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME)
    ? undefined
    : refusal(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'Cluster authorization failed.');
}
