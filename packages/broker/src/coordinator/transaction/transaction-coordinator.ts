// The transaction coordinator as the rest of the broker sees it: one method for each API, and what it has to be told of partitions.
//
//   request --> transaction-requests, transaction-admin-requests              versions of the wire
//           --> TransactionShards                                             which partition of `__transaction_state`
//           --> CoordinatorShard                                              decide, append, apply, answer once durable
//           --> init-producer-id.ts, add-partitions.ts, end-transaction.ts    pure decisions on TransactionState
//           --> MarkerSender                                                  what was decided, written to every partition
import type {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import type {
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import type {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '@moldau/protocol/generated/describe-transactions.ts';
import type { EndTxnRequest, EndTxnResponse } from '@moldau/protocol/generated/end-txn.ts';
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import type {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '@moldau/protocol/generated/list-transactions.ts';
import type { Clock, Random } from '@moldau/runtime';
import type { CoordinatorLog } from '../coordinator-log.ts';
import { MarkerSender, type MarkerDelay, type MarkerSenderOptions } from './marker-sender.ts';
import { handleDescribeTransactions, handleListTransactions } from './transaction-admin-requests.ts';
import {
  handleAddOffsetsToTxn,
  handleAddPartitionsToTxn,
  handleEndTxn,
  handleInitProducerId,
  type ProducerIdSource,
  type TransactionCatalog,
  type TransactionRequests,
} from './transaction-requests.ts';
import type { TransactionSettings } from './transaction-settings.ts';
import { TransactionShards } from './transaction-shards.ts';

export type { ProducerIdSource, TransactionCatalog } from './transaction-requests.ts';

export interface TransactionCoordinatorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: TransactionSettings;
  /** Partitions of `__transaction_state`. */
  partitions(): number;
  /** The finalized level of the feature `transaction.version`. */
  transactionVersion(): number;
  readonly catalog: TransactionCatalog;
  readonly producerIds: ProducerIdSource;
  readonly leaderOf: MarkerSenderOptions['leaderOf'];
  readonly writeTxnMarkers: MarkerSenderOptions['writeTxnMarkers'];
  readonly onMarkerDelay: (delay: MarkerDelay) => void;
  /** Told of failures that no client is. */
  readonly onError: (error: unknown) => void;
}

/** The version of the request that is answered. */
export interface RequestVersion {
  readonly apiVersion: number;
}

/** Coordinates the transactions whose partitions of `__transaction_state` this broker leads. Every Kafka outcome is in the response; a rejection is a defect. */
export class TransactionCoordinator {
  readonly #markers: MarkerSender;
  readonly #shards: TransactionShards;
  readonly #requests: TransactionRequests;

  constructor(options: TransactionCoordinatorOptions) {
    const { clock, random, settings, catalog, producerIds, onError } = options;
    this.#markers = new MarkerSender({
      clock,
      random,
      leaderOf: (topic, partition) => options.leaderOf(topic, partition),
      writeTxnMarkers: (brokerId, request) => options.writeTxnMarkers(brokerId, request),
      onDelay: options.onMarkerDelay,
    });
    this.#shards = new TransactionShards({
      clock,
      random,
      settings,
      partitions: () => options.partitions(),
      transactionVersion: () => options.transactionVersion(),
      takeProducerId: () => producerIds.take(),
      markers: this.#markers,
      onError,
    });
    this.#requests = { shards: this.#shards, settings, catalog, producerIds, onError };
  }

  /** Transactions that are decided and whose markers are not all durable. */
  get pendingMarkers(): number {
    return this.#markers.pending;
  }

  /** The partition of `__transaction_state` that keeps the id: its leader is the coordinator (FindCoordinator). */
  partitionFor(transactionalId: string): number {
    return this.#shards.partitionFor(transactionalId);
  }

  /**
   * This broker leads a partition of `__transaction_state`: reads its transactions from the log and resumes those that are decided. Until the promise
   * resolves they are answered COORDINATOR_LOAD_IN_PROGRESS; when it rejects (the log could not be read) NOT_COORDINATOR, until led again in a
   * higher epoch.
   */
  onLeader(partition: number, epoch: number, log: CoordinatorLog): Promise<void> {
    return this.#shards.lead(partition, epoch, log);
  }

  /** This broker leads the partition no longer: whoever waits is answered NOT_COORDINATOR. */
  onResigned(partition: number): void {
    this.#shards.resign(partition);
  }

  /** Producers without transactions too. */
  initProducerId(
    request: InitProducerIdRequest,
    { apiVersion }: RequestVersion,
  ): Promise<InitProducerIdResponse> {
    return handleInitProducerId(this.#requests, request, apiVersion);
  }

  addPartitionsToTxn(
    request: AddPartitionsToTxnRequest,
    { apiVersion }: RequestVersion,
  ): Promise<AddPartitionsToTxnResponse> {
    return handleAddPartitionsToTxn(this.#requests, request, apiVersion);
  }

  addOffsetsToTxn(
    request: AddOffsetsToTxnRequest,
    { apiVersion }: RequestVersion,
  ): Promise<AddOffsetsToTxnResponse> {
    return handleAddOffsetsToTxn(this.#requests, request, apiVersion);
  }

  endTxn(request: EndTxnRequest, { apiVersion }: RequestVersion): Promise<EndTxnResponse> {
    return handleEndTxn(this.#requests, request, apiVersion);
  }

  describeTransactions(request: DescribeTransactionsRequest): Promise<DescribeTransactionsResponse> {
    return handleDescribeTransactions(this.#shards, request);
  }

  listTransactions(request: ListTransactionsRequest): Promise<ListTransactionsResponse> {
    return handleListTransactions(this.#shards, request);
  }

  /** Ends all coordination; whoever waits is answered NOT_COORDINATOR. */
  close(): void {
    this.#shards.close();
    this.#markers.close();
  }
}
