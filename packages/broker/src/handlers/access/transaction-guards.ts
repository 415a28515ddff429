// Guards of transactions and of coordinators: WRITE on the transactional id for whoever runs the transaction, DESCRIBE for whoever looks on. What
// brokers ask of each other needs CLUSTER_ACTION.
import {
  newAddOffsetsToTxnResponse,
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import {
  newAddPartitionsToTxnPartitionResult,
  newAddPartitionsToTxnResponse,
  newAddPartitionsToTxnTopicResult,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import {
  newDescribeTransactionsResponse,
  newTransactionState,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
} from '@moldau/protocol/generated/describe-transactions.ts';
import {
  newEndTxnResponse,
  type EndTxnRequest,
  type EndTxnResponse,
} from '@moldau/protocol/generated/end-txn.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newCoordinator,
  newFindCoordinatorResponse,
  type FindCoordinatorRequest,
  type FindCoordinatorResponse,
} from '@moldau/protocol/generated/find-coordinator.ts';
import {
  newInitProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import type {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '@moldau/protocol/generated/list-transactions.ts';
import {
  newWritableTxnMarkerPartitionResult,
  newWritableTxnMarkerResult,
  newWritableTxnMarkerTopicResult,
  newWriteTxnMarkersResponse,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import { AclOperation } from '../../metadata/acl-binding.ts';
import { split, type Asking, type Guard } from './guard.ts';
import { GROUP_REFUSED, TRANSACTIONAL_ID_REFUSED } from './refusal-text.ts';

/** From this version on AddPartitionsToTxn is a request of brokers. */
const BROKERS_VERSION = 4;
/** From this version on FindCoordinator asks for several keys. */
const BATCHED_VERSION = 4;
const GROUP = 0;
const TRANSACTION = 1;

export const findCoordinator: Guard<FindCoordinatorRequest, FindCoordinatorResponse> = (asking, request) => {
  const { keyType } = request;
  const may = (key: string): boolean => {
    if (keyType === GROUP) return asking.group(AclOperation.DESCRIBE, key);
    return keyType !== TRANSACTION || asking.transactionalId(AclOperation.DESCRIBE, key);
  };
  const refusal =
    keyType === GROUP
      ? { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED, errorMessage: GROUP_REFUSED }
      : {
          errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
          errorMessage: TRANSACTIONAL_ID_REFUSED,
        };
  if (asking.context.apiVersion < BATCHED_VERSION) {
    if (may(request.key)) return { allowed: request };
    return { refused: newFindCoordinatorResponse({ ...refusal, nodeId: -1, host: '', port: -1 }) };
  }
  const { kept, refused } = split(request.coordinatorKeys, may);
  return {
    allowed: { ...request, coordinatorKeys: kept },
    finish: ({ coordinators }) =>
      void coordinators.push(
        ...refused.map((key) => newCoordinator({ ...refusal, key, nodeId: -1, host: '', port: -1 })),
      ),
  };
};

/** Without a transactional id: who may write any topic may be idempotent (KIP-679), or whoever was allowed to be by the older rule. */
export const initProducerId: Guard<InitProducerIdRequest, InitProducerIdResponse> = (asking, request) => {
  const refuse = (errorCode: ErrorCode) => ({
    refused: newInitProducerIdResponse({ errorCode, producerId: -1, producerEpoch: -1 }),
  });
  const { transactionalId } = request;
  if (transactionalId === null) {
    const may = asking.cluster(AclOperation.IDEMPOTENT_WRITE) || asking.writesSomeTopic();
    return may ? { allowed: request } : refuse(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  }
  return asking.transactionalId(AclOperation.WRITE, transactionalId)
    ? { allowed: request }
    : refuse(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
};

export const addPartitionsToTxn: Guard<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = (
  asking,
  request,
) => (asking.context.apiVersion >= BROKERS_VERSION ? byBroker(asking, request) : byClient(asking, request));

const byBroker: Guard<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = (asking, request) =>
  asking.cluster(AclOperation.CLUSTER_ACTION)
    ? { allowed: request }
    : {
        refused: newAddPartitionsToTxnResponse({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED }),
      };

/** One topic that may not be written refuses the whole request: nothing is added. */
const byClient: Guard<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse> = (asking, request) => {
  const { v3AndBelowTransactionalId: id, v3AndBelowTopics: topics } = request;
  const answer = (errorOf: (name: string) => ErrorCode) =>
    newAddPartitionsToTxnResponse({
      resultsByTopicV3AndBelow: topics.map(({ name, partitions }) =>
        newAddPartitionsToTxnTopicResult({
          name,
          resultsByPartition: partitions.map((partitionIndex) =>
            newAddPartitionsToTxnPartitionResult({ partitionIndex, partitionErrorCode: errorOf(name) }),
          ),
        }),
      ),
    });
  if (!asking.transactionalId(AclOperation.WRITE, id))
    return { refused: answer(() => ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED) };
  const writes = (name: string): boolean => asking.topic(AclOperation.WRITE, name);
  if (topics.every(({ name }) => writes(name))) return { allowed: request };
  return {
    refused: answer((name) =>
      writes(name) ? ErrorCode.OPERATION_NOT_ATTEMPTED : ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ),
  };
};

export const addOffsetsToTxn: Guard<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse> = (asking, request) => {
  const refuse = (errorCode: ErrorCode) => ({ refused: newAddOffsetsToTxnResponse({ errorCode }) });
  if (!asking.transactionalId(AclOperation.WRITE, request.transactionalId))
    return refuse(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  return asking.group(AclOperation.READ, request.groupId)
    ? { allowed: request }
    : refuse(ErrorCode.GROUP_AUTHORIZATION_FAILED);
};

export const endTxn: Guard<EndTxnRequest, EndTxnResponse> = (asking, request) =>
  asking.transactionalId(AclOperation.WRITE, request.transactionalId)
    ? { allowed: request }
    : { refused: newEndTxnResponse({ errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED }) };

export const writeTxnMarkers: Guard<WriteTxnMarkersRequest, WriteTxnMarkersResponse> = (asking, request) => {
  // Administrators abort hanging transactions with it.
  if (asking.cluster(AclOperation.ALTER) || asking.cluster(AclOperation.CLUSTER_ACTION))
    return { allowed: request };
  const errorCode = ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
  return {
    refused: newWriteTxnMarkersResponse({
      markers: request.markers.map(({ producerId, topics }) =>
        newWritableTxnMarkerResult({
          producerId,
          topics: topics.map(({ name, partitionIndexes }) =>
            newWritableTxnMarkerTopicResult({
              name,
              partitions: partitionIndexes.map((partitionIndex) =>
                newWritableTxnMarkerPartitionResult({ partitionIndex, errorCode }),
              ),
            }),
          ),
        }),
      ),
    }),
  };
};

const describesTransaction = (asking: Asking, id: string): boolean =>
  asking.transactionalId(AclOperation.DESCRIBE, id);

/** Topics that the client may not describe are left out of what it sees of a transaction. */
export const describeTransactions: Guard<DescribeTransactionsRequest, DescribeTransactionsResponse> = (
  asking,
  request,
) => {
  const { kept, refused } = split(request.transactionalIds, (id) => describesTransaction(asking, id));
  const refusals = refused.map((transactionalId) =>
    newTransactionState({
      transactionalId,
      errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }),
  );
  if (kept.length === 0) return { refused: newDescribeTransactionsResponse({ transactionStates: refusals }) };
  return {
    allowed: { ...request, transactionalIds: kept },
    finish({ transactionStates }) {
      for (const state of transactionStates)
        state.topics = state.topics.filter(({ topic }) => asking.topic(AclOperation.DESCRIBE, topic));
      transactionStates.push(...refusals);
    },
  };
};

export const listTransactions: Guard<ListTransactionsRequest, ListTransactionsResponse> = (
  asking,
  request,
) => ({
  allowed: request,
  finish(response) {
    response.transactionStates = response.transactionStates.filter(({ transactionalId }) =>
      describesTransaction(asking, transactionalId),
    );
  },
});
