// Guards of what concerns the cluster as a whole: one question, and the whole request is refused or not.
import type {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '@moldau/protocol/generated/alter-client-quotas.ts';
import {
  newAlterClientQuotasResponse,
  newAlterClientQuotasResponseEntryData,
} from '@moldau/protocol/generated/alter-client-quotas.ts';
import {
  newAlterPartitionReassignmentsResponse,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/alter-partition-reassignments.ts';
import {
  newAlterReplicaLogDirPartitionResult,
  newAlterReplicaLogDirsResponse,
  newAlterReplicaLogDirTopicResult,
  type AlterReplicaLogDirsRequest,
  type AlterReplicaLogDirsResponse,
} from '@moldau/protocol/generated/alter-replica-log-dirs.ts';
import {
  newAlterUserScramCredentialsResponse,
  newAlterUserScramCredentialsResult,
  type AlterUserScramCredentialsRequest,
  type AlterUserScramCredentialsResponse,
} from '@moldau/protocol/generated/alter-user-scram-credentials.ts';
import {
  newDescribeClientQuotasResponse,
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponse,
} from '@moldau/protocol/generated/describe-client-quotas.ts';
import type {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '@moldau/protocol/generated/describe-cluster.ts';
import {
  newDescribeLogDirsResponse,
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
} from '@moldau/protocol/generated/describe-log-dirs.ts';
import {
  newDescribeQuorumResponse,
  type DescribeQuorumRequest,
  type DescribeQuorumResponse,
} from '@moldau/protocol/generated/describe-quorum.ts';
import {
  newDescribeUserScramCredentialsResponse,
  type DescribeUserScramCredentialsRequest,
  type DescribeUserScramCredentialsResponse,
} from '@moldau/protocol/generated/describe-user-scram-credentials.ts';
import {
  newElectLeadersResponse,
  newPartitionResult,
  newReplicaElectionResult,
  type ElectLeadersRequest,
  type ElectLeadersResponse,
} from '@moldau/protocol/generated/elect-leaders.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newListConfigResourcesResponse,
  type ListConfigResourcesRequest,
  type ListConfigResourcesResponse,
} from '@moldau/protocol/generated/list-config-resources.ts';
import {
  newListPartitionReassignmentsResponse,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/list-partition-reassignments.ts';
import {
  newUnregisterBrokerResponse,
  type UnregisterBrokerRequest,
  type UnregisterBrokerResponse,
} from '@moldau/protocol/generated/unregister-broker.ts';
import {
  newUpdateFeaturesResponse,
  type UpdateFeaturesRequest,
  type UpdateFeaturesResponse,
} from '@moldau/protocol/generated/update-features.ts';
import { AclOperation, CLUSTER_NAME, ResourceType } from '../../metadata/acl-binding.ts';
import { CLUSTER_OPERATIONS } from '../authorized-operations.ts';
import type { Asking, Guard } from './guard.ts';
import { CLUSTER_REFUSED } from './refusal-text.ts';

const REFUSED = { errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, errorMessage: CLUSTER_REFUSED };

/** The whole request needs `operation` on the cluster. */
function needs<Request, Response>(
  operation: number,
  refuse: (request: Request) => Response,
): Guard<Request, Response> {
  return (asking, request) =>
    asking.cluster(operation) ? { allowed: request } : { refused: refuse(request) };
}

export const alterClientQuotas = needs<AlterClientQuotasRequest, AlterClientQuotasResponse>(
  AclOperation.ALTER_CONFIGS,
  ({ entries }) =>
    newAlterClientQuotasResponse({
      entries: entries.map(({ entity }) => newAlterClientQuotasResponseEntryData({ ...REFUSED, entity })),
    }),
);

export const describeClientQuotas = needs<DescribeClientQuotasRequest, DescribeClientQuotasResponse>(
  AclOperation.DESCRIBE_CONFIGS,
  () => newDescribeClientQuotasResponse({ ...REFUSED, entries: null }),
);

export const alterPartitionReassignments = needs<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse
>(AclOperation.ALTER, () => newAlterPartitionReassignmentsResponse(REFUSED));

export const listPartitionReassignments = needs<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse
>(AclOperation.DESCRIBE, () => newListPartitionReassignmentsResponse(REFUSED));

export const alterReplicaLogDirs = needs<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse>(
  AclOperation.ALTER,
  ({ dirs }) =>
    newAlterReplicaLogDirsResponse({
      results: dirs.flatMap(({ topics }) =>
        topics.map(({ name, partitions }) =>
          newAlterReplicaLogDirTopicResult({
            topicName: name,
            partitions: partitions.map((partitionIndex) =>
              newAlterReplicaLogDirPartitionResult({ partitionIndex, errorCode: REFUSED.errorCode }),
            ),
          }),
        ),
      ),
    }),
);

export const describeLogDirs = needs<DescribeLogDirsRequest, DescribeLogDirsResponse>(
  AclOperation.DESCRIBE,
  () => newDescribeLogDirsResponse({ errorCode: REFUSED.errorCode }),
);

export const describeQuorum = needs<DescribeQuorumRequest, DescribeQuorumResponse>(
  AclOperation.DESCRIBE,
  () => newDescribeQuorumResponse(REFUSED),
);

export const electLeaders = needs<ElectLeadersRequest, ElectLeadersResponse>(
  AclOperation.ALTER,
  ({ topicPartitions }) =>
    newElectLeadersResponse({
      errorCode: REFUSED.errorCode,
      replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) =>
        newReplicaElectionResult({
          topic,
          partitionResult: partitions.map((partitionId) => newPartitionResult({ ...REFUSED, partitionId })),
        }),
      ),
    }),
);

export const listConfigResources = needs<ListConfigResourcesRequest, ListConfigResourcesResponse>(
  AclOperation.DESCRIBE_CONFIGS,
  () => newListConfigResourcesResponse({ errorCode: REFUSED.errorCode }),
);

export const unregisterBroker = needs<UnregisterBrokerRequest, UnregisterBrokerResponse>(
  AclOperation.ALTER,
  () => newUnregisterBrokerResponse(REFUSED),
);

export const updateFeatures = needs<UpdateFeaturesRequest, UpdateFeaturesResponse>(AclOperation.ALTER, () =>
  newUpdateFeaturesResponse(REFUSED),
);

export const alterUserScramCredentials = needs<
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse
>(AclOperation.ALTER, ({ deletions, upsertions }) =>
  newAlterUserScramCredentialsResponse({
    results: [...new Set([...deletions, ...upsertions].map(({ name }) => name))].map((user) =>
      newAlterUserScramCredentialsResult({ ...REFUSED, user }),
    ),
  }),
);

export const describeUserScramCredentials = needs<
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse
>(AclOperation.DESCRIBE, () => newDescribeUserScramCredentialsResponse(REFUSED));

/** Everyone may know the brokers; which operations the client may do is another matter. */
export const describeCluster: Guard<DescribeClusterRequest, DescribeClusterResponse> = (asking, request) => ({
  allowed: request,
  finish(response) {
    if (!request.includeClusterAuthorizedOperations) return;
    response.clusterAuthorizedOperations = clusterOperations(asking);
  },
});

export function clusterOperations(asking: Asking): number {
  return asking.operations(CLUSTER_OPERATIONS, ResourceType.CLUSTER, CLUSTER_NAME);
}
