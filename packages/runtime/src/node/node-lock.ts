// One process at a time: a lock that the end of the process releases, however it comes.
//
// Node offers no flock, and files that merely exist, or hold a process id, cannot be trusted after a crash: ids are
// reused, and two processes that start at once may both judge the file stale. What Node does ship is SQLite, whose own
// locks are the operating system's (fcntl on Linux and macOS, LockFileEx on Windows): taken atomically, bound to the
// process, gone with it. So the lock file is opened as an SQLite database, a transaction is begun that excludes all others,
// and nothing is ever written: the file stays empty.
//
//   PATH         the lock itself: empty, never removed (removing it would let two processes lock two files of one name)
//   PATH.owner   who holds it, for the message to others: a hint, worth nothing by itself
//
// fcntl locks fall when the process closes any descriptor of the file. SQLite takes care of its own; must stay true: nothing
// else in this process opens PATH.
//
// Kafka locks `.lock` in its log folder through fcntl too, over the whole file, so that at the same path the two programs
// exclude each other.

import fs from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

import { DiskError, type DiskLock } from '../disk.ts';
import { diskCall, diskError } from './disk-call.ts';

/** SQLite's primary result code for a lock that another holds. */
const SQLITE_BUSY = 5;

/**
 * How long to try. Two processes that start at once can each be in the other's way for an instant (SQLite takes a shared lock first); with no
 * patience at all both would give up.
 */
const PATIENCE_MS = 500;

const PRIMARY_RESULT_CODE = 0xff;

export async function takeNodeLock(path: string): Promise<DiskLock> {
  // Made by us, so that a missing folder or permission is reported as what it is and not as SQLite's "unable to open".
  // Exclusively, so that a file that is there is not opened: closing it would drop a lock that this process holds.
  await diskCall(path, 'create the lock file', (done) => {
    fs.writeFile(path, '', { flag: 'wx' }, (error) =>
      done(error?.code === 'EEXIST' ? null : error, undefined),
    );
  });
  const { DatabaseSync } = await import('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // No journal beside the lock file (SQLite prepares to write page 1 of an empty database).
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`);
  } catch (error) {
    database?.close();
    throw await lockError(path, error);
  }
  return new NodeLock(path, database, await writeOwner(path));
}

/**
 * A lock that others may share and nobody may have alone, on a file that is only read: what keeps a stopped Kafka from being started while its
 * folder is copied.
 */
export async function takeSharedNodeLock(path: string): Promise<DiskLock> {
  // A missing file, or one that may not be read, is reported as that.
  const fd = await diskCall<number>(path, 'open', (done) => fs.open(path, fs.constants.O_RDONLY, done));
  await diskCall(path, 'close', (done) => fs.close(fd, (error) => done(error ?? null, undefined)));
  const { DatabaseSync } = await import('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    // The first read of the transaction takes SQLite's shared lock, which the open transaction keeps.
    database.exec(`PRAGMA busy_timeout = ${PATIENCE_MS}; BEGIN; SELECT count(*) FROM sqlite_schema`);
  } catch (error) {
    database?.close();
    throw await lockError(path, error);
  }
  return new NodeLock(path, database, undefined);
}

class NodeLock implements DiskLock {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #ownerPath: string | undefined;
  #released = false;

  constructor(path: string, database: DatabaseSync, ownerPath: string | undefined) {
    this.#path = path;
    this.#database = database;
    this.#ownerPath = ownerPath;
  }

  async release(): Promise<void> {
    if (this.#released) {
      return;
    }
    this.#released = true;
    const ownerPath = this.#ownerPath;
    if (ownerPath !== undefined) {
      // Before the lock goes: afterwards the file may be the next owner's.
      await diskCall(ownerPath, 'remove', (done) =>
        fs.rm(ownerPath, { force: true }, (error) => done(error, undefined)),
      );
    }
    try {
      this.#database.close();
    } catch (error) {
      throw diskError(this.#path, 'release the lock', error);
    }
  }
}

/** Leaves word of who holds the lock. A full disk must not keep the broker from starting, so a failure is no failure. */
async function writeOwner(path: string): Promise<string | undefined> {
  const ownerPath = `${path}.owner`;
  const text = `process ${process.pid}, started ${new Date(performance.timeOrigin).toISOString()}\n`;
  try {
    await diskCall(ownerPath, 'write', (done) =>
      fs.writeFile(ownerPath, text, (error) => done(error, undefined)),
    );
    return ownerPath;
  } catch {
    return undefined;
  }
}

async function lockError(path: string, error: unknown): Promise<DiskError> {
  const result = (error as { errcode?: unknown }).errcode;
  if (typeof result !== 'number' || (result & PRIMARY_RESULT_CODE) !== SQLITE_BUSY) {
    const detail = error instanceof Error ? error.message : String(error);
    return new DiskError('OTHER', path, `Cannot lock ${path}: ${detail}`, { cause: error });
  }
  let owner = 'another process';
  try {
    const ownerPath = `${path}.owner`;
    const text = await diskCall<string>(ownerPath, 'read', (done) => fs.readFile(ownerPath, 'utf8', done));
    owner = `another process (${text.trim()})`;
  } catch {
    // Not written yet, or unreadable: the lock counts, not the word about it.
  }
  return new DiskError('LOCKED', path, `Cannot lock ${path}: ${owner} holds it`, { cause: error });
}
