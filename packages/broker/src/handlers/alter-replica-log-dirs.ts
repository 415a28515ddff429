// AlterReplicaLogDirs (KIP-113): moves replicas between the log directories of a broker. A process has one, so the only place where a
// replica can be sent is where it is.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  alterReplicaLogDirsRequest,
  alterReplicaLogDirsResponse,
  newAlterReplicaLogDirPartitionResult,
  newAlterReplicaLogDirsResponse,
  newAlterReplicaLogDirTopicResult,
  type AlterReplicaLogDirsRequest,
  type AlterReplicaLogDirsResponse,
} from '@moldau/protocol/generated/alter-replica-log-dirs.ts';
import { alterReplicaLogDirs as guard } from './access/cluster-guards.ts';
import { defineApi, type Services } from './services.ts';

export const alterReplicaLogDirs = defineApi<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse>({
  request: alterReplicaLogDirsRequest,
  response: alterReplicaLogDirsResponse,
  guard,
  handle(services, _context, request) {
    // By topic and partition: of one that is named for two directories, the later counts, as in Kafka.
    const outcomes = new Map<string, Map<number, ErrorCode>>();
    for (const { path, topics } of request.dirs) {
      for (const { name, partitions } of topics) {
        const ofTopic = outcomes.get(name) ?? new Map<number, ErrorCode>();
        outcomes.set(name, ofTopic);
        for (const partition of partitions)
          ofTopic.set(partition, outcomeOf(services, path, name, partition));
      }
    }
    return newAlterReplicaLogDirsResponse({
      results: [...outcomes].map(([topicName, partitions]) =>
        newAlterReplicaLogDirTopicResult({
          topicName,
          partitions: [...partitions].map(([partitionIndex, errorCode]) =>
            newAlterReplicaLogDirPartitionResult({ partitionIndex, errorCode }),
          ),
        }),
      ),
    });
  },
});

function outcomeOf(services: Services, path: string, topic: string, partition: number): ErrorCode {
  if (path !== services.dataFolder) return ErrorCode.LOG_DIR_NOT_FOUND;
  const image = services.metadata.image.topics.get(topic)?.partitions[partition];
  if (image === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return image.replicas.includes(services.brokerId) ? ErrorCode.NONE : ErrorCode.REPLICA_NOT_AVAILABLE;
}
