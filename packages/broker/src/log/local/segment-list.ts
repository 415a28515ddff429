// The segments of one partition, oldest first. After a start only the last one is known, from the checkpoint; the older ones are looked up
// in the folder when someone needs them, so that a start does not depend on how much is stored.
//
//     in the folder: [0][1000][2000]      known: [3000 (active)]
//
// Must stay true: base offsets grow; the last segment is the one that takes batches.
import type { PartitionCheckpoint } from './checkpoint-file.ts';
import { finishSwaps } from './compaction/swap-record.ts';
import type { OpenFiles } from './open-files.ts';
import { parseOffsetName } from './partition-files.ts';
import { Segment } from './segment.ts';
import { SegmentProgress } from './segment-progress.ts';
import type { Tail } from './tail.ts';

export class SegmentList {
  readonly #files: OpenFiles;
  readonly folder: string;
  #segments: Segment[] = [];
  /** The folder may hold older segments that are not in the list. */
  #older: boolean;
  #loading: Promise<void> | undefined;

  /** Where the log ended at the last checkpoint: no segment that counts begins there or later. */
  readonly #checkpointEnd: number;
  /** Segments that begin below may have gaps between their offsets. */
  readonly #gapsBelow: number;
  /** Called once all segments are known. */
  onLoaded: () => void = () => {};

  constructor(
    files: OpenFiles,
    folder: string,
    checkpoint: Pick<PartitionCheckpoint, 'active' | 'endOffset' | 'compaction'>,
  ) {
    const { active } = checkpoint;
    this.#files = files;
    this.folder = folder;
    this.#checkpointEnd = checkpoint.endOffset;
    this.#older = checkpoint.endOffset > 0;
    this.#gapsBelow = checkpoint.compaction?.gapsBelow ?? 0;
    if (active !== undefined) {
      this.#segments.push(new Segment(files, folder, active.baseOffset, active.progress));
    }
  }

  get known(): readonly Segment[] {
    return this.#segments;
  }

  get active(): Segment | undefined {
    return this.#segments.at(-1);
  }

  begin(baseOffset: number): Segment {
    const segment = new Segment(this.#files, this.folder, baseOffset);
    this.#segments.push(segment);
    return segment;
  }

  /** The segment that holds `offset`, among those known. */
  find(offset: number): Segment | undefined {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      if (this.#segments[i]!.baseOffset <= offset) return this.#segments[i];
    }
    return undefined;
  }

  after(segment: Segment): Segment | undefined {
    const at = this.#segments.indexOf(segment);
    if (at >= 0) return this.#segments[at + 1];
    return this.#segments.find((other) => other.baseOffset > segment.baseOffset);
  }

  /** Compaction: `segment` holds what is left of `replaced`, which follow one another. */
  replace(replaced: readonly Segment[], segment: Segment): void {
    const at = this.#segments.indexOf(replaced[0]!);
    this.#segments = [...this.#segments.slice(0, at), segment, ...this.#segments.slice(at + replaced.length)];
  }

  /** Forgets segments that begin at `offset` or later and hold nothing written. */
  truncate(offset: number): void {
    this.#segments = this.#segments.filter(
      (segment) => segment.baseOffset < offset || segment.written.size > 0,
    );
  }

  /** Works out again what segments will hold, after batches of `tail` were taken back. */
  replan(tail: Tail, indexIntervalBytes: number): void {
    for (const segment of this.#segments) segment.planned = new SegmentProgress(segment.written);
    for (let i = tail.written; i < tail.end; i++) {
      const batch = tail.at(i);
      this.find(batch.baseOffset)!.planned.advance(batch, batch.bytes.length, indexIntervalBytes);
    }
  }

  remove(segment: Segment): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
  }

  /** Knows all segments once it resolves. Clears away what removed segments and a crash have left in the folder. */
  load(): Promise<readonly Segment[]> {
    if (!this.#older) return Promise.resolve(this.#segments);
    this.#loading ??= this.#loadOlder().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading.then(() => this.#segments);
  }

  async #loadOlder(): Promise<void> {
    const { disk } = this.#files;
    const firstKnown = Math.min(this.#segments[0]?.baseOffset ?? Infinity, this.#checkpointEnd);
    const older: Segment[] = [];
    const indexed = new Set<number>();
    if (!(await disk.exists(this.folder))) {
      this.#older = false;
      return;
    }
    await finishSwaps(disk, this.folder);
    for (const entry of await disk.list(this.folder)) {
      const parsed = parseOffsetName(entry.name);
      if (parsed === undefined) continue;
      const known = this.#segments.some((segment) => segment.baseOffset === parsed.offset);
      if (parsed.suffix.endsWith('.deleted')) {
        await disk.remove(`${this.folder}/${entry.name}`);
      } else if (parsed.suffix === 'txnindex' && (known || parsed.offset < firstKnown)) {
        indexed.add(parsed.offset);
      } else if (parsed.suffix === 'log' && parsed.offset < firstKnown) {
        const segment = await Segment.sealed(this.#files, this.folder, parsed.offset);
        segment.compacted = parsed.offset < this.#gapsBelow;
        older.push(segment);
      } else if (parsed.offset >= firstKnown && !known && parsed.suffix !== 'snapshot') {
        await disk.remove(`${this.folder}/${entry.name}`);
      }
    }
    older.sort((a, b) => a.baseOffset - b.baseOffset);
    this.#segments = [...older, ...this.#segments];
    for (const segment of this.#segments) segment.hasAborted ??= indexed.has(segment.baseOffset);
    this.#older = false;
    this.onLoaded();
  }
}
