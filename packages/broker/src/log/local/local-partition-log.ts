// One partition of the embedded log: the newest batches in memory, all others in segment files.
//
//        segments                           memory (the tail)
//   [0 ...][1000 ...][2000 ... written] ....[.... written, durable, waiting]
//                              ^ a checkpoint syncs up to here, and the write-ahead log before it is free again
//
//   append   memory only; the group commit makes it durable and calls `committed`
//   flush    durable batches to the segments, in large writes, unsynced
//   settle   flush, snapshot, sync: what a checkpoint may count on
//
// Must stay true: work on files is done one piece after the other (`#io`); `durableEndOffset` moves only in `committed`; what a flush
// writes is durable in the write-ahead log already.
import assert from 'node:assert/strict';

import {
  LogError,
  type AppendedBatch,
  type CompactionResult,
  type FoundBatch,
  type LastOfProducer,
  type LogConfig,
  type LogObserver,
  type LogSlice,
  type PartitionId,
  type PartitionLog,
  type ReadLimits,
} from '../partition-log.ts';
import type { AbortedTransaction } from '../aborted-transaction.ts';
import { AbortedTransactions } from './aborted-transactions.ts';
import type { PartitionCheckpoint } from './checkpoint-file.ts';
import { compactLog } from './compaction/compact-log.ts';
import { CompactionProgress } from './compaction/compaction-progress.ts';
import { LeaderEpochs } from './leader-epochs.ts';
import type { LogContext } from './log-context.ts';
import { LogStart } from './log-start.ts';
import { partitionFolderName } from './partition-files.ts';
import { applyRetention, dropSegments, hasSegmentBelowStart } from './retention.ts';
import { readSegments, readTail } from './partition-reader.ts';
import { PartitionWriter } from './partition-writer.ts';
import { NOTHING, sliceOf } from './piece.ts';
import type { FoundInSegment } from './recover-segment.ts';
import type { Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';
import { shouldRoll } from './segment-roll.ts';
import { SnapshotFiles } from './snapshot-files.ts';
import { Tail } from './tail.ts';
import { findByTimestamp, findMaxTimestamp } from './time-search.ts';
import type { CommitMember, DirectTarget, DirectWrite } from './group-commit.ts';
import { writtenCheckpoint } from './written-checkpoint.ts';

export class LocalPartitionLog implements PartitionLog, CommitMember {
  readonly id: PartitionId;
  readonly walNumber: number;
  definedInEpoch = 0;
  waiting = false;
  readonly tail = new Tail();
  readonly segments: SegmentList;
  readonly snapshots: SnapshotFiles;
  readonly context: LogContext;
  readonly writer: PartitionWriter;
  readonly aborted: AbortedTransactions;
  readonly compaction: CompactionProgress;
  readonly folder: string;
  /** The first frame that the segments do not cover; 0 when they cover all. */
  dirtyFrom = 0;
  /** The first frame since the last `settle` began; 0 when there was none. */
  #dirtyAfter = 0;
  /** What the last checkpoint of this partition made durable. */
  checkpoint: PartitionCheckpoint;
  config: LogConfig;
  #observer: LogObserver | undefined;
  readonly #start: LogStart;
  #endOffset: number;
  #durableEndOffset: number;
  #size: number;
  readonly #epochs: LeaderEpochs;
  #closed = false;
  #recovering = false;
  #settlingSoon = false;
  readonly #openedMs: number;

  constructor(context: LogContext, walNumber: number, checkpoint: PartitionCheckpoint, config: LogConfig) {
    this.context = context;
    this.id = checkpoint.id;
    this.walNumber = walNumber;
    this.checkpoint = checkpoint;
    this.config = config;
    this.folder = `${context.folder}/${partitionFolderName(checkpoint.id)}`;
    this.segments = new SegmentList(context.files, this.folder, checkpoint);
    this.snapshots = new SnapshotFiles(context.disk, this.folder, checkpoint.snapshot);
    this.#start = new LogStart(checkpoint.startOffset);
    this.#endOffset = checkpoint.endOffset;
    this.#durableEndOffset = checkpoint.endOffset;
    this.#size = checkpoint.sizeInBytes;
    this.#epochs = new LeaderEpochs(checkpoint.epochs);
    this.aborted = new AbortedTransactions(this, checkpoint);
    this.writer = new PartitionWriter(this, checkpoint.active !== undefined);
    this.#openedMs = context.clock.now();
    this.compaction = new CompactionProgress(checkpoint.compaction);
    // Compaction may have replaced segments after the checkpoint: what is there counts.
    this.segments.onLoaded = () => {
      this.#size = this.segments.known.reduce((sum, segment) => sum + segment.planned.size, 0);
    };
  }

  get startOffset(): number {
    return this.#start.offset;
  }

  get pendingStart(): number | undefined {
    return this.#start.pending;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  get durableEndOffset(): number {
    return this.#durableEndOffset;
  }

  get sizeInBytes(): number {
    return this.#size;
  }

  get latestEpoch(): number | undefined {
    return this.#epochs.latest;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get openedMs(): number {
    return this.#openedMs;
  }

  /** The first offset that is in no segment yet. */
  get writtenEndOffset(): number {
    return this.tail.written < this.tail.end ? this.tail.at(this.tail.written).baseOffset : this.#endOffset;
  }

  /** From now on `observer` is told what happens. */
  attach(observer: LogObserver): void {
    this.#observer = observer;
  }

  append(batches: readonly AppendedBatch[]): void {
    const refusal = this.#closed ? this.#closedError() : this.context.refusal();
    if (refusal !== undefined) throw refusal;
    if (batches.length === 0) return;
    this.#rollIfDue(batches);
    this.#add(batches);
    this.context.commit.add(this);
  }

  /** Recovery: until `settle`, nothing behind what is known is cut off. */
  beginRecovery(): void {
    this.#recovering = true;
    const { active } = this.segments;
    if (active !== undefined) active.trimLater = true;
  }

  /** Recovery: takes a batch from the write-ahead log, durable already. */
  recover(batch: AppendedBatch, beginsSegment: boolean, sequence: number): void {
    if (beginsSegment || (this.segments.active?.finished ?? true)) this.#beginSegment(batch.baseOffset);
    this.#add([batch]);
    this.tail.taken = this.tail.end;
    this.committed(this.tail.end, undefined, sequence);
  }

  /** Recovery: batches that lie in `segment` already, behind all that was known. */
  foundWritten(segment: Segment, batches: readonly FoundInSegment[], sequence: number): void {
    for (const batch of batches) {
      if (this.#epochs.assign(batch.leaderEpoch, batch.baseOffset)) this.writer.epochsChanged = true;
      segment.planned.advance(batch, batch.length, this.config.indexIntervalBytes);
      this.#size += batch.length;
    }
    segment.wrote(batches, this.config.indexIntervalBytes);
    // They are there, but perhaps only in the page cache: a process may have died between its write and its sync.
    segment.log.dirty = true;
    this.#endOffset = batches.at(-1)!.lastOffset + 1;
    this.#durableEndOffset = this.#endOffset;
    this.writer.folderChanged = true;
    this.committed(0, undefined, sequence);
  }

  /** Sees that the newest segment has a file that survives, so that the next large group can go straight there. */
  settleSoon(): void {
    if (this.#settlingSoon) return;
    this.#settlingSoon = true;
    this.context
      .checkpointed(this)
      .catch(() => {})
      .finally(() => {
        this.#settlingSoon = false;
      });
  }

  /** Index files of all segments as complete as can be. */
  async writeAllIndexes(): Promise<void> {
    for (const segment of this.segments.known) await segment.indexes.write(true);
  }

  directTarget(from: number): DirectTarget | undefined {
    return this.writer.directTarget(from);
  }

  writeDirect(upTo: number, target: DirectTarget): Promise<DirectWrite> {
    return this.writer.writeDirect(upTo, target);
  }

  beginsSegment(offset: number): boolean {
    return this.writer.newSegments.has(offset);
  }

  committed(upTo: number, start: number | undefined, sequence: number): void {
    if (this.writer.gone) return;
    this.#dirtySince(sequence);
    if (upTo > this.tail.durable) {
      this.tail.durable = upTo;
      this.#durableEndOffset = this.tail.at(upTo - 1).lastOffset + 1;
      this.context.memory.committed(this, upTo);
      this.#observer?.durable(this.#durableEndOffset);
    }
    if (start !== undefined) this.#startDurable(start);
  }

  /** Everything that is not durable is gone. */
  discard(error: LogError): void {
    if (this.writer.gone) return;
    const had = this.tail.end > this.tail.durable;
    const bytes = this.tail.discard();
    this.context.memory.discarded(bytes);
    this.#size -= bytes;
    this.waiting = false;
    if (had) {
      this.#endOffset = this.#durableEndOffset;
      this.#epochs.truncateFromEnd(this.#endOffset);
      this.writer.epochsChanged = true;
      this.segments.truncate(this.#endOffset);
      for (const offset of this.writer.newSegments)
        if (offset >= this.#endOffset) this.writer.newSegments.delete(offset);
      this.snapshots.truncate(this.#endOffset);
      this.aborted.truncate(this.#endOffset);
      this.segments.replan(this.tail, this.config.indexIntervalBytes);
    }
    this.#start.discarded(error);
    if (had) this.#observer?.discarded(this.#endOffset, error);
  }

  read(offset: number, limits: ReadLimits): LogSlice | Promise<LogSlice> {
    const upTo = Math.min(limits.upToOffset, this.#durableEndOffset);
    if (offset >= upTo) return NOTHING;
    const bounded = upTo === limits.upToOffset ? limits : { ...limits, upToOffset: upTo };
    const number = this.tail.find(offset);
    if (number !== undefined) return readTail(this.tail, number, bounded);
    const segment = this.segments.find(offset);
    const piece = segment === undefined ? undefined : this.context.cache.find(segment, offset);
    if (piece === undefined) return readSegments(this, offset, bounded);
    const { slice, complete } = sliceOf(piece, offset, bounded);
    if (complete) this.context.cache.readAhead(piece);
    return slice;
  }

  findByTimestamp(timestamp: number): Promise<FoundBatch | undefined> {
    return findByTimestamp(this, timestamp);
  }

  findMaxTimestamp(): Promise<FoundBatch | undefined> {
    return findMaxTimestamp(this);
  }

  endOffsetOfEpoch(epoch: number): { readonly epoch: number; readonly endOffset: number } | undefined {
    return this.#epochs.endOffsetOf(epoch, this.#durableEndOffset);
  }

  noteAborted(transaction: AbortedTransaction): void {
    this.aborted.note(transaction);
  }

  abortedTransactions(
    fromOffset: number,
    upToOffset: number,
  ): readonly AbortedTransaction[] | Promise<readonly AbortedTransaction[]> {
    return this.aborted.find(fromOffset, upToOffset);
  }

  async deleteBefore(offset: number): Promise<void> {
    if (offset <= this.startOffset) return;
    if (offset > this.#durableEndOffset) {
      throw new RangeError(
        `cannot delete ${this.folder} before ${offset}: it ends at ${this.#durableEndOffset}`,
      );
    }
    await this.moveStart(offset);
    // A failure has been told to the store; the segments go with the next retention.
    this.dropBelowStart().catch(() => {});
  }

  /** Frees the segments below the start; resolves to how many. A checkpoint that does not name them comes first. */
  async dropBelowStart(): Promise<number> {
    if (!(await hasSegmentBelowStart(this))) return 0;
    // The start may move on meanwhile; the checkpoint covers this one.
    const start = this.startOffset;
    try {
      await this.context.checkpointed(this);
      return await this.writer.io.run(() =>
        this.writer.gone ? Promise.resolve(0) : dropSegments(this, start),
      );
    } catch (error) {
      throw error instanceof LogError ? error : this.context.writeFailed(error);
    }
  }

  /** Makes the new start durable, then tells the observer. */
  moveStart(offset: number): Promise<void> {
    const refusal = this.#closed ? this.#closedError() : this.context.refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const moved = this.#start.move(offset);
    this.context.commit.add(this);
    return moved;
  }

  applyRetention(nowMs: number): Promise<number> {
    return this.#closed ? Promise.resolve(0) : applyRetention(this, nowMs);
  }

  compact(nowMs: number): Promise<CompactionResult> {
    return this.compaction.run(() => compactLog(this, nowMs));
  }

  /** Nothing at or above it is compacted. */
  get stableEndOffset(): number {
    return Math.min(this.#observer?.stableEndOffset() ?? 0, this.#durableEndOffset);
  }

  lastOfProducer(producerId: number): LastOfProducer | undefined {
    return this.#observer?.lastOfProducer(producerId);
  }

  /** Compaction: it has come so far. */
  compactedTo(offset: number): void {
    this.compaction.reached(offset);
    this.touch();
  }

  /** Compaction: what memory holds of batches below `offset` is not what the segments hold now. */
  forgetInMemoryBelow(offset: number): void {
    this.context.memory.released(this.tail.evictTo(this.tail.writtenBelow(offset)), 0);
  }

  /** Compaction: segments were replaced by one with so many bytes more (less). */
  resized(bytes: number): void {
    this.#size += bytes;
    this.touch();
  }

  configure(config: LogConfig): void {
    this.config = config;
  }

  /** Retention: the active segment is complete as it is; the next batch begins another. Everything in it has been written. */
  sealActive(): void {
    if (this.segments.active !== undefined && this.segments.active.planned.size > 0) {
      this.#snapshotAt(this.#endOffset);
      this.#beginSegment(this.#endOffset);
    }
  }

  /** Retention: a segment is out of the log. */
  segmentDropped(sizeInBytes: number): void {
    this.#size -= sizeInBytes;
    this.writer.folderChanged = true;
    this.touch();
  }

  /** A checkpoint has to cover this partition again. */
  touch(): void {
    this.#dirtySince(this.context.commit.nextSequence);
  }

  /** Writes what is durable to the segments. @throws DiskError; nothing is lost then, and it may be tried again */
  flush(): Promise<void> {
    return this.writer.io.run(() => this.writer.flush());
  }

  /** Brings everything durable into synced segments and remembers it as this partition's checkpoint. */
  settle(snapshot: boolean): Promise<void> {
    if (snapshot) this.#snapshotAt(this.#endOffset);
    return this.writer.io.run(() => this.#settleNow());
  }

  /** Takes nothing any more. */
  close(): void {
    this.#closed = true;
  }

  /** Ends all work on files, now and for good: the folder is about to be taken away. */
  async detach(): Promise<void> {
    this.#closed = true;
    await this.writer.io.run(async () => {
      this.writer.gone = true;
    });
  }

  /** Lets go of all memory. */
  release(): void {
    this.#closed = true;
    const { held, unwritten } = this.tail.bytes();
    this.tail.abandon();
    this.context.memory.released(held, unwritten);
    for (const segment of this.segments.known) this.context.cache.forget(segment);
  }

  #add(batches: readonly AppendedBatch[]): void {
    const active = this.segments.active!;
    let bytes = 0;
    for (const batch of batches) {
      assert.equal(batch.baseOffset, this.#endOffset, `offsets of ${this.folder} must follow one another`);
      if (this.#epochs.assign(batch.leaderEpoch, batch.baseOffset)) this.writer.epochsChanged = true;
      active.planned.advance(batch, batch.bytes.length, this.config.indexIntervalBytes);
      this.tail.push(batch);
      this.#endOffset = batch.lastOffset + 1;
      bytes += batch.bytes.length;
    }
    this.#size += bytes;
    this.context.memory.appended(bytes);
  }

  #rollIfDue(batches: readonly AppendedBatch[]): void {
    const { active } = this.segments;
    if (active === undefined || active.finished) {
      this.#beginSegment(this.#endOffset);
      return;
    }
    let sizeInBytes = 0;
    let maxTimestamp = -1;
    for (const batch of batches) {
      sizeInBytes += batch.bytes.length;
      maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp);
    }
    const arriving = { sizeInBytes, maxTimestamp, lastOffset: batches.at(-1)!.lastOffset };
    if (shouldRoll(active, arriving, this.config, this.context.clock.now(), this.#openedMs)) {
      this.#snapshotAt(this.#endOffset);
      this.#beginSegment(this.#endOffset);
    }
  }

  #beginSegment(offset: number): void {
    const segment = this.segments.begin(offset);
    segment.trimLater = this.#recovering;
    this.writer.newSegments.add(offset);
  }

  #snapshotAt(offset: number): void {
    if (this.#observer !== undefined) this.snapshots.take(offset, this.#observer.takeSnapshot(offset));
  }

  #startDurable(start: number): void {
    this.#start.durable(start);
    this.#epochs.truncateFromStart(this.startOffset);
    this.writer.epochsChanged = true;
    this.#observer?.startMoved(this.startOffset);
    this.#start.answer();
  }

  async #settleNow(): Promise<void> {
    if (this.writer.gone) return;
    this.#dirtyAfter = 0;
    await this.writer.flush();
    for (const segment of this.segments.known) {
      if (!segment.trimLater) continue;
      segment.trimLater = false;
      await segment.trim();
    }
    const state = writtenCheckpoint(this, this.#epochs.entries);
    if (this.writer.folderMade) await this.writer.sync(this.#epochs);
    this.checkpoint = { ...state, aborted: this.aborted.mark, snapshot: this.snapshots.newest };
    // Only now: until here a checkpoint must not take this partition for covered.
    this.dirtyFrom = this.#dirtyAfter;
  }

  #dirtySince(sequence: number): void {
    if (this.dirtyFrom === 0) this.dirtyFrom = sequence;
    if (this.#dirtyAfter === 0) this.#dirtyAfter = sequence;
    this.context.dirty(this);
  }

  #closedError(): LogError {
    return new LogError('CLOSED', `The log ${this.folder} is closed.`);
  }
}
