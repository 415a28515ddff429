// DescribeLogDirs: the size of each partition that this broker leads, and the space on its disk.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  describeLogDirsRequest,
  describeLogDirsResponse,
  newDescribeLogDirsPartition,
  newDescribeLogDirsResponse,
  newDescribeLogDirsResult,
  newDescribeLogDirsTopic,
  type DescribeLogDirsRequest,
  type DescribeLogDirsResponse,
} from '@moldau/protocol/generated/describe-log-dirs.ts';
import { DiskError } from '@moldau/runtime';
import { describeLogDirs as guard } from './access/cluster-guards.ts';
import { defineApi, type Services } from './services.ts';

export const describeLogDirs = defineApi<DescribeLogDirsRequest, DescribeLogDirsResponse>({
  request: describeLogDirsRequest,
  response: describeLogDirsResponse,
  guard,
  async handle(services, _context, request) {
    const wanted =
      request.topics === null
        ? undefined
        : new Map(request.topics.map((topic) => [topic.topic, new Set(topic.partitions)]));
    const space = await spaceOf(services);
    const logDir = services.dataFolder;
    const result =
      space === undefined
        ? newDescribeLogDirsResult({ logDir, errorCode: ErrorCode.KAFKA_STORAGE_ERROR })
        : newDescribeLogDirsResult({
            logDir,
            topics: describeTopics(services, wanted),
            totalBytes: space.total,
            usableBytes: space.free,
          });
    return newDescribeLogDirsResponse({ results: [result] });
  },
});

/** Undefined when the disk does not tell: the folder is gone, or cannot be read. */
async function spaceOf({ logs, logger }: Services): Promise<{ free: number; total: number } | undefined> {
  try {
    return await logs.space();
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    logger.error({ err: error }, 'the space of the log directory could not be read');
    return undefined;
  }
}

function describeTopics(services: Services, wanted: ReadonlyMap<string, ReadonlySet<number>> | undefined) {
  const topics = [];
  for (const topic of services.metadata.image.topics.values()) {
    const indexes = wanted?.get(topic.name);
    if (wanted !== undefined && indexes === undefined) continue;
    const partitions = [];
    for (const [index, image] of topic.partitions.entries()) {
      const held =
        image.replicas.includes(services.brokerId) && (indexes === undefined || indexes.has(index));
      const partition = held ? services.partitions.get(topic.id, index) : undefined;
      if (partition !== undefined) {
        partitions.push(
          newDescribeLogDirsPartition({ partitionIndex: index, partitionSize: partition.log.sizeInBytes }),
        );
      }
    }
    if (partitions.length > 0) topics.push(newDescribeLogDirsTopic({ name: topic.name, partitions }));
  }
  return topics;
}
