// DeleteRecords (KIP-107): moves the start of a partition up, so that all before it is gone for every consumer.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  deleteRecordsRequest,
  deleteRecordsResponse,
  newDeleteRecordsPartitionResult,
  newDeleteRecordsResponse,
  newDeleteRecordsTopicResult,
  type DeleteRecordsPartitionResult,
  type DeleteRecordsRequest,
  type DeleteRecordsResponse,
} from '@moldau/protocol/generated/delete-records.ts';
import { LogError } from '../log/partition-log.ts';
import { deleteRecords as guard } from './access/topic-guards.ts';
import { ledPartition } from './led-partition.ts';
import { defineApi, type Services } from './services.ts';

/** "Up to the high watermark." */
const HIGH_WATERMARK = -1;

export const deleteRecords = defineApi<DeleteRecordsRequest, DeleteRecordsResponse>({
  request: deleteRecordsRequest,
  response: deleteRecordsResponse,
  guard,
  async handle(services, _context, request) {
    const response = newDeleteRecordsResponse();
    for (const topic of request.topics) {
      const partitions = await Promise.all(
        topic.partitions.map((asked) =>
          deleteBefore(services, topic.name, asked.partitionIndex, asked.offset),
        ),
      );
      response.topics.push(newDeleteRecordsTopicResult({ name: topic.name, partitions }));
    }
    return response;
  },
});

async function deleteBefore(
  services: Services,
  topic: string,
  partitionIndex: number,
  offset: number,
): Promise<DeleteRecordsPartitionResult> {
  const failed = (errorCode: ErrorCode) =>
    newDeleteRecordsPartitionResult({ partitionIndex, errorCode, lowWatermark: -1 });
  const led = ledPartition(services, topic, partitionIndex);
  if (led.partition === undefined) return failed(led.error);
  const { partition } = led;
  if (led.topic.internal || !partition.config.log.deletes) return failed(ErrorCode.POLICY_VIOLATION);
  const target = offset === HIGH_WATERMARK ? partition.highWatermark : offset;
  if (target < 0 || target > partition.highWatermark) return failed(ErrorCode.OFFSET_OUT_OF_RANGE);
  try {
    if (target > partition.logStartOffset) await partition.log.deleteBefore(target);
    return newDeleteRecordsPartitionResult({ partitionIndex, lowWatermark: partition.logStartOffset });
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    services.logger.error({ topic, partition: partitionIndex, err: error }, 'records could not be deleted');
    return failed(ErrorCode.KAFKA_STORAGE_ERROR);
  }
}
