// Asks the coordinators of transactions for partitions (PartitionVerifier): whether they belong to a transaction, or to make them so.
//
//   ask, ask, ask --> batch of the coordinator's broker --AddPartitionsToTxn--> answers
//
// To another broker one request is under way at a time, and what is asked meanwhile goes with the next. To this broker itself a request goes as soon
// as the work at hand is done, so that all partitions of one Produce make one record of the transaction.
//
// Must stay true: every ask is answered, and NONE only when the coordinator has said so.
import {
  newAddPartitionsToTxnRequest,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
  type AddPartitionsToTxnTransaction,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { Clock } from '@moldau/runtime';
import type { PartitionVerifier, TransactionPartition } from './partition-verifier.ts';

/** Transactions in one request; more wait for the next. */
const MAX_TRANSACTIONS_PER_REQUEST = 1_000;
/** Asks that may wait at once for one broker; more are answered NOT_ENOUGH_REPLICAS. */
const MAX_WAITING = 100_000;

export interface PartitionVerifierOptions {
  readonly clock: Clock;
  readonly brokerId: number;
  /** Which broker coordinates the id; undefined: for now nobody. */
  coordinatorOf(transactionalId: string): number | undefined;
  addPartitionsToTxn(
    brokerId: number,
    request: AddPartitionsToTxnRequest,
  ): Promise<AddPartitionsToTxnResponse>;
}

type Mode = 'verify' | 'add';

/** Everything asked for one producer in one mode. */
interface Batch {
  readonly first: TransactionPartition;
  readonly mode: Mode;
  /** By topic, then by partition: who waits. */
  readonly topics: Map<string, Map<number, ((error: ErrorCode) => void)[]>>;
}

interface BrokerBatches {
  /** By transactional id, producer and mode. */
  waiting: Map<string, Batch>;
  asks: number;
  underWay: boolean;
}

export class CoordinatorPartitionVerifier implements PartitionVerifier {
  readonly #options: PartitionVerifierOptions;
  readonly #brokers = new Map<number, BrokerBatches>();

  constructor(options: PartitionVerifierOptions) {
    this.#options = options;
  }

  ask(partition: TransactionPartition, mode: Mode): Promise<ErrorCode> {
    const brokerId = this.#options.coordinatorOf(partition.transactionalId);
    if (brokerId === undefined) return Promise.resolve(ErrorCode.NOT_ENOUGH_REPLICAS);
    let broker = this.#brokers.get(brokerId);
    if (broker === undefined)
      this.#brokers.set(brokerId, (broker = { waiting: new Map(), asks: 0, underWay: false }));
    const known = broker;
    if (known.asks >= MAX_WAITING) return Promise.resolve(ErrorCode.NOT_ENOUGH_REPLICAS);
    known.asks++;
    const answered = new Promise<ErrorCode>((resolve) => addTo(known.waiting, partition, mode, resolve));
    this.#flush(brokerId, known);
    return answered;
  }

  #flush(brokerId: number, broker: BrokerBatches): void {
    if (broker.underWay || broker.waiting.size === 0) return;
    broker.underWay = true;
    if (brokerId !== this.#options.brokerId) {
      this.#send(brokerId, broker, () => this.#next(brokerId, broker));
      return;
    }
    this.#options.clock.defer(() => {
      this.#send(brokerId, broker, () => {});
      this.#next(brokerId, broker);
    });
  }

  #next(brokerId: number, broker: BrokerBatches): void {
    broker.underWay = false;
    this.#flush(brokerId, broker);
  }

  #send(brokerId: number, broker: BrokerBatches, done: () => void): void {
    const batches: Batch[] = [];
    for (const [key, batch] of broker.waiting) {
      if (batches.length === MAX_TRANSACTIONS_PER_REQUEST) break;
      broker.waiting.delete(key);
      batches.push(batch);
    }
    const settle = (errorOf: (batch: number, topic: string, partition: number) => ErrorCode): void => {
      for (const [index, batch] of batches.entries())
        for (const [topic, partitions] of batch.topics)
          for (const [partition, waiters] of partitions) {
            broker.asks -= waiters.length;
            for (const resolve of waiters) resolve(asked(errorOf(index, topic, partition), batch.mode));
          }
      done();
    };
    const request = newAddPartitionsToTxnRequest({ transactions: batches.map(transactionOf) });
    this.#options.addPartitionsToTxn(brokerId, request).then(
      (response) => settle(errorsOf(response)),
      () => settle(() => ErrorCode.NETWORK_EXCEPTION),
    );
  }
}

function addTo(
  waiting: Map<string, Batch>,
  partition: TransactionPartition,
  mode: Mode,
  resolve: (error: ErrorCode) => void,
): void {
  const { transactionalId, producerId, producerEpoch, topic } = partition;
  const key = `${mode} ${producerId} ${producerEpoch} ${transactionalId}`;
  let batch = waiting.get(key);
  if (batch === undefined) waiting.set(key, (batch = { first: partition, mode, topics: new Map() }));
  let partitions = batch.topics.get(topic);
  if (partitions === undefined) batch.topics.set(topic, (partitions = new Map()));
  const waiters = partitions.get(partition.partition);
  if (waiters === undefined) partitions.set(partition.partition, [resolve]);
  else waiters.push(resolve);
}

const transactionOf = ({ first, mode, topics }: Batch): AddPartitionsToTxnTransaction => ({
  transactionalId: first.transactionalId,
  producerId: first.producerId,
  producerEpoch: first.producerEpoch,
  verifyOnly: mode === 'verify',
  topics: [...topics].map(([name, partitions]) => ({ name, partitions: [...partitions.keys()] })),
});

/** Our brokers answer transactions in the order of the request: one id may be there twice, for two producers. */
function errorsOf(
  response: AddPartitionsToTxnResponse,
): (batch: number, topic: string, partition: number) => ErrorCode {
  const all = response.resultsByTransaction.map(
    ({ topicResults }) =>
      new Map(
        topicResults.map(({ name, resultsByPartition }) => [
          name,
          new Map(
            resultsByPartition.map(({ partitionIndex, partitionErrorCode }) => [
              partitionIndex,
              partitionErrorCode as ErrorCode,
            ]),
          ),
        ]),
      ),
  );
  return (batch, topic, partition) => {
    if (response.errorCode !== ErrorCode.NONE) return response.errorCode as ErrorCode;
    return all[batch]?.get(topic)?.get(partition) ?? ErrorCode.NETWORK_EXCEPTION;
  };
}

/** What the coordinator said, as producers understand it. */
function asked(error: ErrorCode, mode: Mode): ErrorCode {
  switch (error) {
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      // Clients that have the broker add partitions know that the end of their last transaction is still under way.
      return mode === 'add' ? error : ErrorCode.NOT_ENOUGH_REPLICAS;
    case ErrorCode.NETWORK_EXCEPTION:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS;
    default:
      return error;
  }
}
