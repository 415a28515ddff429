// DescribeProducers (KIP-664): the producers that a partition remembers.
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
import { ledPartition } from './led-partition.ts';
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

function describe(services: Services, topic: string, partitionIndex: number): PartitionResponse {
  const led = ledPartition(services, topic, partitionIndex);
  if (led.partition === undefined) {
    const errorMessage =
      led.error === ErrorCode.NOT_LEADER_OR_FOLLOWER
        ? `Broker ${led.image?.leader} leads ${topic}-${partitionIndex}.`
        : null;
    return newPartitionResponse({ partitionIndex, errorCode: led.error, errorMessage });
  }
  const activeProducers = [...led.partition.producers.entries()].map(([producerId, entry]) =>
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
