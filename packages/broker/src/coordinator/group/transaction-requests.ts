// The requests of transactions, from the wire to a decision and back: TxnOffsetCommit, and the markers that WriteTxnMarkers orders.
//
//   TxnOffsetCommit --> the producer's transaction is open here already? --yes------------------+--> decide, append
//                         no --> ask its coordinator: verify (older clients) or add (KIP-890) --+
//                                       ^                                                       |
//                                       +---- a marker of the producer was appended meanwhile --+
//
// Must stay true: no offset is appended to a transaction that its coordinator does not know to have this partition; otherwise nobody would ever end it.
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';
import { newTxnOffsetCommitResponse } from '@moldau/protocol/generated/txn-offset-commit.ts';
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import type { TransactionMarker } from '../../partition/transaction-marker.ts';
import { GROUP_METADATA_TOPIC } from '../../metadata/internal-topics.ts';
import { appendErrorOf, CoordinatorError } from '../coordinator-error.ts';
import type { PartitionVerifier } from '../transaction/partition-verifier.ts';
import { CommitPartitions } from './commit-partitions.ts';
import type { TopicCatalog } from './commit-partitions.ts';
import { unanswered } from '../unanswered.ts';
import type { GroupShards } from './group-shards.ts';
import { answered } from './group-state.ts';
import type { GroupState } from './group-state.ts';
import type { ClientContext } from './membership-requests.ts';
import type { CommitAnswer } from './offset-commit.ts';
import { commitTransactionalOffsets } from './txn-offset-commit.ts';
import type { TxnCommitRequest } from './txn-offset-commit.ts';

/** From this version on clients count on the broker to add the partition to the transaction (KIP-890). */
const ADDS_PARTITION_VERSION = 5;
/** Older clients do not know COORDINATOR_LOAD_IN_PROGRESS here. */
const LOADING_VERSION = 2;
/** Older clients do not know TRANSACTION_ABORTABLE. */
const ABORTABLE_VERSION = 4;

export async function handleTxnOffsetCommit(
  shards: GroupShards,
  catalog: TopicCatalog,
  verifier: PartitionVerifier,
  message: TxnOffsetCommitRequest,
  client: ClientContext,
): Promise<TxnOffsetCommitResponse> {
  const partitions = new CommitPartitions(catalog);
  const topics = message.topics.map((topic) => ({
    name: topic.name,
    partitions: partitions.add(topic.name, topic.partitions),
  }));
  if (partitions.known.length > 0) {
    const { groupId, memberId, groupInstanceId, generationId, producerId, producerEpoch } = message;
    const producer = { producerId, producerEpoch };
    const request = {
      groupId,
      memberId,
      groupInstanceId,
      generationId,
      producer,
      partitions: partitions.known,
    };
    const mode = client.apiVersion >= ADDS_PARTITION_VERSION ? 'add' : 'verify';
    const answer = await commit(shards, verifier, message.transactionalId, mode, request);
    const errors = typeof answer === 'string' ? partitions.known.map(() => answer) : answer;
    partitions.settle(errors.map((error) => asKnownBy(client.apiVersion, error)));
  }
  return newTxnOffsetCommitResponse({ topics });
}

/** What clients of the version do not know, in terms that they do. */
function asKnownBy(apiVersion: number, error: ErrorName): ErrorName {
  if (error === 'COORDINATOR_LOAD_IN_PROGRESS' && apiVersion < LOADING_VERSION)
    return 'COORDINATOR_NOT_AVAILABLE';
  if (error === 'TRANSACTION_ABORTABLE' && apiVersion < ABORTABLE_VERSION) return 'INVALID_TXN_STATE';
  return error;
}

/** An error of all partitions, or one of each. */
async function commit(
  shards: GroupShards,
  verifier: PartitionVerifier,
  transactionalId: string,
  mode: 'verify' | 'add',
  request: TxnCommitRequest,
): Promise<ErrorName | CommitAnswer> {
  const { groupId, producer } = request;
  if (groupId === '') return 'INVALID_GROUP_ID';
  try {
    for (;;) {
      const state = shards.stateOf(groupId);
      if (state.pending.isOpen(producer)) {
        const answer = await decide(shards, request, (now) => now.pending.isOpen(producer));
        if (answer !== undefined) return answer;
      }
      const verification = state.verifications.begin(producer.producerId);
      try {
        const partition = shards.partitionFor(groupId);
        const asked = { transactionalId, ...producer, topic: GROUP_METADATA_TOPIC, partition };
        const error = await verifier.ask(asked, mode);
        if (error !== ErrorCode.NONE) return notVerified(error);
        const answer = await decide(shards, request, (now) => now.verifications.isValid(verification));
        if (answer !== undefined) return answer;
      } finally {
        state.verifications.end(verification);
      }
    }
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    return fencedBy(error) ?? unanswered(error);
  }
}

/** Commits if it still may; undefined when the transaction has ended meanwhile. */
const decide = (
  shards: GroupShards,
  request: TxnCommitRequest,
  mayCommit: (state: GroupState) => boolean,
): Promise<CommitAnswer | undefined> =>
  shards.decide<CommitAnswer | undefined>(request.groupId, (state, context) =>
    mayCommit(state) ? commitTransactionalOffsets(state, context, request) : answered(context, undefined),
  );

/** Every ErrorCode has a name. */
const nameOf = (code: ErrorCode): ErrorName => errorName(code) as ErrorName;

/** Retriable trouble on the way to the transaction's coordinator: this error makes clients of all versions try again here. */
const notVerified = (error: ErrorCode): ErrorName =>
  error === ErrorCode.NOT_ENOUGH_REPLICAS ? 'COORDINATOR_LOAD_IN_PROGRESS' : nameOf(error);

/** The partition does not take what a fenced producer, or a fenced coordinator, wants to append. */
function fencedBy(error: unknown): ErrorName | undefined {
  const code = appendErrorOf(error);
  switch (code) {
    case ErrorCode.INVALID_PRODUCER_EPOCH:
    case ErrorCode.PRODUCER_FENCED:
    case ErrorCode.INVALID_TXN_STATE:
    case ErrorCode.TRANSACTION_COORDINATOR_FENCED:
      return nameOf(code);
    default:
      return undefined;
  }
}

/** Appends the marker; what the producer has pending in the partition is visible, or gone, once that is durable. */
export async function completeTransaction(
  shards: GroupShards,
  partition: number,
  marker: TransactionMarker,
): Promise<ErrorCode> {
  try {
    return await shards.decideIn<ErrorCode>(partition, (_state, context) => ({
      records: [],
      changes: [],
      replies: [{ to: context.reply, answer: ErrorCode.NONE }],
      marker,
    }));
  } catch (error) {
    if (!(error instanceof CoordinatorError)) throw error;
    const fenced = fencedBy(error);
    // The coordinator of the transaction looks for the leader again and orders the marker once more.
    return fenced === undefined ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode[fenced];
  }
}
