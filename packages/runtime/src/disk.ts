// The disk as a dependency. What a caller may rely on after a power cut is said here once; the simulated disk enforces it
// and the Node disk provides it.
//
//   bytes written          survive only once a `sync` that began after the write has resolved; those of a `writeDurably` once
//                          it has. `writeDurably` promises nothing for bytes that other calls wrote
//   a file or folder created, renamed, removed
//                          survives only once `syncDirectory` of its parent folder has resolved
//   a failed sync          means the bytes since the last good sync may be gone, and trying again proves nothing:
//                          the caller must stop trusting the file (stop the broker and recover by scanning)
//
// Paths are absolute or relative to the process, with `/`. All sizes and positions are in bytes.

export interface DiskFile {
  readonly path: string;
  /** Reads up to `target.length` bytes at `position` into `target`; resolves to how many were there (0 at the end). */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of `buffers`, one behind the other, from `position` on. The buffers must not change until it resolves. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** `write`, then makes those bytes (and the size needed to read them) durable, in as few system calls as there are. Bytes that other calls wrote are not covered. */
  writeDurably(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /** Makes all bytes written before durable (fdatasync). */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Reserves room up to `size` so that later writes below it neither grow the file nor fail for lack of space. The new bytes read as zeros. */
  allocate(size: number): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `read`: must exist. `write`: read and write, must exist. `create`: read and write, made if missing. */
  readonly mode: 'read' | 'write' | 'create';
}

export interface DiskEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/** Held by one process at a time; released by `release`, and by the end of the process however it comes. */
export interface DiskLock {
  release(): Promise<void>;
}

export interface Disk {
  open(path: string, options: OpenOptions): Promise<DiskFile>;
  /** Creates the folder and its missing parents; fine if it is there. Each is durable once its own parent has been synced. */
  makeDirectory(path: string): Promise<void>;
  /** The entries of a folder in no particular order. */
  list(path: string): Promise<DiskEntry[]>;
  exists(path: string): Promise<boolean>;
  /** Renames a file or a folder, replacing a file that is there. Atomic. */
  rename(from: string, to: string): Promise<void>;
  /** Gives the file at `from` the name `to` as well (a hard link): both name the same bytes from then on. `to` must not exist. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file; fine if it is gone. */
  remove(path: string): Promise<void>;
  /** Removes a folder with all that is in it; fine if it is gone. */
  removeTree(path: string): Promise<void>;
  /** Makes the creations, renames and removals within this folder durable. */
  syncDirectory(path: string): Promise<void>;
  /** Bytes still free for this process on the file system that holds `path`, and its whole size. */
  space(path: string): Promise<{ readonly free: number; readonly total: number }>;
  /** Takes the lock file at `path` (beside which there may be a `path`.owner). Throws a DiskError of code `LOCKED`, naming the owner where known, when another process holds it. */
  lock(path: string): Promise<DiskLock>;
  /** Keeps everyone from taking the lock file at `path`, which must exist, and writes nothing: for one who reads a folder that is another's. Throws as `lock` does. */
  lockShared(path: string): Promise<DiskLock>;
}

/**
 * - `NOT_FOUND`  no such file or folder
 * - `NO_SPACE`   the file system (or a quota) is full
 * - `LOCKED`     another process owns the lock
 * - `IO`         the device failed (EIO and its like); after a failed sync, nothing unsynced may be trusted
 * - `DENIED`     permissions
 * - `OTHER`      anything else; see `cause`
 */
export type DiskErrorCode = 'NOT_FOUND' | 'NO_SPACE' | 'LOCKED' | 'IO' | 'DENIED' | 'OTHER';

/** Every failure of a Disk or DiskFile call. The message says what was tried on which path. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  readonly code: DiskErrorCode;
  readonly path: string;
  constructor(code: DiskErrorCode, path: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}
