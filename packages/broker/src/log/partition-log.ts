// The storage seam: one partition's log as the rest of the broker sees it, whatever engine keeps the bytes.
//
//   log start offset          durable end offset         end offset
//        |                           |                        |
//   .....[ durable, readable ........][ appended, in memory ..)
//
// A log knows record batches (format v2) as opaque bytes and their 61-byte header, never the records within. The caller has
// checked the batches and patched base offset, leader epoch and timestamps in before it appends.
//
// Must stay true:
//   - offsets of appended batches are contiguous: each begins where the one before ended (compaction aside);
//   - `LogObserver.durable` is called only once the bytes below that offset survive a power cut, and never goes back;
//   - a group commit that fails discards all that is not durable, of every partition of the group, and says so
//     (`LogObserver.discarded`): no such byte is ever read, or counted as written;
//   - nothing at or above the durable end offset is handed to `read`.
import type { AbortedTransaction } from './aborted-transaction.ts';
import type { BatchMemory } from './batch-memory.ts';

/** Which partition: the topic's name for the folder, its id against a re-created namesake. */
export interface PartitionId {
  readonly topic: string;
  /** 16 bytes as base64url. */
  readonly topicId: string;
  readonly partition: number;
}

/** One record batch, ready to be stored as it is. */
export interface AppendedBatch {
  /** The whole batch, header included. The log keeps a reference: it must not change while the log holds `memory`, or for ever without one. */
  readonly bytes: Uint8Array;
  /** What the bytes lie in, if that is used again: the log holds it while the batch is in memory. */
  readonly memory?: BatchMemory | undefined;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  /** Milliseconds since 1970; -1 when no record has one. */
  readonly maxTimestamp: number;
}

export interface LogSlice {
  /** Whole batches, in order, to be sent one behind the other; empty when there is nothing at the offset. */
  readonly buffers: readonly Uint8Array[];
  readonly byteLength: number;
  /** Held for the reader, who calls `release` on each once the buffers have been used, or never. */
  readonly memory?: readonly BatchMemory[] | undefined;
}

export interface ReadLimits {
  /** Stops before the batch that would exceed this many bytes ... */
  readonly maxBytes: number;
  /** ... except for the first one, which is returned whole however large when this is set. */
  readonly atLeastOneBatch: boolean;
  /** Only batches whose base offset is below this are returned (high watermark or last stable offset; at most the durable end offset). */
  readonly upToOffset: number;
}

/** A batch found by time: the caller decodes it to find the very record. */
export interface FoundBatch {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
}

/** Settings of one log, resolved from topic and broker settings; named as in Kafka, in the units of their names. */
export interface LogConfig {
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly segmentJitterMs: number;
  readonly segmentIndexBytes: number;
  readonly indexIntervalBytes: number;
  /** -1: no limit. */
  readonly retentionMs: number;
  /** -1: no limit. */
  readonly retentionBytes: number;
  readonly fileDeleteDelayMs: number;
  /** The `cleanup.policy` holds `delete`. */
  readonly deletes: boolean;
  /** The `cleanup.policy` holds `compact`. */
  readonly compacts: boolean;
  /** Compaction keeps records that delete a key (tombstones), and markers of transactions without data, for so long. */
  readonly deleteRetentionMs: number;
  /** A record is not compacted before it is so old. */
  readonly minCompactionLagMs: number;
  /** A log with an uncompacted record of this age is compacted however little there is to do. */
  readonly maxCompactionLagMs: number;
  /** 0 to 1: the share of uncompacted bytes from which on a log is compacted. */
  readonly minCleanableDirtyRatio: number;
}

/** What is known of the last batch that an active producer wrote: compaction keeps it, emptied if need be. */
export interface LastOfProducer {
  /** The last offset of its last batch with data; -1: none is known, the last thing in the log is a marker. */
  readonly lastDataOffset: number;
  readonly epoch: number;
}

/** What one compaction of a log has done. */
export interface CompactionResult {
  /** False: there was nothing to do, or the log went away meanwhile. */
  readonly compacted: boolean;
  /** Everything below has been compacted. */
  readonly cleanedTo: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** How often the key map was filled. */
  readonly passes: number;
}

/**
 * What stands above a log. It keeps state derived from the batches (idempotent producers), which the log stores beside its
 * segments and hands back at recovery. All calls are synchronous and must not throw.
 */
export interface LogObserver {
  /** All below `endOffset` is durable now. */
  durable(endOffset: number): void;
  /** A commit failed: the batches from `endOffset` on are gone, and `endOffset` is the log's end again. */
  discarded(endOffset: number, error: LogError): void;
  /** Records below `startOffset` are gone (retention, DeleteRecords). */
  startMoved(startOffset: number): void;
  /** The last stable offset: nothing at or above it is compacted. */
  stableEndOffset(): number;
  /** Undefined for a producer that is not active (any more). */
  lastOfProducer(producerId: number): LastOfProducer | undefined;
  /** A segment is about to begin at `offset` (the log's end): the state derived from all before it, as stored in `<offset>.snapshot`. */
  takeSnapshot(offset: number): Uint8Array | undefined;
  /**
   * Recovery, first: forget everything, begin from the snapshot taken at `offset` (undefined: from nothing). Returns false when the snapshot's
   * content cannot be used; the log then tries an older one.
   */
  restore(snapshot: Uint8Array | undefined, offset: number): boolean;
  /** Recovery, then: one batch behind that, its header at `at` in `bytes`. The bytes are reused once this returns. */
  replay(bytes: Uint8Array, at: number): void;
}

export interface PartitionLog {
  readonly id: PartitionId;
  /** The first offset that can be read. */
  readonly startOffset: number;
  /** The offset that the next record gets. */
  readonly endOffset: number;
  /** Everything below survives a power cut. */
  readonly durableEndOffset: number;
  /** Bytes on disk and in memory, for DescribeLogDirs and retention. */
  readonly sizeInBytes: number;
  /**
   * Adds batches at the end and into the next group commit. `durable` or `discarded` follows.
   * @throws LogError when the log cannot take anything now (disk full, failed, closed); nothing was appended then.
   */
  append(batches: readonly AppendedBatch[]): void;
  /**
   * Whole batches from the one that holds `offset` on. Answers at once, without a promise, when they are in memory.
   * `offset` lies from `startOffset` to `durableEndOffset`.
   * @throws LogError (or rejects) `CORRUPT`, `IO`
   */
  read(offset: number, limits: ReadLimits): LogSlice | Promise<LogSlice>;
  /** The first batch, from `startOffset` on, that holds a record of `timestamp` or later; undefined when there is none. */
  findByTimestamp(timestamp: number): Promise<FoundBatch | undefined>;
  /** The batch that holds the record of the largest timestamp; undefined when the log is empty. */
  findMaxTimestamp(): Promise<FoundBatch | undefined>;
  /**
   * The end offset of the largest leader epoch that is not above `epoch` (OffsetForLeaderEpoch, KIP-101), and that epoch; undefined when the log
   * knows no such epoch.
   */
  endOffsetOfEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } | undefined;
  /** The epoch of the last batch, or undefined for an empty log. */
  readonly latestEpoch: number | undefined;
  /**
   * Remembers that a transaction was aborted; its marker has just been appended, or replayed. It is durable no later than the marker's segment is, and
   * found again by recovery's replay before that.
   */
  noteAborted(transaction: AbortedTransaction): void;
  /** The aborted transactions that have records from `fromOffset` to before `upToOffset`, by marker. @throws LogError (rejects) `CORRUPT`, `IO` */
  abortedTransactions(
    fromOffset: number,
    upToOffset: number,
  ): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]>;
  /** Moves the start to `offset` (DeleteRecords); resolves once that is durable. Whole segments below it are freed. */
  deleteBefore(offset: number): Promise<void>;
  /** Drops whole segments that retention by time or size, or the start offset, allows to go. Resolves to how many. */
  applyRetention(nowMs: number): Promise<number>;
  /**
   * Compacts what may be compacted by now, whatever the dirty ratio says. Resolves when it is done; one at a time.
   * @throws LogError `CORRUPT`, `IO`: the log is as it was; `FAILED`: the engine has stopped
   */
  compact(nowMs: number): Promise<CompactionResult>;
  /** Takes new settings; they count from the next append or retention on. */
  configure(config: LogConfig): void;
}

/** All logs of one process, with what they share: the write-ahead log, the group commit, the memory budget. */
export interface LogStore {
  /** Opens the log, creating nothing on disk until the first append. Recovers it, calling `observer.restore` and `replay`, before it resolves. */
  open(id: PartitionId, config: LogConfig, observer: LogObserver): Promise<PartitionLog>;
  /** Closes the log if it is open and frees its disk space. */
  remove(id: PartitionId): Promise<void>;
  /** Partitions with data in the store, opened or not. */
  stored(): Promise<readonly PartitionId[]>;
  /** Bytes free and in all on the disk behind the store. */
  space(): Promise<{ readonly free: number; readonly total: number }>;
  /** True while appends come faster than they can be stored: producers should be held back. Appends are still taken. */
  readonly pressure: boolean;
  /** Calls `listener` when `pressure` changes; returns what ends that. */
  onPressure(listener: (pressure: boolean) => void): () => void;
  /** Commits what was appended, writes what is in memory to the segments, closes everything. */
  close(): Promise<void>;
}

/**
 * - `NO_SPACE`  the disk is full: answered KAFKA_STORAGE_ERROR; appends are tried again as soon as there is space
 * - `FAILED`    a sync failed or the engine has stopped: the broker must stop and recover
 * - `IO`        a read failed
 * - `CORRUPT`   stored bytes are not what was written; the message names file and position
 * - `CLOSED`    the log was closed or removed
 */
export type LogErrorCode = 'NO_SPACE' | 'FAILED' | 'IO' | 'CORRUPT' | 'CLOSED';

export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  constructor(code: LogErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
