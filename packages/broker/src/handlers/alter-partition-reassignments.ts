// AlterPartitionReassignments (KIP-455): moves partitions to other brokers. See metadata/reassign-partitions.ts for what that means here.
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
  newAlterPartitionReassignmentsResponse,
  newReassignablePartitionResponse,
  newReassignableTopicResponse,
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/alter-partition-reassignments.ts';
import { reassignPartitions } from '../metadata/reassign-partitions.ts';
import { alterPartitionReassignments as guard } from './access/cluster-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

const FIRST_WITH_REPLICATION_FACTOR_RULE = 1;

export const alterPartitionReassignments = defineApi<
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse
>({
  request: alterPartitionReassignmentsRequest,
  response: alterPartitionReassignmentsResponse,
  guard,
  async handle(services, context, { topics, allowReplicationFactorChange }) {
    const allowed =
      context.apiVersion >= FIRST_WITH_REPLICATION_FACTOR_RULE ? { allowReplicationFactorChange } : {};
    const { answer, failure } = await propose(services, (image) =>
      reassignPartitions(image, { topics, allowReplicationFactorChange }),
    );
    if (failure !== undefined) return newAlterPartitionReassignmentsResponse({ ...failure, ...allowed });
    return newAlterPartitionReassignmentsResponse({
      ...allowed,
      errorMessage: null,
      responses: answer.map(({ name, partitions }) =>
        newReassignableTopicResponse({
          name,
          partitions: partitions.map((outcome) => newReassignablePartitionResponse(outcome)),
        }),
      ),
    });
  },
});
