// Produce: appends one record batch to each partition named and answers when all of them are durable (acks 1 and -1 alike:
// nothing is acknowledged before it survives a power cut), or not at all (acks 0).
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newBatchIndexAndErrorMessage,
  newNodeEndpoint,
  newPartitionProduceResponse,
  newProduceResponse,
  newTopicProduceResponse,
  produceRequest,
  produceResponse,
  type BatchIndexAndErrorMessage,
  type PartitionProduceData,
  type PartitionProduceResponse,
  type ProduceRequest,
  type ProduceResponse,
  type TopicProduceData,
} from '@moldau/protocol/generated/produce.ts';
import { isZeroUuid, uuidToString } from '@moldau/protocol';
import type { RecordProblem } from '../partition/check-produced.ts';
import type { AppendOutcome } from '../partition/partition.ts';
import { produce as guard } from './access/produce-guard.ts';
import { ledPartition, type LedPartition } from './led-partition.ts';
import { transactionGate, transactionProblem } from './produce-transaction.ts';
import { defineApi, type RequestContext, type Services } from './services.ts';

/** From this version on topics are named by id. */
const TOPIC_IDS_VERSION = 13;
/** From this version on the answer can name the current leader (KIP-951). */
const LEADER_VERSION = 10;
/** acks=all */
const ALL_REPLICAS = -1;

export const produce = defineApi<ProduceRequest, ProduceResponse>({
  request: produceRequest,
  response: produceResponse,
  guard,
  handle(services, context, request) {
    // Counted before it is appended: no request that is on its way behind this one starts when this one is too much.
    countProduced(services, context);
    return new Promise((resolve) => {
      const response = newProduceResponse();
      const problem = transactionProblem(request);
      let waiting = 1;
      const settle = (): void => {
        waiting -= 1;
        if (waiting === 0) resolve(request.acks === 0 ? undefined : response);
      };
      for (const topic of request.topicData) {
        const answer = newTopicProduceResponse({ name: topic.name, topicId: topic.topicId });
        response.responses.push(answer);
        const name = topicName(services, topic, context.apiVersion);
        for (const data of topic.partitionData) {
          const partitionAnswer = newPartitionProduceResponse({ index: data.index });
          answer.partitionResponses.push(partitionAnswer);
          waiting += 1;
          if (problem !== ErrorCode.NONE) refuse(partitionAnswer, settle, problem, null);
          else appendTo(services, context, request, name, data, partitionAnswer, response, settle);
        }
      }
      settle();
    });
  },
});

function countProduced({ quotas, clock }: Services, context: RequestContext): void {
  if (quotas.active) context.throttle(quotas.produced(context, context.requestBytes, clock.monotonic()));
}

function topicName(services: Services, topic: TopicProduceData, version: number): string | undefined {
  if (version < TOPIC_IDS_VERSION) return topic.name;
  return isZeroUuid(topic.topicId)
    ? undefined
    : services.metadata.image.topicNamesById.get(uuidToString(topic.topicId));
}

function appendTo(
  services: Services,
  context: RequestContext,
  request: ProduceRequest,
  name: string | undefined,
  data: PartitionProduceData,
  answer: PartitionProduceResponse,
  response: ProduceResponse,
  settle: () => void,
): void {
  const refused = (error: ErrorCode, message: string | null) => refuse(answer, settle, error, message);
  if (request.acks < -1 || request.acks > 1) {
    return refused(ErrorCode.INVALID_REQUIRED_ACKS, `acks=${request.acks} is none of -1 (all), 0 and 1`);
  }
  if (name === undefined) return refused(ErrorCode.UNKNOWN_TOPIC_ID, null);
  const led = ledPartition(services, name, data.index);
  if (led.partition === undefined) {
    if (context.apiVersion >= LEADER_VERSION) nameLeader(services, led, answer, response);
    return refused(led.error, null);
  }
  if (led.topic?.internal) {
    return refused(
      ErrorCode.INVALID_TOPIC_EXCEPTION,
      `The topic ${name} is the broker's own; clients do not write to it.`,
    );
  }
  const { partition, image } = led;
  if (request.acks === ALL_REPLICAS && image.isr.length < partition.config.minInsyncReplicas) {
    return refused(
      ErrorCode.NOT_ENOUGH_REPLICAS,
      `${image.isr.length} replicas are in sync, min.insync.replicas asks for ${partition.config.minInsyncReplicas}.`,
    );
  }
  const records = data.records ?? new Uint8Array(0);
  const gate = transactionGate(services, context.apiVersion, request.transactionalId, records, {
    topic: name,
    index: data.index,
    image,
  });
  partition.append(
    records,
    context.memory,
    image.leaderEpoch,
    (outcome: AppendOutcome) => {
      answer.errorCode = outcome.error;
      answer.errorMessage = outcome.message;
      answer.baseOffset = outcome.baseOffset;
      answer.logAppendTimeMs = outcome.logAppendTimeMs;
      if (outcome.recordProblems.length > 0) answer.recordErrors = outcome.recordProblems.map(recordError);
      answer.logStartOffset = outcome.error === ErrorCode.NONE ? partition.logStartOffset : -1;
      settle();
    },
    gate,
  );
}

function refuse(
  answer: PartitionProduceResponse,
  settle: () => void,
  error: ErrorCode,
  message: string | null,
): void {
  answer.errorCode = error;
  answer.errorMessage = message;
  answer.baseOffset = -1;
  settle();
}

function recordError({ index, message }: RecordProblem): BatchIndexAndErrorMessage {
  return newBatchIndexAndErrorMessage({ batchIndex: index, batchIndexErrorMessage: message });
}

/** Tells the client who leads now, so that it need not ask for metadata first (KIP-951). */
function nameLeader(
  services: Services,
  led: LedPartition,
  answer: PartitionProduceResponse,
  response: ProduceResponse,
): void {
  if (led.image === undefined || led.error !== ErrorCode.NOT_LEADER_OR_FOLLOWER) return;
  answer.currentLeader.leaderId = led.image.leader;
  answer.currentLeader.leaderEpoch = led.image.leaderEpoch;
  const leader = services.metadata.image.brokers.get(led.image.leader);
  if (leader === undefined || response.nodeEndpoints.some((endpoint) => endpoint.nodeId === leader.id))
    return;
  response.nodeEndpoints.push(
    newNodeEndpoint({ nodeId: leader.id, host: leader.host, port: leader.port, rack: leader.rack }),
  );
}
