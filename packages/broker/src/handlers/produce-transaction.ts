// The transactional side of Produce: which requests may hold batches of transactions, and how a partition has the transaction verified before the first.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { ProduceRequest } from '@moldau/protocol/generated/produce.ts';
import {
  BATCH_MAGIC,
  RECORD_BATCH_OVERHEAD,
  batchIsTransactional,
  batchMagic,
  batchProducerEpoch,
  batchProducerId,
} from '@moldau/protocol/records/batch-header.ts';
import type { PartitionImage } from '../metadata/image.ts';
import type { TransactionGate } from '../partition/transaction-verifications.ts';
import { ledPartition } from './led-partition.ts';
import type { Services } from './services.ts';

/** From this version on clients know TRANSACTION_ABORTABLE. */
const ABORTABLE_VERSION = 11;
/** From this version on (transaction version 2) the broker adds the partition to the transaction; older clients have done so themselves. */
const ADDS_PARTITIONS_VERSION = 12;

/**
 * Why the whole request is refused: batches of transactions need a transactional id, and are of one producer. NONE when it is not.
 */
export function transactionProblem(request: ProduceRequest): ErrorCode {
  let producerId: number | undefined;
  let producerEpoch = -1;
  for (const topic of request.topicData) {
    for (const { records } of topic.partitionData) {
      if (records === null || !isTransactional(records)) continue;
      if (request.transactionalId === null) return ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
      const id = batchProducerId(records, 0);
      const epoch = batchProducerEpoch(records, 0);
      if (producerId !== undefined && (producerId !== id || producerEpoch !== epoch))
        return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
      producerId = id;
      producerEpoch = epoch;
    }
  }
  return ErrorCode.NONE;
}

/**
 * How long the end of the last transaction is waited for before a producer is told of it: 127 ms in all. Kafka waits 100 ms
 * (`add.partitions.to.txn.retry.backoff.max.ms`).
 */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 64;

/** Undefined: nothing is verified. */
export function transactionGate(
  services: Services,
  apiVersion: number,
  transactionalId: string | null,
  records: Uint8Array,
  partition: { readonly topic: string; readonly index: number; readonly image: PartitionImage },
): TransactionGate | undefined {
  if (transactionalId === null || !isTransactional(records)) return undefined;
  const bumpsEpochs = apiVersion >= ADDS_PARTITIONS_VERSION;
  // Newer clients count on the broker to add the partition: nobody else would, and its transaction would never end.
  if (!services.settings.transactionPartitionVerification && !bumpsEpochs) return undefined;
  const { topic, index, image } = partition;
  let pauseMs = FIRST_PAUSE_MS;
  return {
    bumpsEpochs,
    pause: () => {
      if (pauseMs > LAST_PAUSE_MS) return undefined;
      const delayMs = pauseMs;
      pauseMs *= 2;
      return new Promise((resolve) => {
        services.clock.setTimer(delayMs, resolve);
      });
    },
    leads: () => {
      const now = ledPartition(services, topic, index);
      return now.partition !== undefined && now.image.leaderEpoch === image.leaderEpoch;
    },
    ask: async () => {
      const question = {
        transactionalId,
        producerId: batchProducerId(records, 0),
        producerEpoch: batchProducerEpoch(records, 0),
        topic,
        partition: index,
      };
      const error = await services.partitionVerifier.ask(question, bumpsEpochs ? 'add' : 'verify');
      return producerErrorOf(error, apiVersion);
    },
  };
}

/** What the transaction's coordinator said, in terms that a producer of that version understands and tries again where that helps. */
function producerErrorOf(error: ErrorCode, apiVersion: number): ErrorCode {
  switch (error) {
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    case ErrorCode.NETWORK_EXCEPTION:
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
      return ErrorCode.NOT_ENOUGH_REPLICAS;
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      return apiVersion >= ADDS_PARTITIONS_VERSION ? error : ErrorCode.NOT_ENOUGH_REPLICAS;
    case ErrorCode.TRANSACTION_ABORTABLE:
      return apiVersion >= ABORTABLE_VERSION ? error : ErrorCode.INVALID_TXN_STATE;
    default:
      return error;
  }
}

/** By the header alone, which has not been checked yet. */
function isTransactional(records: Uint8Array): boolean {
  return (
    records.length >= RECORD_BATCH_OVERHEAD &&
    batchMagic(records, 0) === BATCH_MAGIC &&
    batchIsTransactional(records, 0) &&
    batchProducerId(records, 0) >= 0
  );
}
