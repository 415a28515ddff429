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
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

const FIRST_WITH_ERROR = 1;

export const electLeaders = defineApi<ElectLeadersRequest, ElectLeadersResponse>({
  request: electLeadersRequest,
  response: electLeadersResponse,
  guard,
  async handle(services, context, request) {
    const { electionType } = request;
    if (electionType !== ElectionType.PREFERRED && electionType !== ElectionType.UNCLEAN) {
      return newElectLeadersResponse(
        context.apiVersion >= FIRST_WITH_ERROR ? { errorCode: ErrorCode.INVALID_REQUEST } : {},
      );
    }
    const { answer, failure } = await propose(services, (image) => decide(image, request));
    if (failure !== undefined) {
      return newElectLeadersResponse(
        context.apiVersion >= FIRST_WITH_ERROR ? { errorCode: failure.errorCode } : {},
      );
    }
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
