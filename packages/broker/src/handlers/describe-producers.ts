// DescribeProducers (KIP-664): the producers that a partition remembers.
//
// Every replica answers, not only the leader: `kafka-transactions.sh find-hanging --broker-id N` asks a broker about all partitions of which it
// holds a replica.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  describeProducersRequest,
  describeProducersResponse,
  newDescribeProducersResponse,
  newPartitionResponse,
  newProducerState,
  newTopicResponse,
  type DescribeProducersRequest,
  type DescribeProducersResponse,
  type PartitionResponse,
} from '@moldau/protocol/generated/describe-producers.ts';
import { describeProducers as guard } from './access/topic-guards.ts';
import { defineApi, type Services } from './services.ts';

export const describeProducers = defineApi<DescribeProducersRequest, DescribeProducersResponse>({
  request: describeProducersRequest,
  response: describeProducersResponse,
  guard,
  handle(services, _context, request) {
    return newDescribeProducersResponse({
      topics: request.topics.map((topic) =>
        newTopicResponse({
          name: topic.name,
          partitions: topic.partitionIndexes.map((index) => describe(services, topic.name, index)),
        }),
      ),
    });
  },
});

function describe(services: Services, name: string, partitionIndex: number): PartitionResponse {
  const topic = services.metadata.image.topics.get(name);
  const image = topic?.partitions[partitionIndex];
  if (topic === undefined || image === undefined)
    return newPartitionResponse({ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  const partition = services.partitions.get(topic.id, partitionIndex);
  if (!image.replicas.includes(services.brokerId) || partition === undefined)
    return newPartitionResponse({ partitionIndex, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER });
  const activeProducers = [...partition.producers.entries()].map(([producerId, entry]) =>
    newProducerState({
      producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.batches.at(-1)?.lastSequence ?? -1,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.transactionFirstOffset,
    }),
  );
  return newPartitionResponse({ partitionIndex, activeProducers });
}
