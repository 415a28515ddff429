// The two sparse indexes over a segment's .log file, in memory while the segment is written or read:
//
//   .index       relative offset of a batch's last record -> position     one entry every index.interval.bytes
//   .timeindex   largest timestamp so far                 -> its offset   likewise
//
// Their files follow: at the end of the segment, at a clean stop, and every `INDEX_WRITE_ENTRIES` entries, without a sync.
//
// Must stay true: what is missing or wrong in the files is made again from the .log file; an entry is believed only if the batch that it leads to
// agrees.
import assert from 'node:assert/strict';

import type { Disk } from '@moldau/runtime';
import { batchLastOffset } from '@moldau/protocol/records/batch-header.ts';
import { readWhole } from '@moldau/runtime/small-files.ts';

import { LogError } from '../partition-log.ts';
import { recordsMaxTimestamp } from './batch-check.ts';
import { OFFSET_INDEX_ENTRY_BYTES, OffsetIndex, type IndexEntry } from './offset-index.ts';
import type { Segment } from './segment.ts';
import { SegmentProgress } from './segment-progress.ts';
import { scanSegment } from './segment-scan.ts';
import { TIME_INDEX_ENTRY_BYTES, TimeIndex } from './time-index.ts';

/** So many new index entries are written to the index files while a segment grows. */
const INDEX_WRITE_ENTRIES = 512;
/** `log.index.interval.bytes`: how dense an index is that is made again without knowing the topic's setting. */
const DEFAULT_INDEX_INTERVAL_BYTES = 4096;

/** A batch in a segment, as the index has it. */
export interface Located {
  readonly position: number;
  /** The last offset of the batch there, which tells a damaged index; undefined at the beginning of the file. */
  readonly lastOffset: number | undefined;
  /** The offset at which the batch begins, where that is known. */
  readonly baseOffset: number | undefined;
}

export class SegmentIndexes {
  readonly #segment: Segment;
  readonly #disk: Disk;
  #offsets: OffsetIndex | undefined;
  #times: TimeIndex | undefined;
  #loading: Promise<void> | undefined;
  /** Entries that the index files have. */
  #storedOffsets = 0;
  #storedTimes = 0;

  /** `isNew`: the segment has no files, so there is nothing to load. */
  constructor(segment: Segment, disk: Disk, isNew: boolean) {
    this.#segment = segment;
    this.#disk = disk;
    if (isNew) {
      this.#offsets = new OffsetIndex();
      this.#times = new TimeIndex();
    }
  }

  load(): Promise<void> {
    if (this.#offsets !== undefined && this.#loading === undefined) return Promise.resolve();
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Where to begin walking for the batch that holds `offset`. */
  async locate(offset: number): Promise<Located> {
    await this.load();
    return this.#located(this.#offsets?.lookup(offset - this.#segment.baseOffset));
  }

  /** Where to begin walking for the first batch that is as new as `timestamp`. */
  async locateTime(timestamp: number): Promise<Located> {
    await this.load();
    return this.#located(this.#offsets?.lookup(this.#times?.lookup(timestamp) ?? 0));
  }

  /** A batch that ends at `lastOffset` begins at `position`; `written` has its timestamp. */
  add(lastOffset: number, position: number): void {
    const { baseOffset, written } = this.#segment;
    this.#offsets!.append(lastOffset - baseOffset, position);
    this.#times!.append(written.maxTimestamp, written.maxTimestampOffset - baseOffset);
  }

  /** Writes new index entries to the index files when there are many, or all of them when `finished` says that no batch follows for now. */
  async write(finished: boolean): Promise<void> {
    const offsetIndex = this.#offsets;
    const timeIndex = this.#times;
    if (offsetIndex === undefined || timeIndex === undefined || !this.#segment.created) return;
    if (finished) {
      timeIndex.append(
        this.#segment.written.maxTimestamp,
        this.#segment.written.maxTimestampOffset - this.#segment.baseOffset,
      );
    } else if (offsetIndex.count - this.#storedOffsets < INDEX_WRITE_ENTRIES) {
      return;
    }
    const entries = offsetIndex.count;
    const times = timeIndex.count;
    await this.#extend(
      '.index',
      offsetIndex.encode(this.#storedOffsets),
      this.#storedOffsets * OFFSET_INDEX_ENTRY_BYTES,
    );
    await this.#extend(
      '.timeindex',
      timeIndex.encode(this.#storedTimes),
      this.#storedTimes * TIME_INDEX_ENTRY_BYTES,
    );
    this.#storedOffsets = entries;
    this.#storedTimes = times;
  }

  /** Makes the index files durable too, as far as they are there. */
  async sync(): Promise<void> {
    for (const kind of ['.index', '.timeindex'] as const) {
      const file = await this.#disk.open(this.#segment.path(kind), { mode: 'create' });
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    }
  }

  /** Lets go of the memory; the files are read again when they are needed. */
  drop(): void {
    this.#offsets = undefined;
    this.#times = undefined;
    this.#loading = undefined;
  }

  /** Makes them again from the .log file alone. */
  async rebuild(): Promise<void> {
    this.#offsets = new OffsetIndex();
    this.#times = new TimeIndex();
    this.#storedOffsets = 0;
    this.#storedTimes = 0;
    await this.#indexFrom(this.#located(undefined));
  }

  #located(entry: IndexEntry | undefined): Located {
    if (entry === undefined)
      return { position: 0, lastOffset: undefined, baseOffset: this.#segment.baseOffset };
    return {
      position: entry.position,
      lastOffset: this.#segment.baseOffset + entry.relativeOffset,
      baseOffset: undefined,
    };
  }

  async #load(): Promise<void> {
    const size = this.#segment.written.size;
    const storedOffsets = (await readWhole(this.#disk, this.#segment.path('.index'))) ?? new Uint8Array(0);
    const storedTimes = (await readWhole(this.#disk, this.#segment.path('.timeindex'))) ?? new Uint8Array(0);
    const offsetIndex = OffsetIndex.decode(storedOffsets, size);
    const timeIndex = TimeIndex.decode(storedTimes);
    const sound =
      timeIndex !== undefined &&
      offsetIndex.count * OFFSET_INDEX_ENTRY_BYTES === storedOffsets.length &&
      (offsetIndex.count === 0 || timeIndex.count > 0 || this.#segment.written.maxTimestamp < 0);
    if (!sound) {
      await this.rebuild();
      return;
    }
    const unknown = this.#segment.written.maxTimestamp < 0;
    try {
      this.#offsets = offsetIndex;
      this.#times = timeIndex;
      this.#storedOffsets = offsetIndex.count;
      this.#storedTimes = timeIndex.count;
      await this.#indexFrom(this.#located(offsetIndex.last));
      // The files are not synced: after a power cut the one may have lost its end, and the other not.
      if (unknown) await this.#findLargestFrom(timeIndex.last?.relativeOffset ?? 0);
    } catch (error) {
      if (!(error instanceof LogError) || offsetIndex.count === 0) throw error;
      await this.rebuild();
    }
  }

  /** Walks from an indexed batch (or the beginning) to the end, adding the entries that are missing. */
  async #indexFrom(located: Located): Promise<void> {
    const timeIndex = this.#times!;
    const progress = new SegmentProgress();
    progress.size = located.position;
    if (located.position > 0) {
      progress.maxTimestamp = timeIndex.last?.timestamp ?? -1;
      progress.maxTimestampOffset = (timeIndex.last?.relativeOffset ?? -1) + this.#segment.baseOffset;
    }
    await scanSegment(this.#segment, {
      from: located,
      whole: false,
      onBatch: (bytes, at, batchPosition, size) => {
        const last = batchLastOffset(bytes, at);
        const batch = { baseOffset: last, lastOffset: last, maxTimestamp: recordsMaxTimestamp(bytes, at) };
        if (progress.advance(batch, size, DEFAULT_INDEX_INTERVAL_BYTES)) {
          this.#offsets!.append(last - this.#segment.baseOffset, batchPosition);
          timeIndex.append(progress.maxTimestamp, progress.maxTimestampOffset - this.#segment.baseOffset);
        }
      },
    });
    assert.equal(progress.size, this.#segment.written.size);
    if (progress.maxTimestamp > this.#segment.written.maxTimestamp) {
      this.#segment.written.maxTimestamp = progress.maxTimestamp;
      this.#segment.written.maxTimestampOffset = progress.maxTimestampOffset;
    }
    this.#segment.written.bytesSinceIndex = progress.bytesSinceIndex;
  }

  /** Looks for a larger timestamp than the time index has, behind what its last entry stands for. */
  async #findLargestFrom(relativeOffset: number): Promise<void> {
    const { written } = this.#segment;
    await scanSegment(this.#segment, {
      from: this.#located(this.#offsets!.lookup(relativeOffset)),
      whole: false,
      onBatch: (bytes, at) => {
        const timestamp = recordsMaxTimestamp(bytes, at);
        if (timestamp <= written.maxTimestamp) return;
        written.maxTimestamp = timestamp;
        written.maxTimestampOffset = batchLastOffset(bytes, at);
      },
    });
  }

  async #extend(kind: '.index' | '.timeindex', bytes: Uint8Array, position: number): Promise<void> {
    const file = await this.#disk.open(this.#segment.path(kind), { mode: 'create' });
    try {
      await file.truncate(position);
      if (bytes.length > 0) await file.write([bytes], position);
    } finally {
      await file.close();
    }
  }
}
