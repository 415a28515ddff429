// One segment of a partition: its .log file, the two sparse indexes over it (segment-indexes.ts), and the name of the index of aborted transactions
// (which aborted-transactions.ts keeps).
//
//   appended (planned)   decides when the next segment begins; may be taken back when a commit fails
//   written              what the file holds and the indexes cover; only this is read
//
// Must stay true: bytes of the .log file below `written.size` never change, and whatever lies behind is of no one's concern: it is cut off
// before the first write of a process.
import type { Disk } from '@moldau/runtime';
import { RECORD_BATCH_OVERHEAD, batchMaxTimestamp } from '@moldau/protocol/records/batch-header.ts';

import { LogError, type AppendedBatch } from '../partition-log.ts';
import { StoredFile, type OpenFiles } from './open-files.ts';
import { CLEANED_SUFFIX, DELETED_SUFFIX, SEGMENT_FILES, offsetName } from './partition-files.ts';
import { SegmentIndexes } from './segment-indexes.ts';
import { SegmentProgress, type SegmentProgressState } from './segment-progress.ts';

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
  readonly indexes: SegmentIndexes;
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
    this.indexes = new SegmentIndexes(this, files.disk, existing === undefined);
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
        this.indexes.add(batch.lastOffset, position);
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
    await this.indexes.load();
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

  /** The largest timestamp in the file and the last offset of its batch; -1 when there is none. */
  async largestTimestamp(): Promise<{ readonly timestamp: number; readonly offset: number }> {
    if (this.written.maxTimestamp < 0 && this.written.size > 0) {
      await this.indexes.load();
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

  async sync(): Promise<void> {
    if (this.created && this.log.dirty) {
      await this.log.sync();
    }
    this.dirty = false;
  }

  /** Lets go of the indexes' memory if the segment takes no more batches. */
  dropIndexes(): void {
    if (this.finished) this.indexes.drop();
  }

  /** Whether there is a `.txnindex` file. */
  async hasAbortedFile(): Promise<boolean> {
    this.hasAborted ??= await this.#disk.exists(this.aborted.path);
    return this.hasAborted;
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

  /** Whether a batch may begin at `offset` where the one before ended at `expected`: compaction leaves gaps. */
  follows(expected: number | undefined, offset: number): boolean {
    return expected === undefined || offset === expected || (this.compacted && offset > expected);
  }
}
