// The observer's snapshots of one partition: taken when a segment begins and at checkpoints, stored as `<offset>.snapshot` once
// the log below that offset is in the segments.
//
// Must stay true: a stored file is whole (written aside, then renamed) and describes batches that are durable; the newest two are kept.
import type { Disk } from '@moldau/runtime';

import { offsetName, parseOffsetName } from './partition-files.ts';
import { readWhole, replaceWhole } from '@moldau/runtime/small-files.ts';

const KEPT_SNAPSHOTS = 2;

export interface SnapshotMark {
  readonly offset: number;
  /** There is a file; otherwise there was nothing to remember. */
  readonly stored: boolean;
}

export class SnapshotFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  #taken: { readonly offset: number; readonly content: Uint8Array | undefined }[] = [];
  #newest: SnapshotMark | undefined;

  constructor(disk: Disk, folder: string, newest: SnapshotMark | undefined) {
    this.#disk = disk;
    this.#folder = folder;
    this.#newest = newest;
  }

  get newest(): SnapshotMark | undefined {
    return this.#newest;
  }

  take(offset: number, content: Uint8Array | undefined): void {
    if ((this.#taken.at(-1) ?? this.#newest)?.offset !== offset) this.#taken.push({ offset, content });
  }

  /** The log ends at `offset` again. */
  truncate(offset: number): void {
    this.#taken = this.#taken.filter((snapshot) => snapshot.offset <= offset);
  }

  /** Stores what was taken at or below `writtenOffset`. Returns whether the folder changed. */
  async store(writtenOffset: number): Promise<boolean> {
    let changed = false;
    while (this.#taken.length > 0 && this.#taken[0]!.offset <= writtenOffset) {
      const { offset, content } = this.#taken[0]!;
      if (content !== undefined) {
        await replaceWhole(this.#disk, `${this.#folder}/${offsetName(offset)}.snapshot`, content);
        changed = true;
      }
      this.#taken.shift();
      this.#newest = { offset, stored: content !== undefined };
    }
    return changed;
  }

  /** Offsets of the stored snapshots, newest first. */
  async list(): Promise<number[]> {
    if (!(await this.#disk.exists(this.#folder))) return [];
    const offsets: number[] = [];
    for (const entry of await this.#disk.list(this.#folder)) {
      const parsed = parseOffsetName(entry.name);
      if (parsed?.suffix === 'snapshot') offsets.push(parsed.offset);
    }
    return offsets.sort((a, b) => b - a);
  }

  read(offset: number): Promise<Uint8Array | undefined> {
    return readWhole(this.#disk, `${this.#folder}/${offsetName(offset)}.snapshot`);
  }

  /** Removes all but the newest, and those above the end of the log. */
  async prune(endOffset: number): Promise<void> {
    let kept = 0;
    for (const offset of await this.list()) {
      if (offset <= endOffset && kept < KEPT_SNAPSHOTS) kept += 1;
      else await this.#disk.remove(`${this.#folder}/${offsetName(offset)}.snapshot`);
    }
  }
}
