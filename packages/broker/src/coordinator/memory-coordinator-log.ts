// A coordinator's log in memory, for tests: they say when appends become durable, are discarded, or are not taken at all.
import assert from 'node:assert/strict';
import type { TransactionMarker } from '../partition/transaction-marker.ts';
import type {
  CoordinatorLog,
  CoordinatorRecord,
  LogVisitor,
  TransactionalProducer,
} from './coordinator-log.ts';

/** What lies at one offset. */
export type StoredEntry =
  | {
      readonly record: CoordinatorRecord;
      readonly timestampMs: number;
      readonly producer: TransactionalProducer | undefined;
    }
  | { readonly marker: TransactionMarker };

interface OpenAppend {
  readonly firstOffset: number;
  readonly settled: (error?: Error) => void;
}

export class MemoryCoordinatorLog implements CoordinatorLog {
  maxBatchBytes = 1_048_588;
  /** Thrown by `append` when set. */
  refusal: Error | undefined;
  /** The number of records in each batch ever appended. */
  readonly batchSizes: number[] = [];
  readonly #entries: StoredEntry[] = [];
  #open: OpenAppend[] = [];

  append(
    records: readonly CoordinatorRecord[],
    timestampMs: number,
    settled: (error?: Error) => void,
    producer?: TransactionalProducer,
  ): number {
    assert(records.length > 0, 'an empty batch is not appended');
    return this.#append(
      records.map((record) => ({ record, timestampMs, producer })),
      settled,
    );
  }

  appendMarker(marker: TransactionMarker, _timestampMs: number, settled: (error?: Error) => void): number {
    return this.#append([{ marker }], settled);
  }

  load(visitor: LogVisitor): Promise<void> {
    for (const [offset, entry] of this.#entries.entries()) {
      if ('marker' in entry) visitor.marker(entry.marker.producerId, entry.marker.committed, offset);
      else visitor.record(entry.record, offset, entry.timestampMs, entry.producer);
    }
    return Promise.resolve();
  }

  /** Appends that have not settled. */
  get open(): number {
    return this.#open.length;
  }

  get records(): readonly CoordinatorRecord[] {
    return this.#entries.flatMap((entry) => ('record' in entry ? [entry.record] : []));
  }

  get entries(): readonly StoredEntry[] {
    return this.#entries;
  }

  /** Makes the oldest `count` open appends durable. */
  settle(count = this.#open.length): void {
    for (const { settled } of this.#open.splice(0, count)) settled();
  }

  /** Discards all open appends, as a failed group commit does. */
  discard(error = new Error('the disk is full')): void {
    const discarded = this.#open;
    this.#open = [];
    const first = discarded[0];
    if (first === undefined) return;
    this.#entries.length = first.firstOffset;
    for (const { settled } of discarded) settled(error);
  }

  /** What a restart finds: the durable records. */
  restarted(): MemoryCoordinatorLog {
    const log = new MemoryCoordinatorLog();
    const durable = this.#open[0]?.firstOffset ?? this.#entries.length;
    log.#entries.push(...this.#entries.slice(0, durable));
    return log;
  }

  #append(entries: readonly StoredEntry[], settled: (error?: Error) => void): number {
    if (this.refusal !== undefined) throw this.refusal;
    const firstOffset = this.#entries.length;
    this.#entries.push(...entries);
    this.#open.push({ firstOffset, settled });
    this.batchSizes.push(entries.length);
    return firstOffset;
  }
}
