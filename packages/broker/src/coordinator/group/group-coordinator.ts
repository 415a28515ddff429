// The group coordinator as the rest of the broker sees it: one method for each API, and what it has to be told of partitions and topics.
//
//   request --> membership-requests, offset-requests, group-admin-requests    versions of the wire
//           --> GroupShards                                                   which partition of `__consumer_offsets`
//           --> CoordinatorShard                                              decide, append, apply, answer once durable
//           --> join-group.ts, sync-group.ts, offset-commit.ts, ...           pure decisions on GroupState
import type { DeleteGroupsRequest, DeleteGroupsResponse } from '@moldau/protocol/generated/delete-groups.ts';
import type {
  DescribeGroupsRequest,
  DescribeGroupsResponse,
} from '@moldau/protocol/generated/describe-groups.ts';
import type { HeartbeatRequest, HeartbeatResponse } from '@moldau/protocol/generated/heartbeat.ts';
import type { JoinGroupRequest, JoinGroupResponse } from '@moldau/protocol/generated/join-group.ts';
import type { LeaveGroupRequest, LeaveGroupResponse } from '@moldau/protocol/generated/leave-group.ts';
import type { ListGroupsRequest, ListGroupsResponse } from '@moldau/protocol/generated/list-groups.ts';
import type { OffsetCommitRequest, OffsetCommitResponse } from '@moldau/protocol/generated/offset-commit.ts';
import type { OffsetDeleteRequest, OffsetDeleteResponse } from '@moldau/protocol/generated/offset-delete.ts';
import type { OffsetFetchRequest, OffsetFetchResponse } from '@moldau/protocol/generated/offset-fetch.ts';
import type { SyncGroupRequest, SyncGroupResponse } from '@moldau/protocol/generated/sync-group.ts';
import type {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import type { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { TransactionMarker } from '../../partition/transaction-marker.ts';
import type { CoordinatorLog } from '../coordinator-log.ts';
import type { PartitionVerifier } from '../transaction/partition-verifier.ts';
import { handleDeleteGroups, handleDescribeGroups, handleListGroups } from './group-admin-requests.ts';
import { GroupShards } from './group-shards.ts';
import type { GroupShardsOptions } from './group-shards.ts';
import {
  handleHeartbeat,
  handleJoinGroup,
  handleLeaveGroup,
  handleSyncGroup,
} from './membership-requests.ts';
import type { ClientContext } from './membership-requests.ts';
import { deleteTopicOffsets } from './offset-delete.ts';
import type { DeletedTopic } from './offset-delete.ts';
import { handleOffsetCommit, handleOffsetDelete, handleOffsetFetch } from './offset-requests.ts';
import type { TopicCatalog } from './commit-partitions.ts';
import { completeTransaction, handleTxnOffsetCommit } from './transaction-requests.ts';

export type { ClientContext } from './membership-requests.ts';
export type { TopicCatalog } from './commit-partitions.ts';

export interface GroupCoordinatorOptions extends GroupShardsOptions {
  readonly topics: TopicCatalog;
  /** Asks the coordinators of transactions. */
  readonly verifier: PartitionVerifier;
}

/** Coordinates the groups whose partitions of `__consumer_offsets` this broker leads. Every Kafka outcome is in the response; a rejection is a defect. */
export class GroupCoordinator {
  readonly #shards: GroupShards;
  readonly #topics: TopicCatalog;
  readonly #verifier: PartitionVerifier;
  readonly #onError: (error: unknown) => void;

  constructor(options: GroupCoordinatorOptions) {
    this.#shards = new GroupShards(options);
    this.#topics = options.topics;
    this.#verifier = options.verifier;
    this.#onError = options.onError;
  }

  /** The partition of `__consumer_offsets` that keeps the group: its leader is the group's coordinator (FindCoordinator). */
  partitionFor(groupId: string): number {
    return this.#shards.partitionFor(groupId);
  }

  /**
   * This broker leads a partition of `__consumer_offsets`: reads its groups from the log. Until the promise resolves they are answered
   * COORDINATOR_LOAD_IN_PROGRESS; when it rejects (the log could not be read) NOT_COORDINATOR, until led again in a higher epoch.
   */
  onLeader(partition: number, epoch: number, log: CoordinatorLog): Promise<void> {
    return this.#shards.lead(partition, epoch, log);
  }

  /** This broker leads the partition no longer: whoever waits is answered NOT_COORDINATOR. */
  onResigned(partition: number): void {
    this.#shards.resign(partition);
  }

  /**
   * The topics are deleted: so are the offsets committed for them, but not those for a new topic of the same name. Resolves once that is durable;
   * what fails is reported to `onError`.
   */
  async topicsDeleted(topics: readonly DeletedTopic[]): Promise<void> {
    const results = await this.#shards.decideInAll<void>((state, context) =>
      deleteTopicOffsets(state, context, topics),
    );
    for (const result of results) if (result.status === 'rejected') this.#onError(result.reason);
  }

  joinGroup(request: JoinGroupRequest, client: ClientContext): Promise<JoinGroupResponse> {
    return handleJoinGroup(this.#shards, request, client);
  }

  syncGroup(request: SyncGroupRequest, client: ClientContext): Promise<SyncGroupResponse> {
    return handleSyncGroup(this.#shards, request, client);
  }

  heartbeat(request: HeartbeatRequest, _client: ClientContext): Promise<HeartbeatResponse> {
    return handleHeartbeat(this.#shards, request);
  }

  leaveGroup(request: LeaveGroupRequest, client: ClientContext): Promise<LeaveGroupResponse> {
    return handleLeaveGroup(this.#shards, request, client);
  }

  offsetCommit(request: OffsetCommitRequest, client: ClientContext): Promise<OffsetCommitResponse> {
    return handleOffsetCommit(this.#shards, this.#topics, request, client);
  }

  txnOffsetCommit(request: TxnOffsetCommitRequest, client: ClientContext): Promise<TxnOffsetCommitResponse> {
    return handleTxnOffsetCommit(this.#shards, this.#topics, this.#verifier, request, client);
  }

  /**
   * Ends a producer's transaction in a partition of `__consumer_offsets` (WriteTxnMarkers): what it has committed counts, or is gone. Resolves once that
   * is durable, to NONE or to the error that the transaction's coordinator gets; never rejects but for a defect.
   */
  completeTransaction(partition: number, marker: TransactionMarker): Promise<ErrorCode> {
    return completeTransaction(this.#shards, partition, marker);
  }

  offsetFetch(request: OffsetFetchRequest, client: ClientContext): Promise<OffsetFetchResponse> {
    return handleOffsetFetch(this.#shards, this.#topics, request, client);
  }

  offsetDelete(request: OffsetDeleteRequest, _client: ClientContext): Promise<OffsetDeleteResponse> {
    return handleOffsetDelete(this.#shards, this.#topics, request);
  }

  /** `authorizedOperations` is left for the handler to fill in. */
  describeGroups(request: DescribeGroupsRequest, client: ClientContext): Promise<DescribeGroupsResponse> {
    return handleDescribeGroups(this.#shards, request, client);
  }

  listGroups(request: ListGroupsRequest, _client: ClientContext): Promise<ListGroupsResponse> {
    return handleListGroups(this.#shards, request);
  }

  deleteGroups(request: DeleteGroupsRequest, _client: ClientContext): Promise<DeleteGroupsResponse> {
    return handleDeleteGroups(this.#shards, request);
  }

  /** Ends all coordination; whoever waits is answered NOT_COORDINATOR. */
  close(): void {
    this.#shards.close();
  }
}
