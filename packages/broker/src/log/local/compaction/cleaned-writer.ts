// The segment that compaction writes aside: what is left of several, in large writes.
//
//   batches -> a block of memory, copied -> 00000000000000000000.log.cleaned
//
// Must stay true: once `finish` resolves, all of it is durable but the names.
import { DiskError } from '@moldau/runtime';
import { batchBaseOffset, batchLastOffset, batchLeaderEpoch } from '@moldau/protocol/records/batch-header.ts';

import type { AbortedTransaction } from '../../aborted-transaction.ts';
import type { AppendedBatch } from '../../partition-log.ts';
import { recordsMaxTimestamp } from '../batch-check.ts';
import type { LocalPartitionLog } from '../local-partition-log.ts';
import { Segment } from '../segment.ts';
import { SegmentProgress } from '../segment-progress.ts';
import { writeAborted } from '../transaction-index-file.ts';

const BLOCK_BYTES = 1024 * 1024;
/** Buffers in one write: what the systems take at a time. */
const BLOCK_BATCHES = 1024;

export class CleanedWriter {
  readonly segment: Segment;
  /** Something of what was read is not in here, or not as it was. */
  changed = false;
  /** The transactions that readers have to be told of still. */
  readonly aborted: AbortedTransaction[] = [];
  readonly #log: LocalPartitionLog;
  #block = new Uint8Array(0);
  #used = 0;
  #batches: AppendedBatch[] = [];

  constructor(log: LocalPartitionLog, baseOffset: number) {
    this.#log = log;
    this.segment = Segment.cleaned(log.context.files, log.folder, baseOffset);
  }

  /** Bytes of all batches so far. */
  get size(): number {
    return this.segment.written.size + this.#used;
  }

  /** Takes a copy of the batch at `at`. */
  async add(bytes: Uint8Array, at: number, size: number): Promise<void> {
    if (this.#used + size > this.#block.length || this.#batches.length === BLOCK_BATCHES) {
      await this.#write();
      if (size > this.#block.length) this.#block = new Uint8Array(Math.max(size, BLOCK_BYTES));
    }
    const copy = this.#block.subarray(this.#used, this.#used + size);
    copy.set(bytes.subarray(at, at + size));
    this.#used += size;
    this.#batches.push({
      bytes: copy,
      baseOffset: batchBaseOffset(copy, 0),
      lastOffset: batchLastOffset(copy, 0),
      leaderEpoch: batchLeaderEpoch(copy, 0),
      maxTimestamp: recordsMaxTimestamp(copy, 0),
    });
  }

  async finish(): Promise<void> {
    const { segment } = this;
    await this.#write();
    this.#block = new Uint8Array(0);
    await this.#guarded(async () => {
      // Also where nothing is left: an empty segment keeps its place until it is put together with a neighbour.
      await segment.prepareToWrite();
      if (this.aborted.length > 0) await writeAborted(segment, 0, this.aborted);
      await segment.indexes.write(true);
      await segment.indexes.sync();
      segment.log.dirty = true;
      await segment.sync();
    });
    segment.planned = new SegmentProgress(segment.written);
    segment.finished = true;
    segment.dropIndexes();
  }

  /** It is not wanted: frees the disk space. What cannot be removed now goes when the folder is looked through the next time. */
  async remove(): Promise<void> {
    await this.segment.destroy().catch(() => {});
  }

  async #write(): Promise<void> {
    if (this.#batches.length === 0) return;
    await this.#guarded(() => this.segment.write(this.#batches, this.#log.config.indexIntervalBytes));
    this.#batches = [];
    this.#used = 0;
  }

  /** A full disk leaves the log as it is, for a later time; any other failure of a write is one of the engine. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof DiskError && error.code === 'NO_SPACE') throw error;
      if (this.#log.writer.gone || this.#log.closed) throw error;
      throw this.#log.context.writeFailed(error);
    }
  }
}
