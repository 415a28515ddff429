// The real Disk: the file system through node:fs.
//
// Must stay true: every failure is a DiskError; a folder's sync is done where the platform has it (Windows has no way to
// sync a folder; NTFS journals its entries).

import fs from 'node:fs';

import type { Disk, DiskEntry, DiskFile, DiskLock, OpenOptions } from '../disk.ts';
import { diskCall, diskError, errnoOf } from './disk-call.ts';
import { NodeFile } from './node-file.ts';
import { takeNodeLock, takeSharedNodeLock } from './node-lock.ts';

const OPEN_FLAGS: Readonly<Record<OpenOptions['mode'], number>> = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
};

export class NodeDisk implements Disk {
  async open(path: string, options: OpenOptions): Promise<DiskFile> {
    const flags = OPEN_FLAGS[options.mode];
    const fd = await diskCall<number>(path, 'open', (done) => fs.open(path, flags, done));
    return new NodeFile(path, fd, options.mode === 'read' ? 'read' : 'write');
  }

  async makeDirectory(path: string): Promise<void> {
    await diskCall(path, 'create the folder', (done) => fs.mkdir(path, { recursive: true }, done));
  }

  async list(path: string): Promise<DiskEntry[]> {
    const entries = await diskCall<fs.Dirent[]>(path, 'list', (done) => {
      fs.readdir(path, { withFileTypes: true }, done);
    });
    return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) }));
  }

  async exists(path: string): Promise<boolean> {
    try {
      await diskCall(path, 'look at', (done) => fs.stat(path, done));
      return true;
    } catch (error) {
      const errno = errnoOf((error as Error).cause);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') {
        return false;
      }
      throw error;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await diskCall(from, `rename to ${to}:`, (done) =>
      fs.rename(from, to, (error) => done(error, undefined)),
    );
  }

  async link(from: string, to: string): Promise<void> {
    await diskCall(from, `link as ${to}:`, (done) => fs.link(from, to, (error) => done(error, undefined)));
  }

  async remove(path: string): Promise<void> {
    try {
      await diskCall(path, 'remove', (done) => fs.unlink(path, (error) => done(error, undefined)));
    } catch (error) {
      if (errnoOf((error as Error).cause) !== 'ENOENT') {
        throw error;
      }
    }
  }

  async removeTree(path: string): Promise<void> {
    await diskCall(path, 'remove', (done) => {
      fs.rm(path, { recursive: true, force: true, maxRetries: 3 }, (error) => done(error, undefined));
    });
  }

  async syncDirectory(path: string): Promise<void> {
    if (process.platform === 'win32') {
      return;
    }
    const fd = await diskCall<number>(path, 'open', (done) => fs.open(path, fs.constants.O_RDONLY, done));
    try {
      await diskCall(path, 'sync', (done) => fs.fsync(fd, (error) => done(error ?? null, undefined)));
    } finally {
      await diskCall(path, 'close', (done) => fs.close(fd, (error) => done(error ?? null, undefined)));
    }
  }

  async space(path: string): Promise<{ free: number; total: number }> {
    const stats = await diskCall<fs.StatsFs>(path, 'tell the space of', (done) => fs.statfs(path, done));
    // `bavail` leaves out what is kept for the superuser: it is what writes can count on.
    return { free: stats.bavail * stats.bsize, total: stats.blocks * stats.bsize };
  }

  async lock(path: string): Promise<DiskLock> {
    try {
      return await takeNodeLock(path);
    } catch (error) {
      throw diskError(path, 'lock', error);
    }
  }

  async lockShared(path: string): Promise<DiskLock> {
    try {
      return await takeSharedNodeLock(path);
    } catch (error) {
      throw diskError(path, 'lock', error);
    }
  }
}

function kindOf(entry: fs.Dirent): DiskEntry['kind'] {
  if (entry.isFile()) {
    return 'file';
  }
  return entry.isDirectory() ? 'directory' : 'other';
}
