// A coordinator's log in memory, for tests: they say when appends become durable, are discarded, or are not taken at all.
import assert from 'node:assert/strict';
import type { CoordinatorLog, CoordinatorRecord, LogVisitor } from './coordinator-log.ts';

interface StoredRecord {
  readonly record: CoordinatorRecord;
  readonly timestampMs: number;
}

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
  readonly #records: StoredRecord[] = [];
  #open: OpenAppend[] = [];

  append(
    records: readonly CoordinatorRecord[],
    timestampMs: number,
    settled: (error?: Error) => void,
  ): number {
    if (this.refusal !== undefined) throw this.refusal;
    assert(records.length > 0, 'an empty batch is not appended');
    const firstOffset = this.#records.length;
    for (const record of records) this.#records.push({ record, timestampMs });
    this.#open.push({ firstOffset, settled });
    this.batchSizes.push(records.length);
    return firstOffset;
  }

  load(visitor: LogVisitor): Promise<void> {
    for (const [offset, { record, timestampMs }] of this.#records.entries())
      visitor.record(record, offset, timestampMs);
    return Promise.resolve();
  }

  /** Appends that have not settled. */
  get open(): number {
    return this.#open.length;
  }

  get records(): readonly CoordinatorRecord[] {
    return this.#records.map(({ record }) => record);
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
    this.#records.length = first.firstOffset;
    for (const { settled } of discarded) settled(error);
  }

  /** What a restart finds: the durable records. */
  restarted(): MemoryCoordinatorLog {
    const log = new MemoryCoordinatorLog();
    const durable = this.#open[0]?.firstOffset ?? this.#records.length;
    log.#records.push(...this.#records.slice(0, durable));
    return log;
  }
}
