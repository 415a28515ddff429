// Before a partition takes the first batch of a transaction it asks the transaction's coordinator: an older client has told the coordinator of the
// partition itself, which is verified; a newer one (Produce 12, TxnOffsetCommit 5 and later) relies on the broker to add it (KIP-890). So no partition
// ever holds an open transaction that its coordinator does not know of, and none can hang.
import type { ErrorCode } from '@moldau/protocol/generated/errors.ts';

export interface TransactionPartition {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionVerifier {
  /**
   * `verify`: is the partition part of the producer's ongoing transaction? `add`: make it so, durably.
   * Resolves to NONE, or to the error that the client gets in its produce or commit answer; never rejects. Retriable trouble (the coordinator loads, or is
   * elsewhere, or cannot be reached) is NOT_ENOUGH_REPLICAS for `verify` and for produce, as in Kafka: every client tries that again.
   */
  ask(partition: TransactionPartition, mode: 'verify' | 'add'): Promise<ErrorCode>;
}
