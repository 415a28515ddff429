// Guards of configs: each resource has its own owner. Those of brokers, their loggers and client metrics belong to the cluster.
import {
  newAlterConfigsResourceResponse as newAlterResult,
  type AlterConfigsRequest,
  type AlterConfigsResponse,
} from '@moldau/protocol/generated/alter-configs.ts';
import {
  newDescribeConfigsResult,
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
} from '@moldau/protocol/generated/describe-configs.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newAlterConfigsResourceResponse as newIncrementalResult,
  type IncrementalAlterConfigsRequest,
  type IncrementalAlterConfigsResponse,
} from '@moldau/protocol/generated/incremental-alter-configs.ts';
import { AclOperation } from '../../metadata/acl-binding.ts';
import { ConfigResourceType } from '../../settings/config-resource.ts';
import { split, type Asking, type Guard } from './guard.ts';
import { CLUSTER_REFUSED, GROUP_REFUSED, TOPIC_REFUSED } from './refusal-text.ts';

interface Resource {
  readonly resourceType: number;
  readonly resourceName: string;
}

function may(asking: Asking, operation: number, { resourceType, resourceName }: Resource): boolean {
  switch (resourceType) {
    case ConfigResourceType.TOPIC:
      return asking.topic(operation, resourceName);
    case ConfigResourceType.GROUP:
      return asking.group(operation, resourceName);
    default:
      return asking.cluster(operation);
  }
}

function refusalOf({ resourceType, resourceName }: Resource) {
  switch (resourceType) {
    case ConfigResourceType.TOPIC:
      return refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED, TOPIC_REFUSED);
    case ConfigResourceType.GROUP:
      return refused(ErrorCode.GROUP_AUTHORIZATION_FAILED, GROUP_REFUSED);
    default:
      return refused(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, CLUSTER_REFUSED);
  }
  function refused(errorCode: ErrorCode, errorMessage: string) {
    return { errorCode, errorMessage, resourceType, resourceName };
  }
}

export const describeConfigs: Guard<DescribeConfigsRequest, DescribeConfigsResponse> = (asking, request) => {
  const { kept, refused } = split(request.resources, (resource) =>
    may(asking, AclOperation.DESCRIBE_CONFIGS, resource),
  );
  return {
    allowed: { ...request, resources: kept },
    finish: ({ results }) =>
      void results.push(...refused.map((resource) => newDescribeConfigsResult(refusalOf(resource)))),
  };
};

export const alterConfigs: Guard<AlterConfigsRequest, AlterConfigsResponse> = (asking, request) => {
  const { kept, refused } = split(request.resources, (resource) =>
    may(asking, AclOperation.ALTER_CONFIGS, resource),
  );
  return {
    allowed: { ...request, resources: kept },
    finish: ({ responses }) =>
      void responses.push(...refused.map((resource) => newAlterResult(refusalOf(resource)))),
  };
};

export const incrementalAlterConfigs: Guard<
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse
> = (asking, request) => {
  const { kept, refused } = split(request.resources, (resource) =>
    may(asking, AclOperation.ALTER_CONFIGS, resource),
  );
  return {
    allowed: { ...request, resources: kept },
    finish: ({ responses }) =>
      void responses.push(...refused.map((resource) => newIncrementalResult(refusalOf(resource)))),
  };
};
