// The requests of transactional producers, in one line each.
import { errorName } from '@moldau/protocol';
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import {
  describeTransactionsRequest,
  describeTransactionsResponse,
} from '@moldau/protocol/generated/describe-transactions.ts';
import { endTxnRequest, endTxnResponse } from '@moldau/protocol/generated/end-txn.ts';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
} from '@moldau/protocol/generated/find-coordinator.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import type { PartitionData } from '@moldau/protocol/generated/fetch.ts';
import { batchIsControl, batchProducerId, batchBaseOffset } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { ask } from './ask.ts';
import { batchOf, inOnePiece } from './batches.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedClient } from './simulated-client.ts';

const TRANSACTION = 1;
const PAUSE_MS = 10;

/** Who writes for a transactional id. */
export interface TestProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** A connection to the coordinator of the id, wherever it is. */
export async function transactionCoordinator(
  cluster: SimulatedCluster,
  client: SimulatedClient,
  transactionalId: string,
): Promise<SimulatedClient> {
  for (;;) {
    const answer = await ask(client, findCoordinatorRequest, findCoordinatorResponse, {
      keyType: TRANSACTION,
      coordinatorKeys: [transactionalId],
    });
    const [found] = answer.coordinators;
    if (found?.errorCode === 0) return cluster.connect(cluster.indexOf(found.nodeId));
    await cluster.sleep(PAUSE_MS);
  }
}

export interface InitOptions {
  readonly timeoutMs?: number;
  readonly expected?: { readonly producerId: number; readonly producerEpoch: number };
  readonly version?: number;
}

export async function initProducer(
  coordinator: SimulatedClient,
  transactionalId: string,
  { timeoutMs = 60_000, expected, version }: InitOptions = {},
): Promise<{ readonly error: string; readonly producer: TestProducer }> {
  const fields = {
    transactionalId,
    transactionTimeoutMs: timeoutMs,
    producerId: expected?.producerId ?? -1,
    producerEpoch: expected?.producerEpoch ?? -1,
  };
  const { errorCode, producerId, producerEpoch } = await ask(
    coordinator,
    initProducerIdRequest,
    initProducerIdResponse,
    fields,
    version,
  );
  return { error: errorName(errorCode), producer: { transactionalId, producerId, producerEpoch } };
}

/** Asks again as long as the coordinator loads or the end of the last transaction is under way. */
export async function initialized(
  cluster: SimulatedCluster,
  coordinator: SimulatedClient,
  transactionalId: string,
  options: InitOptions = {},
): Promise<TestProducer> {
  for (;;) {
    const { error, producer } = await initProducer(coordinator, transactionalId, options);
    if (error === 'NONE') return producer;
    if (error !== 'CONCURRENT_TRANSACTIONS' && error !== 'COORDINATOR_LOAD_IN_PROGRESS')
      throw new Error(`InitProducerId was answered ${error}`);
    await cluster.sleep(PAUSE_MS);
  }
}

/** As clients do, up to version 3. */
export async function addPartitions(
  coordinator: SimulatedClient,
  producer: TestProducer,
  topic: string,
  partitions: readonly number[],
): Promise<string> {
  const answer = await ask(
    coordinator,
    addPartitionsToTxnRequest,
    addPartitionsToTxnResponse,
    {
      v3AndBelowTransactionalId: producer.transactionalId,
      v3AndBelowProducerId: producer.producerId,
      v3AndBelowProducerEpoch: producer.producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions }],
    },
    3,
  );
  return errorName(answer.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode ?? -1);
}

export async function addOffsets(
  coordinator: SimulatedClient,
  producer: TestProducer,
  groupId: string,
): Promise<string> {
  const { errorCode } = await ask(coordinator, addOffsetsToTxnRequest, addOffsetsToTxnResponse, {
    ...producer,
    groupId,
  });
  return errorName(errorCode);
}

/** @param version 5: with the epoch raised (KIP-890); 4: without */
export async function endTransaction(
  coordinator: SimulatedClient,
  producer: TestProducer,
  committed: boolean,
  version = 5,
): Promise<{ readonly error: string; readonly producer: TestProducer }> {
  const answer = await ask(coordinator, endTxnRequest, endTxnResponse, { ...producer, committed }, version);
  const { errorCode, producerId, producerEpoch } = answer;
  const next = version >= 5 && errorCode === 0 ? { ...producer, producerId, producerEpoch } : producer;
  return { error: errorName(errorCode), producer: next };
}

export async function transactionState(
  coordinator: SimulatedClient,
  transactionalId: string,
): Promise<string> {
  const answer = await ask(coordinator, describeTransactionsRequest, describeTransactionsResponse, {
    transactionalIds: [transactionalId],
  });
  const [state] = answer.transactionStates;
  return state?.errorCode === 0 ? state.transactionState : errorName(state?.errorCode ?? -1);
}

/** A batch that is part of the producer's transaction. */
export const transactional = (
  values: readonly string[],
  producer: TestProducer,
  baseSequence = 0,
): Uint8Array =>
  batchOf(values, {
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    baseSequence,
    transactional: true,
  });

/** The values that a consumer hands out of what a fetch answered: no markers, and with `read_committed` nothing of a transaction that was aborted. */
export const consumed = (data: PartitionData): string[] => consumedRecords(data).map(({ value }) => value);

/** Likewise, with their offsets. */
export function consumedRecords(data: PartitionData): { readonly offset: number; readonly value: string }[] {
  const bytes = inOnePiece(data.records);
  const aborted = [...(data.abortedTransactions ?? [])].toSorted((a, b) => a.firstOffset - b.firstOffset);
  const open = new Set<number>();
  const records: { offset: number; value: string }[] = [];
  for (const at of batchPositions(bytes)) {
    const producerId = batchProducerId(bytes, at);
    while (aborted[0] !== undefined && aborted[0].firstOffset <= batchBaseOffset(bytes, at))
      open.add(aborted.shift()!.producerId);
    if (batchIsControl(bytes, at)) open.delete(producerId);
    else if (!open.has(producerId)) {
      const cursor = openBatch(bytes, at);
      while (cursor.next())
        records.push({ offset: cursor.offset, value: Buffer.from(cursor.value ?? []).toString() });
    }
  }
  return records;
}
