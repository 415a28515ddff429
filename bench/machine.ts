// The machine a run was made on, as far as it explains the figures; nothing that names or locates it.
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly filesystem: string;
  readonly node: string;
}

/** statfs types of the file systems that a data folder is likely to be on. */
const FILESYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0x794c7630, 'overlayfs'],
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);
const IN_MEMORY = new Set(['tmpfs', 'ramfs']);
const LEAST_FREE_BYTES = 10e9;

/** The data folder is where a measurement would mean nothing or fail. The message says why. */
export class UnsuitableDisk extends Error {
  override readonly name = 'UnsuitableDisk';
  readonly code = 'UNSUITABLE_DISK';
}

export function filesystem(dir: string): string {
  const { type } = statfsSync(dir);
  return FILESYSTEMS.get(type) ?? `type 0x${type.toString(16)}`;
}

/** Refuses a data folder whose figures would mean nothing: one in memory, or one that would fill up. */
export function checkDataDir(dir: string): void {
  const name = filesystem(dir);
  if (IN_MEMORY.has(name)) {
    throw new UnsuitableDisk(
      `${dir} is on ${name}, in memory: a sync costs nothing there. Choose a real disk with --data.`,
    );
  }
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize < LEAST_FREE_BYTES) {
    throw new UnsuitableDisk(
      `less than ${LEAST_FREE_BYTES / 1e9} GB is free on the disk of ${dir}. Choose another with --data.`,
    );
  }
}

export function machine(dataDir: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    filesystem: filesystem(dataDir),
    node: process.versions.node,
  };
}
