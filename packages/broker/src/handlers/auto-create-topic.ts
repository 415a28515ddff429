// Topics that are made because somebody asks for them: by clients' Metadata requests, and the broker's own.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { createTopics, type TopicToCreate } from '../metadata/create-topics.ts';
import { INTERNAL_TOPICS, TRANSACTION_STATE_TOPIC } from '../metadata/internal-topics.ts';
import { topicNameProblem } from '../metadata/topic-rules.ts';
import type { MutationQuota } from '../security/quotas/mutation-quotas.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import { propose } from './propose.ts';
import type { Services } from './services.ts';

/**
 * Makes the topic if it may be made, with the broker's defaults; NONE when it is there now, else why not.
 * @param quota of the client that asks, if it has one: while it is used up the topic is not made, and the client asks again
 */
export async function autoCreateTopic(
  services: Services,
  name: string,
  mayCreate: boolean,
  quota?: MutationQuota,
): Promise<ErrorCode> {
  if (topicNameProblem(name) !== undefined) return ErrorCode.INVALID_TOPIC_EXCEPTION;
  if (!mayCreate) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  if (INTERNAL_TOPICS.has(name)) return ensureInternalTopic(services, name);
  const topic = { name, numPartitions: -1, replicationFactor: -1, assignments: [], configs: [] };
  const error = await create(services, topic, quota);
  return error === ErrorCode.THROTTLING_QUOTA_EXCEEDED ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : error;
}

/** Makes a topic of the broker's own if it is missing. */
export async function ensureInternalTopic(services: Services, name: string): Promise<ErrorCode> {
  const image = services.metadata.image;
  if (image.topics.has(name)) return ErrorCode.NONE;
  return create(services, internalTopic(name, services.settings, image.brokers.size));
}

function internalTopic(name: string, settings: BrokerSettings, brokers: number): TopicToCreate {
  // One process may have fewer brokers than Kafka's default of 3; their data is as safe with one.
  if (name === TRANSACTION_STATE_TOPIC) {
    const replicationFactor = Math.min(settings.transactionTopicReplicationFactor, brokers);
    return {
      name,
      numPartitions: settings.transactionTopicNumPartitions,
      replicationFactor,
      assignments: [],
      configs: [
        { name: 'cleanup.policy', value: 'compact' },
        { name: 'compression.type', value: 'uncompressed' },
        {
          name: 'min.insync.replicas',
          value: String(Math.min(settings.transactionTopicMinIsr, replicationFactor)),
        },
        { name: 'segment.bytes', value: String(settings.transactionTopicSegmentBytes) },
        { name: 'unclean.leader.election.enable', value: 'false' },
      ],
    };
  }
  return {
    name,
    numPartitions: settings.offsetsTopicNumPartitions,
    replicationFactor: Math.min(settings.offsetsTopicReplicationFactor, brokers),
    assignments: [],
    configs: [
      { name: 'cleanup.policy', value: 'compact' },
      { name: 'compression.type', value: 'producer' },
      { name: 'segment.bytes', value: String(settings.offsetsTopicSegmentBytes) },
    ],
  };
}

async function create(services: Services, topic: TopicToCreate, quota?: MutationQuota): Promise<ErrorCode> {
  const { settings, random } = services;
  const { answer, failure } = await propose(services, (image) =>
    createTopics(image, [topic], { settings, random, validateOnly: false, quota }),
  );
  const error = failure?.errorCode ?? answer?.[0]?.errorCode ?? ErrorCode.NONE;
  return error === ErrorCode.TOPIC_ALREADY_EXISTS ? ErrorCode.NONE : error;
}
