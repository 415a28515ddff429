// Transactions of a story, with as little of a transaction coordinator as groups can notice: it gives out producers, knows which partitions their
// transactions have, and orders the markers.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { TransactionMarker } from '../../partition/transaction-marker.ts';
import type { TransactionalProducer } from '../coordinator-log.ts';
import type { PartitionVerifier, TransactionPartition } from '../transaction/partition-verifier.ts';

interface Transaction {
  readonly producer: TransactionalProducer;
  /** Partitions of `__consumer_offsets` that it has. */
  readonly partitions: Set<number>;
}

const FIRST_PRODUCER_ID = 1000;
const COORDINATOR_EPOCH = 0;

export class ScriptedTransactions implements PartitionVerifier {
  readonly #open = new Map<string, Transaction>();
  readonly #partitionFor: (groupId: string) => number;
  readonly #complete: (partition: number, marker: TransactionMarker) => Promise<ErrorCode>;
  /** What was asked, in order. */
  readonly asked: string[] = [];

  constructor(
    partitionFor: (groupId: string) => number,
    complete: (partition: number, marker: TransactionMarker) => Promise<ErrorCode>,
  ) {
    this.#partitionFor = partitionFor;
    this.#complete = complete;
  }

  /** InitProducerId: a producer for the transactional id. */
  async init(transactionalId: string): Promise<TransactionalProducer> {
    const before = this.#open.get(transactionalId);
    if (before !== undefined && before.partitions.size > 0) await this.end(transactionalId, false);
    const { producerId, producerEpoch } = before?.producer ?? {
      producerId: FIRST_PRODUCER_ID + this.#open.size,
      producerEpoch: -1,
    };
    const producer = { producerId, producerEpoch: producerEpoch + 1 };
    this.#open.set(transactionalId, { producer, partitions: new Set() });
    return producer;
  }

  /** AddOffsetsToTxn. */
  async addGroup(transactionalId: string, groupId: string): Promise<void> {
    this.#open.get(transactionalId)?.partitions.add(this.#partitionFor(groupId));
  }

  /** EndTxn of a client before KIP-890: the epoch stays. */
  async end(transactionalId: string, committed: boolean): Promise<void> {
    const { producer, partitions } = this.#open.get(transactionalId) ?? { partitions: new Set<number>() };
    if (producer === undefined) return;
    for (const partition of partitions)
      await this.#complete(partition, {
        ...producer,
        coordinatorEpoch: COORDINATOR_EPOCH,
        committed,
        transactionVersion: 1,
      });
    partitions.clear();
  }

  async ask(wanted: TransactionPartition, mode: 'verify' | 'add'): Promise<ErrorCode> {
    this.asked.push(mode);
    const transaction = this.#open.get(wanted.transactionalId);
    if (transaction?.producer.producerId !== wanted.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
    if (transaction.producer.producerEpoch !== wanted.producerEpoch) return ErrorCode.INVALID_PRODUCER_EPOCH;
    if (mode === 'add') transaction.partitions.add(wanted.partition);
    return transaction.partitions.has(wanted.partition) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
  }
}
