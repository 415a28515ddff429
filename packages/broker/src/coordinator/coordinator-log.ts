// The seam between a coordinator and the log of its partition (one partition of `__consumer_offsets`, `__transaction_state`, ...).
// The coordinator hands over keys and values; whoever implements this builds the record batch, appends it to the partition as its
// leader, and reports what became of it.
//
//   append --> in memory --+--> settled()        durable: it survives a power cut
//                          +--> settled(error)   discarded: as if it had never been appended
//
// Must stay true:
//   - appends settle in the order in which they were made, and a discarded one takes all later ones with it;
//   - `settled` is called synchronously from where the log learns the outcome, never from a promise: between a discard and its report no
//     request may be decided, or it would build on a state that is gone;
//   - a batch is atomic: recovery sees all its records or none.

import type { TransactionMarker } from '../partition/transaction-marker.ts';

/** One record of a coordinator's log; a `null` value is a tombstone: the key is gone. */
export interface CoordinatorRecord {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** The producer that records are written for: they belong to its open transaction and count only once that has been committed. */
export interface TransactionalProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** What the log hands back at recovery, in order of offset. */
export interface LogVisitor {
  /**
   * The record's bytes may be reused once this returns: copy what must stay. `producer`: the record is part of a transaction which ends with a later
   * `marker`, or is still open.
   */
  record(
    record: CoordinatorRecord,
    offset: number,
    timestampMs: number,
    producer: TransactionalProducer | undefined,
  ): void;
  /** The producer's transaction ended. */
  marker(producerId: number, committed: boolean, offset: number): void;
}

export interface CoordinatorLog {
  /** The largest record batch in bytes that `append` takes, header included (the topic's `max.message.bytes`). */
  readonly maxBatchBytes: number;
  /**
   * Appends the records as one batch; `settled` follows exactly once, after this has returned.
   * @param timestampMs create time of every record
   * @param producer the records are part of its transaction
   * @returns the offset of the first record
   * @throws Error when the log takes nothing now (disk full, closed, no longer the leader): nothing was appended then and `settled` is not called
   */
  append(
    records: readonly CoordinatorRecord[],
    timestampMs: number,
    settled: (error?: Error) => void,
    producer?: TransactionalProducer,
  ): number;
  /**
   * Appends the end of a transaction; otherwise as `append`.
   * @throws Error likewise; also when the producer or the coordinator behind the marker is fenced
   */
  appendMarker(marker: TransactionMarker, timestampMs: number, settled: (error?: Error) => void): number;
  /** Reads everything from the log's start to its end. Rejects when that cannot be done completely. */
  load(visitor: LogVisitor): Promise<void>;
}

/** Upper bound of what one batch adds to its records: the header of format v2 (61 bytes). */
const BATCH_OVERHEAD = 61;
/** Upper bound of what one record adds to its key and value: length, attributes, deltas, key and value length, header count as varints. */
const RECORD_OVERHEAD = 32;

/** Upper bound of the bytes that one more record takes in a batch. */
export const recordSizeBound = (record: CoordinatorRecord): number =>
  record.key.byteLength + (record.value?.byteLength ?? 0) + RECORD_OVERHEAD;

/** Upper bound of the batch's size in bytes, uncompressed. */
export function batchSizeBound(records: readonly CoordinatorRecord[]): number {
  let size = BATCH_OVERHEAD;
  for (const record of records) size += recordSizeBound(record);
  return size;
}
