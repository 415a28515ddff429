// A DiskFile over a file descriptor.
//
// `writeDurably` has two ways, by platform:
//
//   Linux         a second descriptor of the same file, opened O_DSYNC:  writev               one trip to the thread pool
//   elsewhere     the same descriptor:                                   writev, then sync    two trips
//
// On Linux a large one goes in up to MAX_PARTS parts side by side, each durable by itself.
//
// On macOS O_DSYNC leaves the bytes in the drive's cache, where fs.fdatasync (F_FULLFSYNC in libuv) does not; Windows
// knows no O_DSYNC. docs/decisions/durable-writes.md has the measurements.
//
// Must stay true: a descriptor is closed only when no call uses it any more. Its number is given to the next file that is
// opened, and a write that is still on its way would land there.

import assert from 'node:assert/strict';
import fs from 'node:fs';

import { DiskError, type DiskFile } from '../disk.ts';
import { diskCall } from './disk-call.ts';

/** POSIX lets a writev take this many buffers (IOV_MAX on Linux and macOS); libuv passes them on as they are. */
export const MAX_BUFFERS_PER_WRITE = 1024;

/** Linux writes at most 2^31 - 4096 bytes in one call. More than this at a time gains nothing. */
export const MAX_BYTES_PER_WRITE = 1 << 30;

/** A durable write is cut into parts of at least this size, at the borders of its buffers ... */
export const MIN_PART_BYTES = 1 << 20;
/** ... and into no more than this many: Node has four threads for files, and one is left for readers. */
const MAX_PARTS = 3;

/** How much `allocate` writes at a time. */
const ALLOCATION_CHUNK_BYTES = 1 << 20;

/** The writev that a NodeFile uses; a test puts one in its place that writes less than it was asked to. */
export type Writev = (
  fd: number,
  buffers: readonly Uint8Array[],
  position: number,
  done: (error: NodeJS.ErrnoException | null, written: number) => void,
) => void;

/** How the file was opened: `read` alone, or for reading and writing. */
export type NodeFileAccess = 'read' | 'write';

export class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;
  readonly #access: NodeFileAccess;
  readonly #writev: Writev;
  /** The O_DSYNC descriptor: opened by the first `writeDurably`, undefined where that cannot be. */
  #durable: Promise<number | undefined> | undefined;
  #inFlight = 0;
  #idle: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(path: string, fd: number, access: NodeFileAccess, writev: Writev = fs.writev) {
    this.path = path;
    this.#fd = fd;
    this.#access = access;
    this.#writev = writev;
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#use('read', async () => {
      let got = 0;
      while (got < target.length) {
        const count = await diskCall<number>(this.path, 'read', (done) => {
          fs.read(this.#fd, target, got, target.length - got, position + got, done);
        });
        if (count === 0) {
          break;
        }
        got += count;
      }
      return got;
    });
  }

  write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return this.#use('write', () => this.#writeAll(this.#fd, buffers, position));
  }

  writeDurably(buffers: readonly Uint8Array[], position: number): Promise<void> {
    return this.#use('write', async () => {
      this.#durable ??= this.#openDurable();
      const durable = await this.#durable;
      if (durable === undefined) {
        await this.#writeAll(this.#fd, buffers, position);
        await this.#fdatasync();
      } else {
        await this.#writeInParts(durable, buffers, position);
      }
    });
  }

  /**
   * A large write goes to the system in parts, side by side: while one waits for the device, the next is copied into the page cache. All have
   * ended when this settles, whatever became of each.
   */
  async #writeInParts(fd: number, buffers: readonly Uint8Array[], position: number): Promise<void> {
    const parts = cutIntoParts(buffers, position);
    if (parts.length === 1) {
      await this.#writeAll(fd, buffers, position);
      return;
    }
    const ends = await Promise.allSettled(
      parts.map((part) => this.#writeAll(fd, part.buffers, part.position)),
    );
    for (const end of ends) {
      if (end.status === 'rejected') {
        throw end.reason;
      }
    }
  }

  sync(): Promise<void> {
    return this.#use('sync', () => this.#fdatasync());
  }

  truncate(size: number): Promise<void> {
    return this.#use('truncate', async () => {
      await diskCall(this.path, 'truncate', (done) =>
        fs.ftruncate(this.#fd, size, (error) => done(error, undefined)),
      );
    });
  }

  /**
   * Writes zeros from the present end of the file up to `size`, syncing as it goes: Node has no fallocate, and blocks that have been
   * written are better than reserved ones, since overwriting them later changes no metadata. Costs as much as writing that many bytes.
   * Must not run beside a write behind the present end. On a copy-on-write file system (btrfs, ZFS) an overwrite takes new blocks
   * all the same, and can fail for lack of space. When the disk fills up, the file gets its old size back.
   */
  allocate(size: number): Promise<void> {
    return this.#use('allocate', async () => {
      const oldSize = await this.#fstat();
      if (oldSize >= size) {
        return;
      }
      const zeros = new Uint8Array(Math.min(ALLOCATION_CHUNK_BYTES, size - oldSize));
      try {
        for (let at = oldSize; at < size; at += zeros.length) {
          await this.#writeAll(this.#fd, [zeros.subarray(0, size - at)], at);
          // Little by little: whoever writes durably meanwhile waits for the device behind one chunk, not behind all of them.
          await this.#fdatasync();
        }
      } catch (error) {
        // Give back what was taken; if that fails too, the first failure is the one to report.
        await diskCall(this.path, 'truncate', (done) =>
          fs.ftruncate(this.#fd, oldSize, (error) => done(error, undefined)),
        ).catch(() => {});
        throw error;
      }
    });
  }

  size(): Promise<number> {
    return this.#use('size', () => this.#fstat());
  }

  /** Waits for the calls that are on their way, then closes. Calling it again is harmless. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    const durable = await this.#durable;
    if (durable !== undefined) {
      await diskCall(this.path, 'close', (done) =>
        fs.close(durable, (error) => done(error ?? null, undefined)),
      );
    }
    await diskCall(this.path, 'close', (done) =>
      fs.close(this.#fd, (error) => done(error ?? null, undefined)),
    );
  }

  async #use<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      throw new DiskError('OTHER', this.path, `Cannot ${what} ${this.path}: the file has been closed`);
    }
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) {
        this.#idle?.();
      }
    }
  }

  async #fstat(): Promise<number> {
    const stats = await diskCall<fs.Stats>(this.path, 'tell the size of', (done) => fs.fstat(this.#fd, done));
    return stats.size;
  }

  async #fdatasync(): Promise<void> {
    await diskCall(this.path, 'sync', (done) =>
      fs.fdatasync(this.#fd, (error) => done(error ?? null, undefined)),
    );
  }

  /**
   * Opens the file once more through /proc, which finds the very file that `#fd` is, renamed or not. Where there is no /proc, the way
   * of two calls serves.
   */
  async #openDurable(): Promise<number | undefined> {
    if (process.platform !== 'linux' || this.#access === 'read') {
      return undefined;
    }
    const flags = fs.constants.O_RDWR | fs.constants.O_DSYNC;
    return diskCall<number>(this.path, 'open', (done) =>
      fs.open(`/proc/self/fd/${this.#fd}`, flags, done),
    ).catch(() => undefined);
  }

  async #writeAll(fd: number, buffers: readonly Uint8Array[], position: number): Promise<void> {
    assert(Number.isSafeInteger(position) && position >= 0, `position ${position} in ${this.path}`);
    let batch = writeBatch(buffers, 0, 0);
    let at = position;
    while (batch.byteLength > 0) {
      const parts = batch.parts;
      const written = await diskCall<number>(this.path, 'write', (done) => this.#writev(fd, parts, at, done));
      if (written === 0) {
        throw new DiskError(
          'IO',
          this.path,
          `Cannot write ${this.path}: the system wrote nothing and gave no reason`,
        );
      }
      at += written;
      batch = nextBatch(buffers, batch, written);
    }
  }
}

/** A part of a write. */
interface Part {
  readonly buffers: readonly Uint8Array[];
  readonly position: number;
}

/** Consecutive parts of about the same size; one part when there is little to write. */
export function cutIntoParts(buffers: readonly Uint8Array[], position: number): Part[] {
  let total = 0;
  for (const buffer of buffers) {
    total += buffer.length;
  }
  const count = Math.min(MAX_PARTS, Math.floor(total / MIN_PART_BYTES), buffers.length);
  if (count <= 1) {
    return [{ buffers, position }];
  }
  const parts: Part[] = [];
  let from = 0;
  let start = position;
  let at = position;
  for (const [index, buffer] of buffers.entries()) {
    at += buffer.length;
    if (at - position >= (total * (parts.length + 1)) / count) {
      parts.push({ buffers: buffers.slice(from, index + 1), position: start });
      from = index + 1;
      start = at;
    }
  }
  if (from < buffers.length) {
    parts.push({ buffers: buffers.slice(from), position: start });
  }
  return parts;
}

/** What one writev is given: from byte `offset` of buffer `index` on, as far as the limits let it go. */
interface WriteBatch {
  readonly parts: readonly Uint8Array[];
  readonly byteLength: number;
  readonly index: number;
  readonly offset: number;
}

function writeBatch(buffers: readonly Uint8Array[], index: number, offset: number): WriteBatch {
  // The common case: few buffers, taken as they are.
  if (index === 0 && offset === 0 && buffers.length <= MAX_BUFFERS_PER_WRITE) {
    let total = 0;
    for (const buffer of buffers) {
      total += buffer.length;
    }
    if (total <= MAX_BYTES_PER_WRITE) {
      return { parts: buffers, byteLength: total, index, offset };
    }
  }
  const parts: Uint8Array[] = [];
  let byteLength = 0;
  for (let at = index; at < buffers.length && parts.length < MAX_BUFFERS_PER_WRITE; at++) {
    const buffer = buffers[at]!;
    const from = at === index ? offset : 0;
    const part = buffer.subarray(from, Math.min(buffer.length, from + MAX_BYTES_PER_WRITE - byteLength));
    if (part.length > 0) {
      parts.push(part);
      byteLength += part.length;
    }
    if (byteLength === MAX_BYTES_PER_WRITE) {
      break;
    }
  }
  return { parts, byteLength, index, offset };
}

/** What is left once `written` bytes of `batch` have been written. */
function nextBatch(buffers: readonly Uint8Array[], batch: WriteBatch, written: number): WriteBatch {
  let { index, offset } = batch;
  let left = written;
  while (index < buffers.length) {
    const rest = buffers[index]!.length - offset;
    if (left < rest) {
      offset += left;
      break;
    }
    left -= rest;
    index += 1;
    offset = 0;
  }
  return writeBatch(buffers, index, offset);
}
