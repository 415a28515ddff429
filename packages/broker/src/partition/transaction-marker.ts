// The end of a transaction in one partition, as the transaction coordinator orders it (WriteTxnMarkers) and as a control batch keeps it.
//
// Must stay true: a marker is written only while the producer's epoch allows it, so that one which comes late never ends a later transaction.

export interface TransactionMarker {
  readonly producerId: number;
  /** With transaction version 2 already raised by one: a batch of the transaction that arrives behind its marker is fenced (KIP-890). */
  readonly producerEpoch: number;
  /** The leader epoch of the coordinator's partition: a coordinator that was replaced is fenced by it. */
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
  /** The `transaction.version` that the transaction runs under: 0 and 1 allow a marker with the epoch of the batches, 2 asks for a larger one. */
  readonly transactionVersion: number;
}
