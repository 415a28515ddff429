// DescribeLogDirs: the size of each partition that this broker leads, and the space on its disk.
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
import { defineApi, type Services } from './services.ts';

export const describeLogDirs = defineApi<DescribeLogDirsRequest, DescribeLogDirsResponse>({
  request: describeLogDirsRequest,
  response: describeLogDirsResponse,
  async handle(services, _context, request) {
    const wanted =
      request.topics === null
        ? undefined
        : new Map(request.topics.map((topic) => [topic.topic, new Set(topic.partitions)]));
    const { free, total } = await services.logs.space();
    return newDescribeLogDirsResponse({
      results: [
        newDescribeLogDirsResult({
          logDir: services.dataFolder,
          topics: describeTopics(services, wanted),
          totalBytes: total,
          usableBytes: free,
        }),
      ],
    });
  },
});

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
