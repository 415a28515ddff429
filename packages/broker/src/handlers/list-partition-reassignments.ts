// ListPartitionReassignments: which partitions are on the move. Brokers of one process share their data, so a move is over when it has
// been decided: there is never one under way.
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
  newListPartitionReassignmentsResponse,
  type ListPartitionReassignmentsRequest,
  type ListPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/list-partition-reassignments.ts';
import { listPartitionReassignments as guard } from './access/cluster-guards.ts';
import { defineApi } from './services.ts';

export const listPartitionReassignments = defineApi<
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse
>({
  request: listPartitionReassignmentsRequest,
  response: listPartitionReassignmentsResponse,
  guard,
  handle() {
    return newListPartitionReassignmentsResponse({ errorMessage: null });
  },
});
