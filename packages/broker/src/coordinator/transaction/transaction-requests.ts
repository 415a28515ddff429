// The requests of transactions in the versions of the wire: which decision each asks for, and how its outcome is answered.
import { ErrorCode, type ErrorName } from '@moldau/protocol/generated/errors.ts';
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import {
  newAddPartitionsToTxnResponse,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  type AddPartitionsToTxnTopicResult,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import {
  newEndTxnResponse,
  type EndTxnRequest,
  type EndTxnResponse,
} from '@moldau/protocol/generated/end-txn.ts';
import {
  newInitProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import {
  addPartitions,
  verifyPartitions,
  type PartitionsToAdd,
  type VerifiedPartitions,
} from './add-partitions.ts';
import { endTransaction } from './end-transaction.ts';
import { initProducerId, isValidTimeout } from './init-producer-id.ts';
import { NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from './transaction.ts';
import { NO_PRODUCER_ID_AT_HAND, refused, type ProducerAnswer } from './transaction-answer.ts';
import type { TopicOfPartitions } from './transaction-partitions.ts';
import type { TransactionSettings } from './transaction-settings.ts';
import { unanswered } from '../unanswered.ts';
import type { Decide, TransactionShards } from './transaction-shards.ts';

/** Versions from which clients know PRODUCER_FENCED; before, they are told INVALID_PRODUCER_EPOCH, which stops them just as well. */
const FENCED_SINCE = { initProducerId: 4, addPartitions: 2, addOffsets: 2, endTxn: 2 } as const;
/** From this version on brokers ask, for many transactions at once. */
const BROKERS_ADD_SINCE = 4;
/** From this version on the end of a transaction raises the epoch (KIP-890). */
const END_RAISES_SINCE = 5;

/** What there is besides transactions. */
export interface TransactionCatalog {
  /** Whether the topic has the partition. */
  hasPartition(topic: string, partition: number): boolean;
  /** The partition of `__consumer_offsets` that keeps the group. */
  groupPartition(groupId: string): TopicOfPartitions;
}

/** Where producer ids come from. */
export interface ProducerIdSource {
  /** One that nobody had before; undefined when none is at hand. */
  take(): number | undefined;
  /** Sees to it that one is at hand. Rejects when there is none to be had. */
  reserve(): Promise<void>;
}

export interface TransactionRequests {
  readonly shards: TransactionShards;
  readonly settings: TransactionSettings;
  readonly catalog: TransactionCatalog;
  readonly producerIds: ProducerIdSource;
  readonly onError: (error: unknown) => void;
}

const forVersion = (error: ErrorName, version: number, fencedSince: number): number =>
  ErrorCode[error === 'PRODUCER_FENCED' && version < fencedSince ? 'INVALID_PRODUCER_EPOCH' : error];

export async function handleInitProducerId(
  requests: TransactionRequests,
  request: InitProducerIdRequest,
  apiVersion: number,
): Promise<InitProducerIdResponse> {
  const answer = await producerFor(requests, request);
  return newInitProducerIdResponse({
    errorCode: forVersion(answer.error, apiVersion, FENCED_SINCE.initProducerId),
    producerId: answer.producerId,
    producerEpoch: answer.producerEpoch,
  });
}

function producerFor(
  requests: TransactionRequests,
  request: InitProducerIdRequest,
): ProducerAnswer | Promise<ProducerAnswer> {
  const { transactionalId, producerId, producerEpoch } = request;
  if ((producerId === NO_PRODUCER_ID) !== (producerEpoch === NO_PRODUCER_EPOCH))
    return refused('INVALID_REQUEST');
  if (transactionalId === null) return idempotentProducer(requests);
  if (transactionalId === '') return refused('INVALID_REQUEST');
  const { settings } = requests;
  if (request.enable2Pc && !settings.twoPhaseCommit) return refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED');
  // As in Kafka, which has the field and not yet what it asks for (KIP-939).
  if (request.keepPreparedTxn) return refused('UNSUPPORTED_VERSION');
  const timeoutMs = request.transactionTimeoutMs;
  if (!request.enable2Pc && !isValidTimeout(timeoutMs, settings))
    return refused('INVALID_TRANSACTION_TIMEOUT');
  return withProducerId(requests, transactionalId, (state, context) =>
    initProducerId(state, context, {
      transactionalId,
      timeoutMs,
      expected: producerId === NO_PRODUCER_ID ? undefined : { producerId, producerEpoch },
      twoPhaseCommit: request.enable2Pc,
    }),
  );
}

/** A producer without transactions (KIP-98): nobody needs to remember it. */
async function idempotentProducer({ producerIds, onError }: TransactionRequests): Promise<ProducerAnswer> {
  for (;;) {
    const producerId = producerIds.take();
    if (producerId !== undefined) return { error: 'NONE', producerId, producerEpoch: 0 };
    try {
      await producerIds.reserve();
    } catch (error) {
      onError(error);
      return refused('COORDINATOR_NOT_AVAILABLE');
    }
  }
}

/** Decides, again if a producer id had to be reserved first. */
async function withProducerId(
  { shards, settings, producerIds, onError }: TransactionRequests,
  transactionalId: string,
  decide: Decide,
): Promise<ProducerAnswer> {
  for (;;) {
    try {
      const answer = await shards.decideAfterEnd<ProducerAnswer | typeof NO_PRODUCER_ID_AT_HAND>(
        transactionalId,
        settings.clientWaitsForEndMs,
        (early) => early !== NO_PRODUCER_ID_AT_HAND && early.error === 'CONCURRENT_TRANSACTIONS',
        decide,
      );
      if (answer !== NO_PRODUCER_ID_AT_HAND) return answer;
    } catch (error) {
      return refused(unanswered(error));
    }
    try {
      await producerIds.reserve();
    } catch (error) {
      onError(error);
      return refused('COORDINATOR_NOT_AVAILABLE');
    }
  }
}

export async function handleEndTxn(
  requests: TransactionRequests,
  request: EndTxnRequest,
  apiVersion: number,
): Promise<EndTxnResponse> {
  const { transactionalId, producerId, producerEpoch, committed } = request;
  const raises = apiVersion >= END_RAISES_SINCE;
  const answer =
    transactionalId === ''
      ? refused('INVALID_REQUEST')
      : await withProducerId(requests, transactionalId, (state, context) =>
          endTransaction(state, context, {
            transactionalId,
            producerId,
            producerEpoch,
            committed,
            clientTransactionVersion: raises ? 2 : 0,
          }),
        );
  return newEndTxnResponse({
    errorCode: forVersion(answer.error, apiVersion, FENCED_SINCE.endTxn),
    ...(raises ? { producerId: answer.producerId, producerEpoch: answer.producerEpoch } : {}),
  });
}

export async function handleAddOffsetsToTxn(
  requests: TransactionRequests,
  request: AddOffsetsToTxnRequest,
  apiVersion: number,
): Promise<AddOffsetsToTxnResponse> {
  const topics = [requests.catalog.groupPartition(request.groupId)];
  const error = await add(requests, { ...request, topics }, 0, false);
  return { throttleTimeMs: 0, errorCode: forVersion(error, apiVersion, FENCED_SINCE.addOffsets) };
}

async function add(
  { shards, settings }: TransactionRequests,
  partitions: PartitionsToAdd,
  clientTransactionVersion: number,
  byBroker: boolean,
): Promise<ErrorName> {
  if (partitions.transactionalId === '') return 'INVALID_REQUEST';
  try {
    return await shards.decideAfterEnd<ErrorName>(
      partitions.transactionalId,
      byBroker ? settings.brokerWaitsForEndMs : settings.clientWaitsForEndMs,
      (early) => early === 'CONCURRENT_TRANSACTIONS',
      (state, context) => addPartitions(state, context, partitions, clientTransactionVersion),
    );
  } catch (error) {
    return unanswered(error);
  }
}

async function verify(
  { shards }: TransactionRequests,
  partitions: PartitionsToAdd,
): Promise<VerifiedPartitions> {
  if (partitions.transactionalId === '') return () => 'INVALID_REQUEST';
  try {
    return await shards.decide<VerifiedPartitions>(partitions.transactionalId, (state, context) =>
      verifyPartitions(state, context, partitions),
    );
  } catch (error) {
    const name = unanswered(error);
    return () => name;
  }
}

/** From clients up to version 3; from brokers, for several transactions, beyond. */
export async function handleAddPartitionsToTxn(
  requests: TransactionRequests,
  request: AddPartitionsToTxnRequest,
  apiVersion: number,
): Promise<AddPartitionsToTxnResponse> {
  if (apiVersion < BROKERS_ADD_SINCE) {
    const partitions: PartitionsToAdd = {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      topics: request.v3AndBelowTopics,
    };
    const resultsByTopicV3AndBelow = await addOrVerify(requests, partitions, false, apiVersion);
    return newAddPartitionsToTxnResponse({ resultsByTopicV3AndBelow });
  }
  const resultsByTransaction = await Promise.all(
    request.transactions.map(async (transaction) => ({
      transactionalId: transaction.transactionalId,
      topicResults: await addOrVerify(requests, transaction, transaction.verifyOnly, apiVersion),
    })),
  );
  return newAddPartitionsToTxnResponse({ resultsByTransaction });
}

async function addOrVerify(
  requests: TransactionRequests,
  partitions: PartitionsToAdd,
  verifyOnly: boolean,
  apiVersion: number,
): Promise<AddPartitionsToTxnTopicResult[]> {
  const { topics } = partitions;
  const results = (errorOf: VerifiedPartitions): AddPartitionsToTxnTopicResult[] =>
    topics.map((topic) => ({
      name: topic.name,
      resultsByPartition: topic.partitions.map((partition) => ({
        partitionIndex: partition,
        partitionErrorCode: forVersion(
          errorOf(topic.name, partition),
          apiVersion,
          FENCED_SINCE.addPartitions,
        ),
      })),
    }));
  const exists = (topic: string, partition: number): boolean =>
    requests.catalog.hasPartition(topic, partition);
  // All of them or none.
  if (!topics.every(({ name, partitions: numbers }) => numbers.every((number) => exists(name, number))))
    return results((topic, partition) =>
      exists(topic, partition) ? 'OPERATION_NOT_ATTEMPTED' : 'UNKNOWN_TOPIC_OR_PARTITION',
    );
  if (verifyOnly) return results(await verify(requests, partitions));
  const byBroker = apiVersion >= BROKERS_ADD_SINCE;
  const error = await add(requests, partitions, byBroker ? 2 : 0, byBroker);
  return results(() => error);
}
