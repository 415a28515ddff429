// The guard of Produce: a transaction needs WRITE on its id, each topic WRITE on itself.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newPartitionProduceResponse,
  newTopicProduceResponse,
  type ProduceRequest,
  type ProduceResponse,
  type TopicProduceData,
} from '@moldau/protocol/generated/produce.ts';
import { uuidToString } from '@moldau/protocol/uuid.ts';
import { AclOperation } from '../../metadata/acl-binding.ts';
import { split, type Guard } from './guard.ts';
import { TOPIC_REFUSED, TRANSACTIONAL_ID_REFUSED } from './refusal-text.ts';

/** From this version on topics are named by id. */
const TOPIC_IDS_VERSION = 13;

export const produce: Guard<ProduceRequest, ProduceResponse> = (asking, request) => {
  const { transactionalId } = request;
  const { topicNamesById } = asking.services.metadata.image;
  const writes = transactionalId === null || asking.transactionalId(AclOperation.WRITE, transactionalId);
  const { kept, refused } = split(request.topicData, ({ name, topicId }) => {
    if (!writes) return false;
    const known =
      asking.context.apiVersion < TOPIC_IDS_VERSION ? name : topicNamesById.get(uuidToString(topicId));
    // What does not exist is for the handler to say.
    return known === undefined || asking.topic(AclOperation.WRITE, known);
  });
  const why = writes
    ? { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, errorMessage: TOPIC_REFUSED }
    : {
        errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        errorMessage: TRANSACTIONAL_ID_REFUSED,
      };
  const refusals = refused.map(({ name, topicId, partitionData }: TopicProduceData) =>
    newTopicProduceResponse({
      name,
      topicId,
      partitionResponses: partitionData.map(({ index }) =>
        newPartitionProduceResponse({ ...why, index, baseOffset: -1 }),
      ),
    }),
  );
  return {
    allowed: { ...request, topicData: kept },
    finish: ({ responses }) => void responses.push(...refusals),
  };
};
