// A coordinator's log kept in a partition of an internal topic: records become one batch, appended like a client's.
import { ErrorCode, errorName } from '@moldau/protocol/generated/errors.ts';
import { batchIsControl, batchNextOffset, batchSizeInBytes } from '@moldau/protocol/records/batch-header.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import type { Partition } from '../partition/partition.ts';
import type { CoordinatorLog, CoordinatorRecord, LogVisitor } from './coordinator-log.ts';

/** How much of the log is read at a time when the state is loaded, in bytes. */
const LOAD_CHUNK_BYTES = 1024 * 1024;

/** The partition did not take the records, or lost them before they were durable; `code` is Kafka's error. */
export class CoordinatorAppendError extends Error {
  override readonly name = 'CoordinatorAppendError';
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string | null) {
    super(`${errorName(code)}: ${message ?? 'the records of the coordinator were not stored'}`);
    this.code = code;
  }
}

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
  ): number {
    const batch = buildBatch({
      records: records.map(({ key, value }) => ({ timestamp: timestampMs, key, value })),
    });
    const baseOffset = this.#partition.log.endOffset;
    let returned = false;
    let refusal: CoordinatorAppendError | undefined;
    this.#partition.appendOwn(batch, this.#leaderEpoch, (outcome) => {
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

  async load(visitor: LogVisitor): Promise<void> {
    const partition = this.#partition;
    let offset = partition.logStartOffset;
    while (offset < partition.highWatermark) {
      const limits = {
        maxBytes: LOAD_CHUNK_BYTES,
        atLeastOneBatch: true,
        upToOffset: partition.highWatermark,
      };
      const slice = await partition.read(offset, limits);
      if (slice.buffers.length === 0) break;
      for (const buffer of slice.buffers) offset = visitBatches(buffer, offset, visitor);
    }
  }
}

/** Visits the records from `offset` on in the whole batches of `bytes`; returns the offset behind them. */
function visitBatches(bytes: Uint8Array, offset: number, visitor: LogVisitor): number {
  let next = offset;
  for (let at = 0; at < bytes.length; at += batchSizeInBytes(bytes, at)) {
    const cursor = batchIsControl(bytes, at) ? undefined : openBatch(bytes, at);
    while (cursor?.next() === true) {
      if (cursor.offset < next || cursor.key === null) continue;
      visitor.record({ key: cursor.key, value: cursor.value }, cursor.offset, cursor.timestamp);
    }
    next = batchNextOffset(bytes, at);
  }
  return next;
}
