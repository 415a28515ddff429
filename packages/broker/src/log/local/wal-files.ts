// The files of the write-ahead log: pre-allocated, filled one after the other, and used again once a checkpoint has made
// their content unnecessary.
//
//            prepare                 seal                     release (a checkpoint)
//     free ----------> next --> current --> sealed, sealed, ... --------> free
//      ^ new ones are allocated when there is none
//
// Must stay true:
//   - a file is used again only with an epoch that no file had before;
//   - a sealed file stays as it is until `release` says that no frame in it is needed;
//   - sealed files and the current one hold `walMaxBytes` at most; a commit waits for a checkpoint beyond that.
import type { Disk, DiskFile } from '@moldau/runtime';

import { makeDurableDirectory } from '@moldau/runtime/small-files.ts';
import type { LocalLogSettings } from './settings.ts';
import { alignUp } from './wal-frame.ts';

export interface WalFile {
  readonly path: string;
  readonly file: DiskFile;
  readonly capacity: number;
  epoch: number;
  /** Where the next frame goes. */
  end: number;
  lastSequence: number;
}

export interface WalFilesState {
  readonly nextEpoch: number;
  readonly nextFileNumber: number;
  /** Files whose content is not needed. */
  readonly free: WalFile[];
}

export const WAL_FOLDER = 'wal';

export function walFileName(number: number): string {
  return `${String(number).padStart(8, '0')}.wal`;
}

export class WalFiles {
  readonly #disk: Disk;
  readonly #folder: string;
  #folderMade: Promise<void> | undefined;
  readonly #settings: LocalLogSettings;
  #nextEpoch: number;
  #nextFileNumber: number;
  readonly #free: WalFile[];
  #sealed: WalFile[] = [];
  #current: WalFile | undefined;
  #next: Promise<WalFile> | undefined;
  #waiting: (() => void)[] = [];
  /** Called when a file has been sealed, or a commit waits for one to be released. */
  onSealed: () => void = () => {};

  constructor(disk: Disk, storeFolder: string, settings: LocalLogSettings, state: WalFilesState) {
    this.#disk = disk;
    this.#folder = `${storeFolder}/${WAL_FOLDER}`;
    this.#settings = settings;
    this.#nextEpoch = state.nextEpoch;
    this.#nextFileNumber = state.nextFileNumber;
    this.#free = state.free;
  }

  /** Bytes in files that only a checkpoint can free. */
  get sealedBytes(): number {
    let bytes = 0;
    for (const file of this.#sealed) bytes += file.capacity;
    return bytes;
  }

  /** The last frame in files that only a checkpoint can free; 0 when there are none. */
  get sealedUpTo(): number {
    return this.#sealed.at(-1)?.lastSequence ?? 0;
  }

  /** The epoch of the oldest file that holds frames from `sequence` on: no older file counts. */
  epochFloor(sequence: number): number {
    const oldest = this.#sealed.find((file) => file.lastSequence >= sequence) ?? this.#current;
    return oldest?.epoch ?? this.#nextEpoch;
  }

  /** A commit waits for a checkpoint. */
  get full(): boolean {
    return this.#waiting.length > 0;
  }

  /** The current file if `bytes` fit into it, without waiting. */
  current(bytes: number): WalFile | undefined {
    const file = this.#current;
    return file !== undefined && file.end + bytes <= file.capacity ? file : undefined;
  }

  /** Seals the current file and returns the next, which has room for `bytes`. @throws DiskError, NO_SPACE among them */
  async advance(bytes: number): Promise<WalFile> {
    const needed = Math.max(alignUp(bytes), this.#settings.walFileBytes);
    if (this.#current !== undefined) {
      this.#sealed.push(this.#current);
      this.#current = undefined;
      this.onSealed();
    }
    while (this.#sealed.length > 0 && this.sealedBytes + needed > this.#settings.walMaxBytes) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.onSealed();
      });
    }
    let file = await this.#takeNext();
    if (file.capacity < needed) {
      this.#free.push(file);
      file = await this.#prepare(needed);
    }
    file.epoch = this.#nextEpoch++;
    file.end = 0;
    file.lastSequence = 0;
    this.#current = file;
    return file;
  }

  /** To be called after each write: gets the next file ready while there is time. */
  wrote(file: WalFile, bytes: number, sequence: number): void {
    file.end += bytes;
    file.lastSequence = sequence;
    if (
      this.#next === undefined &&
      file.end > file.capacity / 2 &&
      this.sealedBytes + file.capacity < this.#settings.walMaxBytes
    ) {
      const next = this.#prepare(this.#settings.walFileBytes);
      this.#next = next;
      // A failure is met again, and reported, by the commit that needs the file.
      next.catch(() => {
        if (this.#next === next) this.#next = undefined;
      });
    }
  }

  /** Seals the current file, so that a checkpoint can release it. */
  seal(): void {
    if (this.#current !== undefined && this.#current.end > 0) {
      this.#sealed.push(this.#current);
      this.#current = undefined;
    }
  }

  /** Frames below `sequence` are not needed any more. */
  release(sequence: number): void {
    const kept: WalFile[] = [];
    for (const file of this.#sealed) {
      if (file.lastSequence < sequence) {
        this.#free.push(file);
      } else {
        kept.push(file);
      }
    }
    if (kept.length !== this.#sealed.length) {
      this.#sealed = kept;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const wake of waiting) wake();
    }
  }

  /** Makes everything written to the current and the sealed files durable (where commits do not). */
  async sync(): Promise<void> {
    const files = this.#current === undefined ? this.#sealed : [...this.#sealed, this.#current];
    await Promise.all(files.map((file) => file.file.sync()));
  }

  /** Closes all files and removes free ones beyond what may be kept. */
  async close(): Promise<void> {
    await this.#next?.then(
      (file) => this.#free.push(file),
      () => {},
    );
    let kept = 0;
    for (const file of this.#free) {
      await file.file.close();
      kept += file.capacity;
      if (kept > this.#settings.walKeptBytes) {
        await this.#disk.remove(file.path);
      }
    }
    for (const file of this.#sealed) await file.file.close();
    await this.#current?.file.close();
  }

  async #takeNext(): Promise<WalFile> {
    const next = this.#next;
    if (next === undefined) {
      return this.#prepare(this.#settings.walFileBytes);
    }
    this.#next = undefined;
    return next;
  }

  /**
   * The store's folder is made at its first use, by whoever comes first: a commit, or the checkpoint that says that an empty partition is gone.
   * Also makes durable what an earlier process has left in it: this run relies on that, the checkpoint above all.
   */
  makeFolder(): Promise<void> {
    this.#folderMade ??= makeDurableDirectory(this.#disk, this.#folder).catch((error: unknown) => {
      this.#folderMade = undefined;
      throw error;
    });
    return this.#folderMade;
  }

  async #prepare(capacity: number): Promise<WalFile> {
    await this.makeFolder();
    const found = this.#free.findIndex((file) => file.capacity >= capacity);
    if (found >= 0) {
      return this.#free.splice(found, 1)[0]!;
    }
    const path = `${this.#folder}/${walFileName(this.#nextFileNumber++)}`;
    const file = await this.#disk.open(path, { mode: 'create' });
    try {
      await file.allocate(capacity);
      await this.#disk.syncDirectory(this.#folder);
    } catch (error) {
      await file.close().catch(() => {});
      await this.#disk.remove(path).catch(() => {});
      throw error;
    }
    return { path, file, capacity, epoch: 0, end: 0, lastSequence: 0 };
  }
}
