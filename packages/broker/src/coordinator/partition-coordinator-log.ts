// A coordinator's log kept in a partition of an internal topic: records become one batch, appended like a client's; the end of a transaction becomes a
// control batch.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  batchIsControl,
  batchIsTransactional,
  batchNextOffset,
  batchProducerEpoch,
  batchProducerId,
  batchSizeInBytes,
} from '@moldau/protocol/records/batch-header.ts';
import { readEndTransactionMarker } from '@moldau/protocol/records/control-record.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import type { AppendOutcome, Partition } from '../partition/partition.ts';
import type { TransactionMarker } from '../partition/transaction-marker.ts';
import { CoordinatorAppendError } from './coordinator-error.ts';
import type {
  CoordinatorLog,
  CoordinatorRecord,
  LogVisitor,
  TransactionalProducer,
} from './coordinator-log.ts';

/** How much of the log is read at a time when the state is loaded, in bytes. */
const LOAD_CHUNK_BYTES = 1024 * 1024;

export class PartitionCoordinatorLog implements CoordinatorLog {
  readonly #partition: Partition;
  readonly #leaderEpoch: number;

  constructor(partition: Partition, leaderEpoch: number) {
    this.#partition = partition;
    this.#leaderEpoch = leaderEpoch;
  }

  get maxBatchBytes(): number {
    return this.#partition.config.maxMessageBytes;
  }

  append(
    records: readonly CoordinatorRecord[],
    timestampMs: number,
    settled: (error?: Error) => void,
    producer?: TransactionalProducer,
  ): number {
    const batch = buildBatch({
      records: records.map(({ key, value }) => ({ timestamp: timestampMs, key, value })),
      ...(producer === undefined ? {} : { ...producer, transactional: true }),
    });
    return this.#append(settled, (done) => this.#partition.appendOwn(batch, this.#leaderEpoch, done));
  }

  appendMarker(marker: TransactionMarker, _timestampMs: number, settled: (error?: Error) => void): number {
    return this.#append(settled, (done) => this.#partition.appendMarker(marker, this.#leaderEpoch, done));
  }

  async load(visitor: LogVisitor): Promise<void> {
    const partition = this.#partition;
    // What the leader before appended last may be under way still: it becomes part of the log behind what would have been read.
    await partition.settled();
    let offset = partition.logStartOffset;
    while (offset < partition.highWatermark) {
      const limits = {
        maxBytes: LOAD_CHUNK_BYTES,
        atLeastOneBatch: true,
        upToOffset: partition.highWatermark,
      };
      const slice = await partition.read(offset, limits);
      if (slice.buffers.length === 0)
        throw new Error(`nothing can be read at offset ${offset}, below ${partition.highWatermark}`);
      for (const buffer of slice.buffers) offset = visitBatches(buffer, offset, visitor);
    }
  }

  /** Appends one batch, whose offset is known only by where the log ends now. */
  #append(
    settled: (error?: Error) => void,
    append: (done: (outcome: AppendOutcome) => void) => void,
  ): number {
    const baseOffset = this.#partition.log.endOffset;
    let returned = false;
    let refusal: CoordinatorAppendError | undefined;
    append((outcome) => {
      const error =
        outcome.error === ErrorCode.NONE
          ? undefined
          : new CoordinatorAppendError(outcome.error, outcome.message);
      if (returned) settled(error);
      else refusal = error;
    });
    returned = true;
    if (refusal !== undefined) throw refusal;
    return baseOffset;
  }
}

/** Visits the records from `offset` on in the whole batches of `bytes`; returns the offset behind them. */
function visitBatches(bytes: Uint8Array, offset: number, visitor: LogVisitor): number {
  let next = offset;
  for (let at = 0; at < bytes.length; at += batchSizeInBytes(bytes, at)) {
    if (batchIsControl(bytes, at)) visitMarker(bytes, at, next, visitor);
    else visitRecords(bytes, at, next, visitor);
    next = batchNextOffset(bytes, at);
  }
  return next;
}

function visitRecords(bytes: Uint8Array, at: number, from: number, visitor: LogVisitor): void {
  const producer = batchIsTransactional(bytes, at)
    ? { producerId: batchProducerId(bytes, at), producerEpoch: batchProducerEpoch(bytes, at) }
    : undefined;
  const cursor = openBatch(bytes, at);
  while (cursor.next()) {
    if (cursor.offset < from || cursor.key === null) continue;
    visitor.record({ key: cursor.key, value: cursor.value }, cursor.offset, cursor.timestamp, producer);
  }
}

function visitMarker(bytes: Uint8Array, at: number, from: number, visitor: LogVisitor): void {
  const cursor = openBatch(bytes, at);
  // Compaction may have taken the marker out of its batch, once nothing of its transaction was left.
  while (cursor.next()) {
    const marker = readEndTransactionMarker(cursor.key, cursor.value);
    if (marker === undefined || cursor.offset < from) continue;
    visitor.marker(batchProducerId(bytes, at), marker.type === 'commit', cursor.offset);
  }
}
