// ElectLeaders: gives partitions back to their preferred leaders (KIP-183), or to any replica when there is no leader (KIP-460).
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  electLeadersRequest,
  electLeadersResponse,
  newElectLeadersResponse,
  newPartitionResult,
  newReplicaElectionResult,
  type ElectLeadersRequest,
  type ElectLeadersResponse,
} from '@moldau/protocol/generated/elect-leaders.ts';
import { ElectionType, electLeaders as decide } from '../metadata/elect-leaders.ts';
import { electLeaders as guard } from './access/cluster-guards.ts';
import { refusal, type Outcome } from '../settings/outcome.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

const FIRST_WITH_ERROR = 1;

export const electLeaders = defineApi<ElectLeadersRequest, ElectLeadersResponse>({
  request: electLeadersRequest,
  response: electLeadersResponse,
  guard,
  async handle(services, context, request) {
    const { electionType } = request;
    const answeredAlike = (outcome: Outcome) =>
      newElectLeadersResponse({
        ...(context.apiVersion >= FIRST_WITH_ERROR ? { errorCode: outcome.errorCode } : {}),
        replicaElectionResults: (request.topicPartitions ?? []).map(({ topic, partitions }) =>
          newReplicaElectionResult({
            topic,
            partitionResult: partitions.map((partitionId) => newPartitionResult({ partitionId, ...outcome })),
          }),
        ),
      });
    if (electionType !== ElectionType.PREFERRED && electionType !== ElectionType.UNCLEAN) {
      return answeredAlike(refusal(ErrorCode.INVALID_REQUEST, `Unknown election type ${electionType}`));
    }
    const { answer, failure } = await propose(services, (image) => decide(image, request));
    if (failure !== undefined) return answeredAlike(failure);
    return newElectLeadersResponse({
      replicaElectionResults: answer.map(({ topic, partitionResult }) =>
        newReplicaElectionResult({
          topic,
          partitionResult: partitionResult.map((result) => newPartitionResult(result)),
        }),
      ),
    });
  },
});
