// The requests that nearly every test makes, in one line each: one topic, one partition, one answer. Topics are named, not given by id; a test of
// the request itself builds it in full.
import { inOnePiece } from '@moldau/protocol/records/record-pieces.ts';
import type { ErrorCode } from '@moldau/protocol';
import {
  createTopicsRequest,
  createTopicsResponse,
  newCreatableTopic,
  newCreatableTopicConfig,
  newCreateTopicsRequest,
  type CreatableTopicResult,
} from '@moldau/protocol/generated/create-topics.ts';
import {
  deleteTopicsRequest,
  deleteTopicsResponse,
  newDeleteTopicState,
  newDeleteTopicsRequest,
} from '@moldau/protocol/generated/delete-topics.ts';
import {
  fetchRequest,
  fetchResponse,
  newFetchPartition,
  newFetchRequest,
  newFetchTopic,
  type FetchRequest,
  type FetchResponse,
  type PartitionData,
} from '@moldau/protocol/generated/fetch.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
  newInitProducerIdRequest,
} from '@moldau/protocol/generated/init-producer-id.ts';
import {
  listOffsetsRequest,
  listOffsetsResponse,
  newListOffsetsPartition,
  newListOffsetsRequest,
  newListOffsetsTopic,
} from '@moldau/protocol/generated/list-offsets.ts';
import {
  metadataRequest,
  metadataResponse,
  newMetadataRequest,
  newMetadataRequestTopic,
  type MetadataResponseTopic,
} from '@moldau/protocol/generated/metadata.ts';
import {
  newPartitionProduceData,
  newProduceRequest,
  newTopicProduceData,
  produceRequest,
  produceResponse,
  type PartitionProduceResponse,
  type ProduceRequest,
} from '@moldau/protocol/generated/produce.ts';
import { recordsIn } from './batches.ts';
import type { SimulatedCluster } from './simulated-cluster.ts';
import type { SimulatedClient } from './simulated-client.ts';

/** The last versions in which topics are named. */
export const PRODUCE_BY_NAME = 12;
export const FETCH_BY_NAME = 12;

/** ListOffsets: where the log begins. */
const EARLIEST = -2;

export async function createTopic(
  client: SimulatedClient,
  name: string,
  partitions = 1,
  configs: Readonly<Record<string, string>> = {},
  replicationFactor = 1,
): Promise<CreatableTopicResult> {
  const topic = newCreatableTopic({
    name,
    numPartitions: partitions,
    replicationFactor,
    configs: Object.entries(configs).map(([key, value]) => newCreatableTopicConfig({ name: key, value })),
  });
  const answer = await client.request(
    createTopicsRequest,
    createTopicsResponse,
    newCreateTopicsRequest({ topics: [topic], timeoutMs: 5000 }),
  );
  return answer.topics[0]!;
}

export async function deleteTopic(client: SimulatedClient, name: string): Promise<ErrorCode> {
  const message = newDeleteTopicsRequest({ topics: [newDeleteTopicState({ name })], timeoutMs: 5000 });
  const answer = await client.request(deleteTopicsRequest, deleteTopicsResponse, message);
  return answer.responses[0]!.errorCode as ErrorCode;
}

/** What the broker behind `client` says of a topic. Makes none. */
export async function describeTopic(client: SimulatedClient, name: string): Promise<MetadataResponseTopic> {
  const message = newMetadataRequest({
    topics: [newMetadataRequestTopic({ name })],
    allowAutoTopicCreation: false,
  });
  return (await client.request(metadataRequest, metadataResponse, message)).topics[0]!;
}

/** The number, counted from 0, of the broker that leads a partition. */
export async function leaderOf(
  cluster: SimulatedCluster,
  client: SimulatedClient,
  topic: string,
  partition: number,
): Promise<number> {
  return cluster.indexOf(
    (await describeTopic(client, topic)).partitions.find(
      ({ partitionIndex }) => partitionIndex === partition,
    )!.leaderId,
  );
}

/** A produce request for one partition. */
export function produceTo(
  topic: string,
  partition: number,
  records: Uint8Array | null,
  acks = -1,
): ProduceRequest {
  const partitionData = [newPartitionProduceData({ index: partition, records })];
  return newProduceRequest({
    acks,
    timeoutMs: 1000,
    topicData: [newTopicProduceData({ name: topic, partitionData })],
  });
}

export async function produce(
  client: SimulatedClient,
  topic: string,
  records: Uint8Array | null,
  options: { readonly partition?: number; readonly acks?: number; readonly version?: number } = {},
): Promise<PartitionProduceResponse> {
  const message = produceTo(topic, options.partition ?? 0, records, options.acks);
  const answer = await client.request(
    produceRequest,
    produceResponse,
    message,
    options.version ?? PRODUCE_BY_NAME,
  );
  return answer.responses[0]!.partitionResponses[0]!;
}

export async function newProducerId(client: SimulatedClient): Promise<number> {
  const message = newInitProducerIdRequest({ transactionalId: null, transactionTimeoutMs: 60_000 });
  return (await client.request(initProducerIdRequest, initProducerIdResponse, message)).producerId;
}

export interface FetchOptions extends Partial<
  Pick<FetchRequest, 'maxWaitMs' | 'minBytes' | 'maxBytes' | 'isolationLevel'>
> {
  readonly partition?: number;
  readonly partitionMaxBytes?: number;
  readonly currentLeaderEpoch?: number;
  readonly lastFetchedEpoch?: number;
}

/** A full fetch of one partition, without a session: answered at once unless `maxWaitMs` says otherwise. */
export function fetchOf(topic: string, fetchOffset: number, options: FetchOptions = {}): FetchRequest {
  const partition = newFetchPartition({
    partition: options.partition ?? 0,
    fetchOffset,
    partitionMaxBytes: options.partitionMaxBytes ?? 1_048_576,
    currentLeaderEpoch: options.currentLeaderEpoch ?? -1,
    lastFetchedEpoch: options.lastFetchedEpoch ?? -1,
  });
  return newFetchRequest({
    maxWaitMs: options.maxWaitMs ?? 0,
    minBytes: options.minBytes ?? 1,
    maxBytes: options.maxBytes ?? 52_428_800,
    isolationLevel: options.isolationLevel ?? 0,
    sessionEpoch: -1,
    topics: [newFetchTopic({ topic, partitions: [partition] })],
  });
}

export function sendFetch(
  client: SimulatedClient,
  request: FetchRequest,
  version = FETCH_BY_NAME,
): Promise<FetchResponse> {
  return client.request(fetchRequest, fetchResponse, request, version);
}

export async function fetch(
  client: SimulatedClient,
  topic: string,
  fetchOffset: number,
  options: FetchOptions = {},
): Promise<PartitionData> {
  const answer = await sendFetch(client, fetchOf(topic, fetchOffset, options));
  return answer.responses[0]!.partitions[0]!;
}

/** Every record of a partition, read by as many fetches as it takes, from its first offset on. */
export async function readAll(
  client: SimulatedClient,
  topic: string,
  partition = 0,
): Promise<ReturnType<typeof recordsIn>> {
  const records = [];
  const earliest = newListOffsetsPartition({ partitionIndex: partition, timestamp: EARLIEST });
  const message = newListOffsetsRequest({
    replicaId: -1,
    topics: [newListOffsetsTopic({ name: topic, partitions: [earliest] })],
  });
  const start = (await client.request(listOffsetsRequest, listOffsetsResponse, message)).topics[0]!
    .partitions[0]!;
  let data = await fetch(client, topic, Math.max(0, start.offset), { partition });
  for (;;) {
    const read = recordsIn(inOnePiece(data.records));
    if (read.length === 0) return records;
    records.push(...read);
    data = await fetch(client, topic, records.at(-1)!.offset + 1, { partition });
  }
}
