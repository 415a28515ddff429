// Files that open when they are used and close again when too many are open, so that thousands of segments need few descriptors.
//
// Must stay true: a file is closed only while nobody uses it, and not while it has writes that were not synced: the operating
// system tells of a failed write-back to those who have the file open.
import type { Disk, DiskFile } from '@moldau/runtime';

export class OpenFiles {
  readonly disk: Disk;
  readonly #max: number;
  /** In order of use, the least recent first. */
  readonly #open = new Set<StoredFile>();

  constructor(disk: Disk, max: number) {
    this.disk = disk;
    this.#max = max;
  }

  used(file: StoredFile): void {
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size <= this.#max) return;
    for (const candidate of this.#open) {
      if (candidate !== file && candidate.idle) {
        this.#open.delete(candidate);
        void candidate.close().catch(() => {});
        if (this.#open.size <= this.#max) return;
      }
    }
  }

  forget(file: StoredFile): void {
    this.#open.delete(file);
  }

  async close(): Promise<void> {
    const files = [...this.#open];
    this.#open.clear();
    for (const file of files) await file.close();
  }
}

export class StoredFile {
  /** Changed by `moveTo`; an open file is not touched by it. */
  path: string;
  /** Has writes that were not synced. */
  dirty = false;
  readonly #pool: OpenFiles;
  #handle: Promise<DiskFile> | undefined;
  #users = 0;
  /** A rename under way: nobody opens the file meanwhile. */
  #moving: Promise<void> | undefined;

  constructor(pool: OpenFiles, path: string) {
    this.#pool = pool;
    this.path = path;
  }

  get idle(): boolean {
    return this.#users === 0 && !this.dirty;
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#use((file) => file.read(target, position));
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    this.dirty = true;
    return this.#use((file) => file.write(buffers, position));
  }

  writeDurably(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return this.#use((file) => file.writeDurably(buffers, position));
  }

  async sync(): Promise<void> {
    this.dirty = false;
    try {
      await this.#use((file) => file.sync());
    } catch (error) {
      this.dirty = true;
      throw error;
    }
  }

  truncate(size: number): Promise<void> {
    this.dirty = true;
    return this.#use((file) => file.truncate(size));
  }

  size(): Promise<number> {
    return this.#use((file) => file.size());
  }

  /** Makes the file if there is none. */
  create(): Promise<void> {
    return this.#use(async () => {}, 'create');
  }

  /** Renames the file. Who has it open goes on, who wants to open it waits: no use of it sees the name that is gone. */
  async moveTo(path: string): Promise<void> {
    const move = async (): Promise<void> => {
      await this.#handle?.catch(() => {});
      await this.#pool.disk.rename(this.path, path);
      this.path = path;
    };
    const moving = move();
    this.#moving = moving.catch(() => {});
    try {
      await moving;
    } finally {
      this.#moving = undefined;
    }
  }

  /** Closes it once its users are done; the next use opens it again. */
  async close(): Promise<void> {
    this.#pool.forget(this);
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) {
      await (await handle).close();
    }
  }

  async #use<T>(work: (file: DiskFile) => Promise<T>, mode: 'write' | 'create' = 'write'): Promise<T> {
    this.#users += 1;
    try {
      if (this.#handle === undefined) {
        const open = (): Promise<DiskFile> => this.#pool.disk.open(this.path, { mode });
        const opening = this.#moving === undefined ? open() : this.#moving.then(open);
        this.#handle = opening;
        opening.catch(() => {
          if (this.#handle === opening) this.#handle = undefined;
        });
      }
      this.#pool.used(this);
      return await work(await this.#handle);
    } finally {
      this.#users -= 1;
    }
  }
}
