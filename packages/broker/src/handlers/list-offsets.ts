// ListOffsets: the offset for a time, the earliest, the latest, or that of the largest timestamp, of each partition named.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  listOffsetsRequest,
  listOffsetsResponse,
  newListOffsetsPartitionResponse,
  newListOffsetsResponse,
  newListOffsetsTopicResponse,
  type ListOffsetsPartition,
  type ListOffsetsPartitionResponse,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from '@moldau/protocol/generated/list-offsets.ts';
import { LogError } from '../log/partition-log.ts';
import {
  EARLIEST_LOCAL_TIMESTAMP,
  EARLIEST_PENDING_UPLOAD_TIMESTAMP,
  LATEST_TIERED_TIMESTAMP,
  MAX_TIMESTAMP,
  findOffset,
} from '../partition/find-offset.ts';
import { listOffsets as guard } from './access/topic-guards.ts';
import { leaderEpochError, ledPartition } from './led-partition.ts';
import { defineApi, type RequestContext, type Services } from './services.ts';

const READ_COMMITTED = 1;
/** From this version on the answer has leader epochs. */
const LEADER_EPOCH_VERSION = 4;

/** From which version on each special timestamp may be asked for. */
const FIRST_VERSION: ReadonlyMap<number, number> = new Map([
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL_TIMESTAMP, 8],
  [LATEST_TIERED_TIMESTAMP, 9],
  [EARLIEST_PENDING_UPLOAD_TIMESTAMP, 11],
]);

export const listOffsets = defineApi<ListOffsetsRequest, ListOffsetsResponse>({
  request: listOffsetsRequest,
  response: listOffsetsResponse,
  guard,
  async handle(services, context, request) {
    const response = newListOffsetsResponse();
    const readCommitted = request.isolationLevel === READ_COMMITTED;
    for (const topic of request.topics) {
      const answer = newListOffsetsTopicResponse({ name: topic.name });
      response.topics.push(answer);
      const seen = new Set<number>();
      const repeated = new Set(
        topic.partitions.map((p) => p.partitionIndex).filter((index) => seen.size === seen.add(index).size),
      );
      for (const asked of topic.partitions) {
        const tooNew = (FIRST_VERSION.get(asked.timestamp) ?? 0) > context.apiVersion;
        answer.partitions.push(
          repeated.has(asked.partitionIndex)
            ? failed(asked.partitionIndex, ErrorCode.INVALID_REQUEST)
            : tooNew
              ? failed(asked.partitionIndex, ErrorCode.UNSUPPORTED_VERSION)
              : await find(services, context, topic.name, asked, readCommitted),
        );
      }
    }
    return response;
  },
});

async function find(
  services: Services,
  context: RequestContext,
  topic: string,
  asked: ListOffsetsPartition,
  readCommitted: boolean,
): Promise<ListOffsetsPartitionResponse> {
  const led = ledPartition(services, topic, asked.partitionIndex);
  if (led.partition === undefined) return failed(asked.partitionIndex, led.error);
  const epochError = leaderEpochError(asked.currentLeaderEpoch, led.image.leaderEpoch);
  if (epochError !== ErrorCode.NONE) return failed(asked.partitionIndex, epochError);
  try {
    const found = await findOffset(led.partition, asked.timestamp, readCommitted, led.image.leaderEpoch);
    return newListOffsetsPartitionResponse({
      partitionIndex: asked.partitionIndex,
      errorCode: found.error,
      offset: found.offset,
      timestamp: found.timestamp,
      leaderEpoch: context.apiVersion < LEADER_EPOCH_VERSION ? -1 : found.leaderEpoch,
    });
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    services.logger.error(
      { topic, partition: asked.partitionIndex, err: error },
      'an offset could not be looked up',
    );
    return failed(asked.partitionIndex, ErrorCode.KAFKA_STORAGE_ERROR);
  }
}

function failed(partitionIndex: number, errorCode: ErrorCode): ListOffsetsPartitionResponse {
  return newListOffsetsPartitionResponse({ partitionIndex, errorCode });
}
