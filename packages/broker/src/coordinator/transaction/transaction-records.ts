// The records of transactions in `__transaction_state`, in Kafka's own layouts, so that Kafka's tools read them and Kafka's own partitions can be
// taken over:
//
//   key    version int16 (0) | transactional id
//   value  version int16     | TransactionLogValue       0 while `transaction.version` is 0, otherwise 1
//
// A null value: the id is forgotten. Keys of other versions belong to nobody that is known and are left alone.
import type { Codec } from '@moldau/protocol/codec.ts';
import {
  newTransactionLogValue,
  transactionLogKey,
  transactionLogValue,
  type TransactionLogValue,
} from '@moldau/protocol/generated/records/transaction-log.ts';
import { DecodeError } from '@moldau/protocol/protocol-error.ts';
import { Reader } from '@moldau/protocol/reader.ts';
import { Writer } from '@moldau/protocol/writer.ts';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import { NO_PRODUCER_EPOCH, type Transaction } from './transaction.ts';
import { statusNumber, TRANSACTION_STATUSES } from './transaction-status.ts';

const KEY_VERSION = 0;
const INITIAL_BYTES = 128;

export type TransactionRecord =
  /** The id has become this; undefined: it is forgotten. */
  | {
      readonly kind: 'transaction';
      readonly transactionalId: string;
      readonly transaction: Transaction | undefined;
    }
  | { readonly kind: 'other'; readonly version: number };

/** @param transactionVersion the level of the feature `transaction.version` */
export const transactionRecord = (
  transaction: Transaction,
  transactionVersion: number,
): CoordinatorRecord => ({
  key: keyOf(transaction.transactionalId),
  value: encode(
    transactionLogValue,
    transactionVersion >= 1 ? 1 : 0,
    valueOf(transaction, transactionVersion),
  ),
});

export const transactionTombstone = (transactionalId: string): CoordinatorRecord => ({
  key: keyOf(transactionalId),
  value: null,
});

const keyOf = (transactionalId: string): Uint8Array =>
  encode(transactionLogKey, KEY_VERSION, { transactionalId });

function encode<Message>(codec: Codec<Message>, version: number, message: Message): Uint8Array {
  const writer = new Writer(INITIAL_BYTES);
  writer.int16(version, 'version');
  codec.encode(writer, message, version);
  return writer.toBytes();
}

function valueOf(transaction: Transaction, transactionVersion: number): TransactionLogValue {
  const { partitions, previousProducerId, nextProducerId, clientTransactionVersion } = transaction;
  return newTransactionLogValue({
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: statusNumber(transaction.status),
    transactionPartitions:
      transaction.status === 'Empty'
        ? null
        : [...partitions].map(([topic, numbers]) => ({ topic, partitionIds: [...numbers] })),
    transactionLastUpdateTimestampMs: transaction.lastUpdateMs,
    transactionStartTimestampMs: transaction.startMs,
    // What version 0 cannot say is lost with it, as in Kafka.
    ...(transactionVersion >= 1 ? { previousProducerId, nextProducerId, clientTransactionVersion } : {}),
  });
}

/**
 * Reads a record.
 * @throws DecodeError when the bytes are not what their version says
 */
export function readTransactionRecord(record: CoordinatorRecord): TransactionRecord {
  const key = new Reader(record.key);
  const version = key.int16('version');
  if (version !== KEY_VERSION) return { kind: 'other', version };
  const { transactionalId } = transactionLogKey.decode(key, KEY_VERSION);
  if (record.value === null) return { kind: 'transaction', transactionalId, transaction: undefined };
  const reader = new Reader(record.value);
  const value = transactionLogValue.decode(reader, reader.int16('version'));
  return { kind: 'transaction', transactionalId, transaction: transactionOf(transactionalId, value) };
}

function transactionOf(transactionalId: string, value: TransactionLogValue): Transaction {
  const status = TRANSACTION_STATUSES[value.transactionStatus];
  // Taking it for anything else could undo a decision.
  if (status === undefined)
    throw new DecodeError(
      'transactionStatus',
      `there is no state ${value.transactionStatus} of a transaction`,
      0,
    );
  return {
    transactionalId,
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    lastProducerEpoch: NO_PRODUCER_EPOCH,
    timeoutMs: value.transactionTimeoutMs,
    status,
    partitions: new Map(
      (value.transactionPartitions ?? []).map(({ topic, partitionIds }) => [topic, new Set(partitionIds)]),
    ),
    startMs: value.transactionStartTimestampMs,
    lastUpdateMs: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
    deadlineMs: undefined,
  };
}
