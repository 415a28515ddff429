// The requests of one transactional copier, in the versions of its flavour, each to the broker that answers for it; every one resolves to the error in
// its answer. Rejects with Unanswered when none came.
import { ErrorCode } from '@moldau/protocol';
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import { endTxnRequest, endTxnResponse } from '@moldau/protocol/generated/end-txn.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import { offsetFetchRequest, offsetFetchResponse } from '@moldau/protocol/generated/offset-fetch.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import {
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import { ask } from '../ask.ts';
import { batchOf } from '../batches.ts';
import type { BrokerConnections } from './broker-connections.ts';

/** V1: a client adds partitions to its transactions and keeps its epoch. V2 (KIP-890): the broker adds them; each end raises the epoch. */
export type Flavour = 'V1' | 'V2';

export interface Producer {
  readonly id: number;
  readonly epoch: number;
}

export const SOURCE = 'source';
export const COPY_GROUP = 'copiers';

interface Versions {
  readonly initProducerId: number;
  readonly produce: number;
  readonly txnOffsetCommit: number;
  readonly endTxn: number;
}

const VERSIONS: Readonly<Record<Flavour, Versions>> = {
  V1: { initProducerId: 4, produce: 11, txnOffsetCommit: 4, endTxn: 4 },
  V2: { initProducerId: 5, produce: 12, txnOffsetCommit: 5, endTxn: 5 },
};
/** The last version in which clients add partitions. */
const ADD_PARTITIONS = 3;
const ADD_OFFSETS = 3;
/** The last version in which topics are named. */
const OFFSET_FETCH_BY_NAME = 9;
const PRODUCE_LIMIT_MS = 1000;

export class CopierCalls {
  readonly #connections: BrokerConnections;
  readonly #transactionalId: string;
  readonly #versions: Versions;
  #transactionCoordinator: number | undefined;
  #groupCoordinator: number | undefined;

  constructor(connections: BrokerConnections, transactionalId: string, flavour: Flavour) {
    this.#connections = connections;
    this.#transactionalId = transactionalId;
    this.#versions = VERSIONS[flavour];
  }

  /** What is known of leaders and coordinators may be out of date. */
  lookAgain(): void {
    this.#transactionCoordinator = undefined;
    this.#groupCoordinator = undefined;
    this.#connections.forgetLeaders();
  }

  async initProducerId(transactionTimeoutMs: number): Promise<{ error: number; producer: Producer }> {
    const broker = await this.#coordinator();
    const fields = {
      transactionalId: this.#transactionalId,
      transactionTimeoutMs,
      producerId: -1,
      producerEpoch: -1,
    };
    const { errorCode, producerId, producerEpoch } = await this.#connections.use(broker, (client) =>
      ask(client, initProducerIdRequest, initProducerIdResponse, fields, this.#versions.initProducerId),
    );
    return { error: errorCode, producer: { id: producerId, epoch: producerEpoch } };
  }

  async addPartitions(producer: Producer, partitions: readonly string[]): Promise<number> {
    const broker = await this.#coordinator();
    const byTopic = Map.groupBy(partitions.map(partitionOf), ({ topic }) => topic);
    const fields = {
      v3AndBelowTransactionalId: this.#transactionalId,
      v3AndBelowProducerId: producer.id,
      v3AndBelowProducerEpoch: producer.epoch,
      v3AndBelowTopics: [...byTopic].map(([name, of]) => ({
        name,
        partitions: of.map(({ partition }) => partition),
      })),
    };
    const answer = await this.#connections.use(broker, (client) =>
      ask(client, addPartitionsToTxnRequest, addPartitionsToTxnResponse, fields, ADD_PARTITIONS),
    );
    return firstError(
      answer.resultsByTopicV3AndBelow.flatMap(({ resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode }) => partitionErrorCode),
      ),
    );
  }

  async addOffsets(producer: Producer): Promise<number> {
    const broker = await this.#coordinator();
    const fields = { ...this.#ids(producer), groupId: COPY_GROUP };
    const { errorCode } = await this.#connections.use(broker, (client) =>
      ask(client, addOffsetsToTxnRequest, addOffsetsToTxnResponse, fields, ADD_OFFSETS),
    );
    return errorCode;
  }

  /** @param target `topic/partition` */
  async produce(
    producer: Producer,
    target: string,
    values: readonly string[],
    baseSequence: number,
  ): Promise<number> {
    const { topic, partition } = partitionOf(target);
    const leader = await this.#connections.leader(topic, partition);
    const records = batchOf(values, {
      producerId: producer.id,
      producerEpoch: producer.epoch,
      baseSequence,
      transactional: true,
    });
    const fields = {
      transactionalId: this.#transactionalId,
      acks: -1,
      timeoutMs: PRODUCE_LIMIT_MS,
      topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
    };
    const answer = await this.#connections.use(leader, (client) =>
      ask(client, produceRequest, produceResponse, fields, this.#versions.produce),
    );
    return answer.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  }

  /** @param offsets by source partition */
  async commitOffsets(producer: Producer, offsets: ReadonlyMap<number, number>): Promise<number> {
    const broker = await this.#groups();
    const partitions = [...offsets].map(([partitionIndex, committedOffset]) => ({
      partitionIndex,
      committedOffset,
      committedMetadata: null,
    }));
    const fields = { ...this.#ids(producer), groupId: COPY_GROUP, topics: [{ name: SOURCE, partitions }] };
    const answer = await this.#connections.use(broker, (client) =>
      ask(client, txnOffsetCommitRequest, txnOffsetCommitResponse, fields, this.#versions.txnOffsetCommit),
    );
    return firstError(answer.topics.flatMap((topic) => topic.partitions.map(({ errorCode }) => errorCode)));
  }

  /** The offset that the group has committed for the source partition, -1 for none; UNSTABLE_OFFSET_COMMIT while a transaction may change it. */
  async stableOffset(source: number): Promise<{ error: number; offset: number }> {
    const broker = await this.#groups();
    const fields = {
      groups: [
        {
          groupId: COPY_GROUP,
          memberId: null,
          memberEpoch: -1,
          topics: [{ name: SOURCE, partitionIndexes: [source] }],
        },
      ],
      requireStable: true,
    };
    const { groups } = await this.#connections.use(broker, (client) =>
      ask(client, offsetFetchRequest, offsetFetchResponse, fields, OFFSET_FETCH_BY_NAME),
    );
    const partition = groups[0]?.topics[0]?.partitions[0];
    const error = firstError([
      groups[0]?.errorCode ?? ErrorCode.NONE,
      partition?.errorCode ?? ErrorCode.NONE,
    ]);
    return { error, offset: partition?.committedOffset ?? -1 };
  }

  /** @returns the producer to go on with */
  async endTransaction(
    producer: Producer,
    committed: boolean,
  ): Promise<{ error: number; producer: Producer }> {
    const broker = await this.#coordinator();
    const fields = { ...this.#ids(producer), committed };
    const { errorCode, producerId, producerEpoch } = await this.#connections.use(broker, (client) =>
      ask(client, endTxnRequest, endTxnResponse, fields, this.#versions.endTxn),
    );
    const raised = this.#versions === VERSIONS.V2 && errorCode === ErrorCode.NONE;
    return {
      error: errorCode,
      producer: raised ? { id: producerId, epoch: producerEpoch } : producer,
    };
  }

  #ids({ id, epoch }: Producer) {
    return { transactionalId: this.#transactionalId, producerId: id, producerEpoch: epoch };
  }

  async #coordinator(): Promise<number> {
    this.#transactionCoordinator ??= await this.#connections.transactionCoordinator(this.#transactionalId);
    return this.#transactionCoordinator;
  }

  async #groups(): Promise<number> {
    this.#groupCoordinator ??= await this.#connections.coordinator(COPY_GROUP);
    return this.#groupCoordinator;
  }
}

const firstError = (errors: readonly number[]): number =>
  errors.find((error) => error !== ErrorCode.NONE) ?? ErrorCode.NONE;

function partitionOf(name: string): { readonly topic: string; readonly partition: number } {
  const [topic = '', partition] = name.split('/');
  return { topic, partition: Number(partition) };
}
