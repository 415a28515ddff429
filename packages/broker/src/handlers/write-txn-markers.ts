// WriteTxnMarkers: a transaction coordinator ends a transaction in the partitions that this broker leads. Answered for each partition once its marker is
// durable there: until then the coordinator must not count the transaction as complete.
//
// Markers of `__consumer_offsets` go through the group coordinator, which then makes the offsets of the transaction visible, or drops them.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newWritableTxnMarkerPartitionResult,
  newWritableTxnMarkerResult,
  newWritableTxnMarkerTopicResult,
  newWriteTxnMarkersResponse,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
  type WritableTxnMarker,
  type WritableTxnMarkerResult,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import { GROUP_METADATA_TOPIC } from '../metadata/internal-topics.ts';
import type { TransactionMarker } from '../partition/transaction-marker.ts';
import { writeTxnMarkers as guard } from './access/transaction-guards.ts';
import { ledPartition } from './led-partition.ts';
import { defineApi, type Services } from './services.ts';

export const writeTxnMarkers = defineApi<WriteTxnMarkersRequest, WriteTxnMarkersResponse>({
  request: writeTxnMarkersRequest,
  response: writeTxnMarkersResponse,
  guard,
  async handle(services, _context, request) {
    const markers = await Promise.all(request.markers.map((marker) => writeMarker(services, marker)));
    return newWriteTxnMarkersResponse({ markers: byProducer(markers) });
  },
});

async function writeMarker(services: Services, asked: WritableTxnMarker): Promise<WritableTxnMarkerResult> {
  const marker: TransactionMarker = {
    producerId: asked.producerId,
    producerEpoch: asked.producerEpoch,
    coordinatorEpoch: asked.coordinatorEpoch,
    committed: asked.transactionResult,
    transactionVersion: asked.transactionVersion,
  };
  const topics = asked.topics.map(async ({ name, partitionIndexes }) => {
    const partitions = partitionIndexes.map(async (partitionIndex) => {
      const errorCode = await appendMarker(services, name, partitionIndex, marker);
      return newWritableTxnMarkerPartitionResult({ partitionIndex, errorCode });
    });
    return newWritableTxnMarkerTopicResult({ name, partitions: await Promise.all(partitions) });
  });
  return newWritableTxnMarkerResult({ producerId: asked.producerId, topics: await Promise.all(topics) });
}

function appendMarker(
  services: Services,
  topic: string,
  index: number,
  marker: TransactionMarker,
): Promise<ErrorCode> {
  const led = ledPartition(services, topic, index);
  if (led.partition === undefined) return Promise.resolve(leaderless(led.error));
  if (topic === GROUP_METADATA_TOPIC)
    return services.groups.completeTransaction(index, marker).then(leaderless);
  const { partition, image } = led;
  return new Promise((resolve) => {
    partition.appendMarker(marker, image.leaderEpoch, ({ error }) => resolve(error));
  });
}

/** The transaction coordinator looks for the leader again on NOT_LEADER_OR_FOLLOWER; it does not expect what clients of a coordinator are told. */
function leaderless(error: ErrorCode): ErrorCode {
  switch (error) {
    case ErrorCode.LEADER_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
      return ErrorCode.NOT_LEADER_OR_FOLLOWER;
    default:
      return error;
  }
}

/** One result for each producer, as in Kafka, though a request may hold several markers of one. */
function byProducer(results: readonly WritableTxnMarkerResult[]): WritableTxnMarkerResult[] {
  const merged = new Map<number, WritableTxnMarkerResult>();
  for (const result of results) {
    const known = merged.get(result.producerId);
    if (known === undefined) merged.set(result.producerId, result);
    else known.topics.push(...result.topics);
  }
  return [...merged.values()];
}
