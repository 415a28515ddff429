// One segment of a partition: its .log file and the two sparse indexes over it (and the name of the index of aborted transactions, which
// aborted-transactions.ts keeps).
//
//   appended (planned)   decides when the next segment begins; may be taken back when a commit fails
//   written              what the file holds and the indexes cover; only this is read
//
// The indexes live in memory while the segment is written or read. Their files follow: at the end of the segment, at a clean stop, and
// every `INDEX_WRITE_ENTRIES` entries, without a sync: what is missing or wrong in them is made again from the .log file.
//
// Must stay true: bytes of the .log file below `written.size` never change, and whatever lies behind is of no one's concern: it is cut off
// before the first write of a process.
import assert from 'node:assert/strict';

import type { Disk } from '@moldau/runtime';
import {
  RECORD_BATCH_OVERHEAD,
  batchLastOffset,
  batchMaxTimestamp,
} from '@moldau/protocol/records/batch-header.ts';

import { LogError, type AppendedBatch } from '../partition-log.ts';
import { recordsMaxTimestamp } from './batch-check.ts';
import { OFFSET_INDEX_ENTRY_BYTES, OffsetIndex, type IndexEntry } from './offset-index.ts';
import { StoredFile, type OpenFiles } from './open-files.ts';
import { CLEANED_SUFFIX, DELETED_SUFFIX, SEGMENT_FILES, offsetName } from './partition-files.ts';
import { SegmentProgress, type SegmentProgressState } from './segment-progress.ts';
import { scanSegment } from './segment-scan.ts';
import { readWhole } from '@moldau/runtime/small-files.ts';
import { TIME_INDEX_ENTRY_BYTES, TimeIndex } from './time-index.ts';

/** So many new index entries are written to the index files while a segment grows. */
const INDEX_WRITE_ENTRIES = 512;

/** A batch in a segment, as the index has it. */
export interface Located {
  readonly position: number;
  /** The last offset of the batch there, which tells a damaged index; undefined at the beginning of the file. */
  readonly lastOffset: number | undefined;
  /** The offset at which the batch begins, where that is known. */
  readonly baseOffset: number | undefined;
}

/** A batch that has been written: with its bytes, or only its length. */
export interface WrittenBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly bytes?: Uint8Array;
  readonly length?: number;
}

export class Segment {
  readonly baseOffset: number;
  readonly log: StoredFile;
  /** `.txnindex`: the transactions whose abort markers lie in the segment. There is a file only if there are any. */
  readonly aborted: StoredFile;
  /** Whether that file is there; undefined: not looked yet. */
  hasAborted: boolean | undefined;
  readonly written: SegmentProgress;
  planned: SegmentProgress;
  /** The .log file exists (as far as this process knows). */
  created: boolean;
  /** Unsynced bytes, or a file whose folder entry was not synced. */
  dirty = false;
  /** No batch follows, and the index files are complete. */
  finished = false;
  /** Recovery: what lies behind may still turn out to count. */
  trimLater = false;
  /** Its entry in the folder survives. */
  entryDurable: boolean;
  /** Offsets within may be missing. */
  compacted = false;
  /** Retention or compaction has taken it out of the log. */
  deleted = false;
  /** ... compaction: what it held is in another segment now, as far as it counts. */
  replaced = false;
  readonly #disk: Disk;
  readonly #pathStem: string;
  /** Behind the usual names of its files: nothing while it is in the log. */
  #suffix: string;
  #offsetIndex: OffsetIndex | undefined;
  #timeIndex: TimeIndex | undefined;
  #loading: Promise<void> | undefined;
  /** Entries that the index files have. */
  #storedOffsetEntries = 0;
  #storedTimeEntries = 0;
  /** Nothing lies behind `written.size`. */
  #trimmed: boolean;

  constructor(
    files: OpenFiles,
    folder: string,
    baseOffset: number,
    existing?: SegmentProgressState,
    suffix = '',
  ) {
    this.#disk = files.disk;
    this.baseOffset = baseOffset;
    this.#pathStem = `${folder}/${offsetName(baseOffset)}`;
    this.#suffix = suffix;
    this.log = new StoredFile(files, this.path('.log'));
    this.aborted = new StoredFile(files, this.path('.txnindex'));
    this.hasAborted = existing === undefined ? false : undefined;
    this.written = new SegmentProgress(existing);
    this.planned = new SegmentProgress(existing);
    this.created = existing !== undefined;
    this.entryDurable = existing !== undefined;
    this.#trimmed = false;
    if (existing === undefined) {
      this.#offsetIndex = new OffsetIndex();
      this.#timeIndex = new TimeIndex();
    }
  }

  /** The file's last byte was sealed long ago: a segment found in the folder, all of it durable. */
  static async sealed(files: OpenFiles, folder: string, baseOffset: number): Promise<Segment> {
    const segment = new Segment(files, folder, baseOffset, new SegmentProgress());
    const size = await segment.log.size();
    segment.written.size = size;
    segment.planned.size = size;
    segment.#trimmed = true;
    segment.finished = true;
    return segment;
  }

  /** One that compaction writes aside, with gaps between its offsets. */
  static cleaned(files: OpenFiles, folder: string, baseOffset: number): Segment {
    const segment = new Segment(files, folder, baseOffset, undefined, CLEANED_SUFFIX);
    segment.compacted = true;
    return segment;
  }

  /** The path of one of its files. */
  path(kind: (typeof SEGMENT_FILES)[number]): string {
    return this.#pathStem + kind + this.#suffix;
  }

  get indexBytes(): number {
    return (this.#offsetIndex?.memoryBytes ?? 0) + (this.#timeIndex?.memoryBytes ?? 0);
  }

  /** Writes batches behind what is written. @throws DiskError, with nothing changed but bytes that do not count */
  async write(batches: readonly AppendedBatch[], indexIntervalBytes: number): Promise<void> {
    await this.prepareToWrite();
    await this.writeBehind(batches);
    this.wrote(batches, indexIntervalBytes);
  }

  /** Writes bytes behind what counts; they count once `wrote` says so. */
  async writeBehind(batches: readonly AppendedBatch[]): Promise<void> {
    const trimmed = this.#trimmed;
    this.#trimmed = false;
    this.dirty = true;
    await this.log.write(
      batches.map((batch) => batch.bytes),
      this.written.size,
    );
    this.#trimmed = trimmed;
  }

  /** The same, and makes the whole segment durable. */
  async writeBehindDurably(batches: readonly AppendedBatch[]): Promise<void> {
    if (this.dirty || this.log.dirty) {
      await this.writeBehind(batches);
      await this.sync();
      return;
    }
    // All before is durable, so that only these bytes have to be.
    const trimmed = this.#trimmed;
    this.#trimmed = false;
    this.dirty = true;
    await this.log.writeDurably(
      batches.map((batch) => batch.bytes),
      this.written.size,
    );
    this.dirty = false;
    this.#trimmed = trimmed;
  }

  /** What was written behind does not count. */
  abandonBehind(): void {
    this.#trimmed = false;
  }

  /** The batches were written behind what was: they count now. */
  wrote(batches: readonly WrittenBatch[], indexIntervalBytes: number): void {
    this.dirty = true;
    for (const batch of batches) {
      const position = this.written.size;
      if (this.written.advance(batch, batch.length ?? batch.bytes!.length, indexIntervalBytes)) {
        this.#addIndexEntry(batch.lastOffset, position);
      }
    }
  }

  /** Makes the file if there is none, loads the indexes, and cuts off what a crash has left behind. */
  async prepareToWrite(): Promise<void> {
    if (!this.created) {
      await this.log.create();
      this.created = true;
      this.dirty = true;
    }
    await this.loadIndexes();
    if (!this.trimLater) await this.trim();
  }

  /** Cuts off what does not count. */
  async trim(): Promise<void> {
    if (!this.#trimmed && this.created) {
      const size = await this.log.size();
      if (size < this.written.size) {
        throw new LogError(
          'CORRUPT',
          `${this.log.path} has ${size} bytes where ${this.written.size} had been acknowledged and were written durably.`,
        );
      }
      if (size > this.written.size) {
        await this.log.truncate(this.written.size);
        this.dirty = true;
      }
      this.#trimmed = true;
    }
  }

  /** Where to begin walking for the batch that holds `offset`. */
  async locate(offset: number): Promise<Located> {
    await this.loadIndexes();
    return this.#located(this.#offsetIndex?.lookup(offset - this.baseOffset));
  }

  /** Where to begin walking for the first batch that is as new as `timestamp`. */
  async locateTime(timestamp: number): Promise<Located> {
    await this.loadIndexes();
    return this.#located(this.#offsetIndex?.lookup(this.#timeIndex?.lookup(timestamp) ?? 0));
  }

  #located(entry: IndexEntry | undefined): Located {
    if (entry === undefined) return { position: 0, lastOffset: undefined, baseOffset: this.baseOffset };
    return {
      position: entry.position,
      lastOffset: this.baseOffset + entry.relativeOffset,
      baseOffset: undefined,
    };
  }

  /** The largest timestamp in the file and the last offset of its batch; -1 when there is none. */
  async largestTimestamp(): Promise<{ readonly timestamp: number; readonly offset: number }> {
    if (this.written.maxTimestamp < 0 && this.written.size > 0) {
      await this.loadIndexes();
    }
    return { timestamp: this.written.maxTimestamp, offset: this.written.maxTimestampOffset };
  }

  /** The timestamp of the first batch; -1 when there is none. */
  async firstTimestamp(): Promise<number> {
    if (this.written.firstTimestamp < 0 && this.written.size > 0) {
      const header = new Uint8Array(RECORD_BATCH_OVERHEAD);
      if ((await this.log.read(header, 0)) === header.length)
        this.written.firstTimestamp = batchMaxTimestamp(header, 0);
    }
    return this.written.firstTimestamp;
  }

  /** Makes the index files durable too, as far as they are there. */
  async syncIndexes(): Promise<void> {
    for (const kind of ['.index', '.timeindex'] as const) {
      const file = await this.#disk.open(this.path(kind), { mode: 'create' });
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }

  async sync(): Promise<void> {
    if (this.created && this.log.dirty) {
      await this.log.sync();
    }
    this.dirty = false;
  }

  /** Writes new index entries to the index files when there are many, or all of them when `finished` says that no batch follows for now. */
  async writeIndexes(finished: boolean): Promise<void> {
    const offsetIndex = this.#offsetIndex;
    const timeIndex = this.#timeIndex;
    if (offsetIndex === undefined || timeIndex === undefined || !this.created) return;
    if (finished) {
      timeIndex.append(this.written.maxTimestamp, this.written.maxTimestampOffset - this.baseOffset);
    } else if (offsetIndex.count - this.#storedOffsetEntries < INDEX_WRITE_ENTRIES) {
      return;
    }
    const entries = offsetIndex.count;
    const times = timeIndex.count;
    await this.#extend(
      '.index',
      offsetIndex.encode(this.#storedOffsetEntries),
      this.#storedOffsetEntries * OFFSET_INDEX_ENTRY_BYTES,
    );
    await this.#extend(
      '.timeindex',
      timeIndex.encode(this.#storedTimeEntries),
      this.#storedTimeEntries * TIME_INDEX_ENTRY_BYTES,
    );
    this.#storedOffsetEntries = entries;
    this.#storedTimeEntries = times;
  }

  /** Lets go of the indexes' memory if the segment takes no more batches; they are read again when needed. */
  dropIndexes(): void {
    if (!this.finished) return;
    this.#offsetIndex = undefined;
    this.#timeIndex = undefined;
    this.#loading = undefined;
  }

  /** Makes the indexes again from the .log file alone. */
  async rebuildIndexes(): Promise<void> {
    this.#offsetIndex = new OffsetIndex();
    this.#timeIndex = new TimeIndex();
    this.#storedOffsetEntries = 0;
    this.#storedTimeEntries = 0;
    await this.#indexFrom(this.#located(undefined));
  }

  /** Whether there is a `.txnindex` file. */
  async hasAbortedFile(): Promise<boolean> {
    this.hasAborted ??= await this.#disk.exists(this.aborted.path);
    return this.hasAborted;
  }

  loadIndexes(): Promise<void> {
    if (this.#offsetIndex !== undefined && this.#loading === undefined) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Takes the files out of the log's sight; they stay readable until `destroy`. */
  async retire(suffix = DELETED_SUFFIX): Promise<void> {
    this.deleted = true;
    await this.moveTo(suffix);
  }

  /** Gives its files other names; the .log file, which makes them a segment, comes last. */
  async moveTo(suffix: string): Promise<void> {
    for (const kind of ['.index', '.timeindex'] as const) {
      const path = this.path(kind);
      if (await this.#disk.exists(path)) await this.#disk.rename(path, this.#pathStem + kind + suffix);
    }
    if (this.hasAborted !== false && (await this.#disk.exists(this.aborted.path)))
      await this.aborted.moveTo(`${this.#pathStem}.txnindex${suffix}`);
    else this.aborted.path = `${this.#pathStem}.txnindex${suffix}`;
    if (this.created) await this.log.moveTo(`${this.#pathStem}.log${suffix}`);
    this.#suffix = suffix;
  }

  /** Frees the disk space of a segment that is not in the log (any more). */
  async destroy(): Promise<void> {
    await this.log.close();
    await this.aborted.close();
    for (const kind of SEGMENT_FILES) await this.#disk.remove(this.path(kind));
  }

  async #load(): Promise<void> {
    const size = this.written.size;
    const storedOffsets = (await readWhole(this.#disk, this.path('.index'))) ?? new Uint8Array(0);
    const storedTimes = (await readWhole(this.#disk, this.path('.timeindex'))) ?? new Uint8Array(0);
    const offsetIndex = OffsetIndex.decode(storedOffsets, size);
    const timeIndex = TimeIndex.decode(storedTimes);
    const sound =
      timeIndex !== undefined &&
      offsetIndex.count * OFFSET_INDEX_ENTRY_BYTES === storedOffsets.length &&
      (offsetIndex.count === 0 || timeIndex.count > 0 || this.written.maxTimestamp < 0);
    if (!sound) {
      await this.rebuildIndexes();
      return;
    }
    const unknown = this.written.maxTimestamp < 0;
    try {
      this.#offsetIndex = offsetIndex;
      this.#timeIndex = timeIndex;
      this.#storedOffsetEntries = offsetIndex.count;
      this.#storedTimeEntries = timeIndex.count;
      await this.#indexFrom(this.#located(offsetIndex.last));
      // The files are not synced: after a power cut the one may have lost its end, and the other not.
      if (unknown) await this.#findLargestFrom(timeIndex.last?.relativeOffset ?? 0);
    } catch (error) {
      if (!(error instanceof LogError) || offsetIndex.count === 0) throw error;
      await this.rebuildIndexes();
    }
  }

  /** Whether a batch may begin at `offset` where the one before ended at `expected`: compaction leaves gaps. */
  follows(expected: number | undefined, offset: number): boolean {
    return expected === undefined || offset === expected || (this.compacted && offset > expected);
  }

  /** Walks from an indexed batch (or the beginning) to the end, adding the entries that are missing. */
  async #indexFrom(located: Located): Promise<void> {
    const timeIndex = this.#timeIndex!;
    const progress = new SegmentProgress();
    progress.size = located.position;
    if (located.position > 0) {
      progress.maxTimestamp = timeIndex.last?.timestamp ?? -1;
      progress.maxTimestampOffset = (timeIndex.last?.relativeOffset ?? -1) + this.baseOffset;
    }
    await scanSegment(this, {
      from: located,
      whole: false,
      onBatch: (bytes, at, batchPosition, size) => {
        const last = batchLastOffset(bytes, at);
        const batch = { baseOffset: last, lastOffset: last, maxTimestamp: recordsMaxTimestamp(bytes, at) };
        if (progress.advance(batch, size, DEFAULT_INDEX_INTERVAL_BYTES)) {
          this.#offsetIndex!.append(last - this.baseOffset, batchPosition);
          timeIndex.append(progress.maxTimestamp, progress.maxTimestampOffset - this.baseOffset);
        }
      },
    });
    assert.equal(progress.size, this.written.size);
    if (progress.maxTimestamp > this.written.maxTimestamp) {
      this.written.maxTimestamp = progress.maxTimestamp;
      this.written.maxTimestampOffset = progress.maxTimestampOffset;
    }
    this.written.bytesSinceIndex = progress.bytesSinceIndex;
  }

  /** Looks for a larger timestamp than the time index has, behind what its last entry stands for. */
  async #findLargestFrom(relativeOffset: number): Promise<void> {
    const { written } = this;
    await scanSegment(this, {
      from: this.#located(this.#offsetIndex!.lookup(relativeOffset)),
      whole: false,
      onBatch: (bytes, at) => {
        const timestamp = recordsMaxTimestamp(bytes, at);
        if (timestamp <= written.maxTimestamp) return;
        written.maxTimestamp = timestamp;
        written.maxTimestampOffset = batchLastOffset(bytes, at);
      },
    });
  }

  #addIndexEntry(lastOffset: number, position: number): void {
    this.#offsetIndex!.append(lastOffset - this.baseOffset, position);
    this.#timeIndex!.append(this.written.maxTimestamp, this.written.maxTimestampOffset - this.baseOffset);
  }

  async #extend(kind: '.index' | '.timeindex', bytes: Uint8Array, position: number): Promise<void> {
    const file = await this.#disk.open(this.path(kind), { mode: 'create' });
    try {
      await file.truncate(position);
      if (bytes.length > 0) await file.write([bytes], position);
    } finally {
      await file.close();
    }
  }
}

/** `log.index.interval.bytes`: how dense an index is that is made again without knowing the topic's setting. */
const DEFAULT_INDEX_INTERVAL_BYTES = 4096;
