// Decides DeleteTopics: by name, or by id (KIP-516). Codes and messages are Kafka's; unlike Kafka the broker's own topics are refused,
// because groups and transactions live in them.
import { errorMessage, ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { MutationQuota } from '../security/quotas/mutation-quotas.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import { refusal, SUCCESS, type Outcome } from '../settings/outcome.ts';
import type { MetadataChange } from './change.ts';
import type { MetadataImage, TopicImage } from './image.ts';

/** One of both is given; as in the request, with null for what is not. */
export interface TopicToDelete {
  readonly name: string | null;
  /** Base64url; null (the zero uuid) when the topic is named. */
  readonly topicId: string | null;
}

export interface DeletedTopic extends Outcome {
  readonly name: string | null;
  readonly topicId: string | null;
}

/**
 * For `MetadataStore.propose`. The answers are in the order of the request.
 * @param context with the quota of the client that asks, if it has one: each partition is counted
 */
export function deleteTopics(
  image: MetadataImage,
  topics: readonly TopicToDelete[],
  { settings, quota }: { readonly settings: BrokerSettings; readonly quota?: MutationQuota | undefined },
): { readonly changes: readonly MetadataChange[]; readonly answer: readonly DeletedTopic[] } {
  quota?.begin();
  const changes: MetadataChange[] = [];
  const times = new Map<string, number>();
  for (const topic of topics) {
    const found = findTopic(image, topic);
    if ('id' in found) {
      times.set(found.id, (times.get(found.id) ?? 0) + 1);
    }
  }
  const answer = topics.map((asked): DeletedTopic => {
    const topic = settings.deleteTopicEnable
      ? findTopic(image, asked)
      : refusal(ErrorCode.TOPIC_DELETION_DISABLED, errorMessage(ErrorCode.TOPIC_DELETION_DISABLED));
    if ('errorCode' in topic) {
      return { ...asked, ...topic };
    }
    const named = { name: topic.name, topicId: topic.id };
    if ((times.get(topic.id) as number) > 1) {
      return {
        ...named,
        ...refusal(
          ErrorCode.INVALID_REQUEST,
          asked.name === null ? 'Duplicate topic id.' : 'Duplicate topic name.',
        ),
      };
    }
    if (topic.internal) {
      return {
        ...named,
        ...refusal(
          ErrorCode.INVALID_TOPIC_EXCEPTION,
          `The topic ${topic.name} is the broker's own and cannot be deleted.`,
        ),
      };
    }
    const exceeded = quota?.take(topic.partitions.length);
    if (exceeded !== undefined) {
      return { ...named, ...exceeded };
    }
    changes.push({ kind: 'topic-deleted', name: topic.name, id: topic.id });
    return { ...named, ...SUCCESS };
  });
  return { changes, answer };
}

function findTopic(image: MetadataImage, { name, topicId }: TopicToDelete): TopicImage | Outcome {
  if (name !== null && topicId !== null) {
    return refusal(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.');
  }
  if (name === null && topicId === null) {
    return refusal(ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.');
  }
  const unknown = name === null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  return (
    image.topics.get(name ?? image.topicNamesById.get(topicId as string) ?? '') ??
    refusal(unknown, errorMessage(unknown))
  );
}
