// A transaction coordinator in a world that tests control: time, topics, a log that becomes durable when they say so, and partitions that take
// markers or refuse them.
import { setImmediate } from 'node:timers/promises';
import type { Codec } from '@moldau/protocol/codec.ts';
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
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import {
  listTransactionsRequest,
  listTransactionsResponse,
} from '@moldau/protocol/generated/list-transactions.ts';
import type {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import { Reader } from '@moldau/protocol/reader.ts';
import { Writer } from '@moldau/protocol/writer.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { MemoryCoordinatorLog } from '../memory-coordinator-log.ts';
import type { MarkerDelay, MarkerLeader } from './marker-sender.ts';
import { newTransaction } from './transaction.ts';
import { TransactionCoordinator, type RequestVersion } from './transaction-coordinator.ts';
import { transactionRecord } from './transaction-records.ts';
import { DEFAULT_TRANSACTION_SETTINGS, type TransactionSettings } from './transaction-settings.ts';
import type { AnyTransactionCoordinator, Producer, TransactionStage } from './transaction-transcript.ts';

const PARTITION = 0;
const BROKER_ID = 1;

/** One marker as a partition gets it. */
export interface WrittenMarker {
  readonly topic: string;
  readonly partition: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
  readonly transactionVersion: number;
}

export class TransactionWorld {
  readonly clock = new SimulatedClock();
  readonly errors: unknown[] = [];
  readonly delays: MarkerDelay[] = [];
  settings: TransactionSettings;
  transactionVersion = 2;
  /** What a stage appends is durable at once. */
  settlesAtOnce = true;
  /** Partitions by topic. */
  readonly topics = new Map([
    ['orders', 3],
    ['payments', 3],
    ['__consumer_offsets', 50],
  ]);
  /** Who leads a partition; by default this broker. */
  leaderOf: (topic: string, partition: number) => number = () => BROKER_ID;
  /** What becomes of a marker; by default it is written. May take its time, or reject: no answer. */
  writeMarker: (marker: WrittenMarker, brokerId: number) => ErrorCode | Promise<ErrorCode> = () =>
    ErrorCode.NONE;
  /** Markers that were written, in order. */
  readonly written: WrittenMarker[] = [];
  /** Requests for markers, by broker, in order; each with the producer ids in it. */
  readonly markerRequests: { readonly brokerId: number; readonly producerIds: readonly number[] }[] = [];
  /** Producer ids at hand. */
  nextProducerId = 1_000;
  producerIdsAtHand = 1_000_000;
  log = new MemoryCoordinatorLog();
  coordinator: TransactionCoordinator;
  #epoch = 0;

  private constructor(settings: Partial<TransactionSettings>) {
    // What comes too early is told so: these tests are about the answers.
    this.settings = {
      ...DEFAULT_TRANSACTION_SETTINGS,
      clientWaitsForEndMs: 0,
      brokerWaitsForEndMs: 0,
      ...settings,
    };
    this.coordinator = this.#create();
  }

  static async start(settings: Partial<TransactionSettings> = {}): Promise<TransactionWorld> {
    const world = new TransactionWorld(settings);
    await world.lead();
    return world;
  }

  /** The process dies; the next one finds what was durable. */
  async restart(): Promise<void> {
    this.coordinator.close();
    this.log = this.log.restarted();
    this.coordinator = this.#create();
    await this.lead();
  }

  /** The partition is led, in the next epoch. */
  lead(): Promise<void> {
    return this.coordinator.onLeader(PARTITION, ++this.#epoch, this.log);
  }

  /** Lets promises settle. */
  async settle(): Promise<void> {
    await setImmediate();
    await setImmediate();
  }

  /** Makes all that is appended durable, and what follows of it. */
  async durable(): Promise<void> {
    do {
      this.log.settle();
      await this.settle();
    } while (this.log.open > 0);
  }

  /** Time passes; what timers decide becomes durable. */
  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.durable();
  }

  /** The world for a transcript. Requests and responses go through bytes, as on the wire. */
  stage(): TransactionStage {
    return {
      coordinator: overTheWire(() => this.coordinator),
      quiet: () => (this.settlesAtOnce ? this.durable() : this.settle()),
      pass: async (ms) => {
        for (let left = ms; left > 0; left -= 100) await this.advance(Math.min(100, left));
      },
      raise: (transactionalId, producer, epoch) => this.#raise(transactionalId, producer, epoch),
      timeScale: 1,
    };
  }

  /** Thousands of InitProducerId leave one record that counts. */
  async #raise(transactionalId: string, { id }: Producer, producerEpoch: number): Promise<void> {
    const now = this.clock.now();
    const raised = {
      ...newTransaction(transactionalId, id, 30_000, now),
      previousProducerId: id,
      producerEpoch,
    };
    this.log.append([transactionRecord(raised, this.transactionVersion)], now, () => {});
    await this.durable();
    await this.restart();
  }

  #create(): TransactionCoordinator {
    return new TransactionCoordinator({
      clock: this.clock,
      random: new SeededRandom(7),
      settings: this.settings,
      partitions: () => 1,
      transactionVersion: () => this.transactionVersion,
      catalog: {
        hasPartition: (topic, partition) => partition < (this.topics.get(topic) ?? 0),
        groupPartition: () => ({ name: '__consumer_offsets', partitions: [7] }),
      },
      producerIds: {
        take: () => (this.producerIdsAtHand-- > 0 ? this.nextProducerId++ : undefined),
        reserve: async () => {
          this.producerIdsAtHand = 10;
        },
      },
      leaderOf: (topic, partition): MarkerLeader => {
        if (partition >= (this.topics.get(topic) ?? 0)) return { kind: 'gone' };
        const brokerId = this.leaderOf(topic, partition);
        return brokerId === -1 ? { kind: 'none' } : { kind: 'leader', brokerId };
      },
      writeTxnMarkers: (brokerId, request) => this.#writeMarkers(brokerId, request),
      onMarkerDelay: (delay) => this.delays.push(delay),
      onError: (error) => this.errors.push(error),
    });
  }

  async #writeMarkers(brokerId: number, request: WriteTxnMarkersRequest): Promise<WriteTxnMarkersResponse> {
    this.markerRequests.push({ brokerId, producerIds: request.markers.map(({ producerId }) => producerId) });
    const markers = request.markers.map(async (marker) => ({
      producerId: marker.producerId,
      topics: await Promise.all(
        marker.topics.map(async ({ name, partitionIndexes }) => ({
          name,
          partitions: await Promise.all(
            partitionIndexes.map(async (partitionIndex) => {
              const written: WrittenMarker = {
                topic: name,
                partition: partitionIndex,
                producerId: marker.producerId,
                producerEpoch: marker.producerEpoch,
                coordinatorEpoch: marker.coordinatorEpoch,
                committed: marker.transactionResult,
                transactionVersion: marker.transactionVersion,
              };
              const errorCode = await this.writeMarker(written, brokerId);
              if (errorCode === ErrorCode.NONE) this.written.push(written);
              return { partitionIndex, errorCode };
            }),
          ),
        })),
      ),
    }));
    return { markers: await Promise.all(markers) };
  }
}

/** The coordinator behind the encodings of each version: what a version cannot carry does not arrive. */
export function overTheWire(coordinator: () => TransactionCoordinator): AnyTransactionCoordinator {
  const trip =
    <Request, Response>(
      request: Codec<Request>,
      response: Codec<Response>,
      handle: (message: Request, version: RequestVersion) => Promise<Response>,
    ) =>
    async (message: Request, version: RequestVersion): Promise<Response> =>
      copyOf(response, await handle(copyOf(request, message, version), version), version);
  return {
    initProducerId: trip(initProducerIdRequest, initProducerIdResponse, (message, version) =>
      coordinator().initProducerId(message, version),
    ),
    addPartitionsToTxn: trip(addPartitionsToTxnRequest, addPartitionsToTxnResponse, (message, version) =>
      coordinator().addPartitionsToTxn(message, version),
    ),
    addOffsetsToTxn: trip(addOffsetsToTxnRequest, addOffsetsToTxnResponse, (message, version) =>
      coordinator().addOffsetsToTxn(message, version),
    ),
    endTxn: trip(endTxnRequest, endTxnResponse, (message, version) => coordinator().endTxn(message, version)),
    describeTransactions: trip(describeTransactionsRequest, describeTransactionsResponse, (message) =>
      coordinator().describeTransactions(message),
    ),
    listTransactions: trip(listTransactionsRequest, listTransactionsResponse, (message) =>
      coordinator().listTransactions(message),
    ),
  };
}

function copyOf<Message>(codec: Codec<Message>, message: Message, { apiVersion }: RequestVersion): Message {
  const writer = new Writer();
  codec.encode(writer, message, apiVersion);
  return codec.decode(new Reader(writer.toBytes()), apiVersion);
}
