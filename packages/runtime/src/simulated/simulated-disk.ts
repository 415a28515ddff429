// A Disk in memory that keeps no more than it promises. Everything that it does wrong is drawn from a seed.
//
// THE FAULT MODEL
//
// Power cut (`powerCut`). For each file on its own, of what was written, truncated or allocated since the last sync:
//   - each 512-byte sector shows its durable content or that after any of the writes that touched it: writes are kept,
//     lost, torn at sector borders, and reordered between sectors. Within a sector nothing is torn;
//   - the size is the durable one or that after any of the changes. Where the size was kept and the bytes were not, there are
//     zeros. (Not modelled: old bytes of other files in their place.)
// Of the creations, renames and removals since the last sync of their folder any subset survives, each whole or not at all, and
// those on one name in their order (simulated-directory-tree.ts says why). Contents and names are independent: a synced file may
// have no name, a name may lead to an empty file. Making a folder is such an entry in its parent; `makeDirectory` syncs nothing.
// A write on its way has happened not at all, wholly, or up to any byte, and is then as unsynced as any.
//
// Death of the process alone (`processCrash`). All that was written stays, but as unsynced as it was: a power cut later can
// still take it. A write on its way has happened up to any byte.
//
// After either, whatever the old process still does is without effect, and its promises never settle, as it is no more. Locks
// are free. `restart` gives the disk as the next process finds it.
//
// Failures while it runs (`faults`): any operation can fail by order or at a rate.
//   - A failed write has written a part, up to any byte.
//   - A failed sync leaves the bytes it covered as a power cut would, and counts them as clean: the next sync succeeds and
//     writes none of them. Reads go on showing them, or show what the device has.
//   - A full disk (`setCapacity`): a write that grows a file may write a part first. Overwriting always has room. Each file takes its
//     size, holes too; a removed file takes it until it is closed.
//   - A flipped bit (`flipBit`) is there for good, and no read reports it.
//   - Latencies can be set and multiplied.
//
// Order: with a scheduler, each operation takes effect when its latency, drawn from the seed, is over; what is called at
// once may happen in any order. Without one, operations complete one promise job later, in the order of their calls.
//
// Must stay true: what a successful sync covered survives every power cut, whatever came before or comes after.

import assert from 'node:assert/strict';

import {
  type Disk,
  DiskError,
  type DiskEntry,
  type DiskFile,
  type DiskLock,
  type OpenOptions,
} from '../disk.ts';
import { SeededRandom } from './seeded-random.ts';
import type { FileNode } from './simulated-directory-tree.ts';
import type { SimulatedDiskFaults } from './simulated-disk-faults.ts';
import { SimulatedFile } from './simulated-file.ts';
import { SimulatedMachine } from './simulated-machine.ts';
import type { SimulatedScheduler } from './simulated-scheduler.ts';

const DEFAULT_CAPACITY_BYTES = 2 ** 40;

export interface SimulatedDiskOptions {
  /** Orders the completions. Without it operations complete at once. */
  readonly scheduler?: SimulatedScheduler;
  /** Draws what goes wrong. Default: a fork of the scheduler's, or seed 0. */
  readonly random?: SeededRandom;
  /** Default: 1 TiB. */
  readonly capacity?: number;
}

/** Where `flipBit` did it. */
export interface FlippedBit {
  readonly path: string;
  readonly position: number;
  /** 0 to 7 */
  readonly bit: number;
}

export class SimulatedDisk implements Disk {
  readonly #machine: SimulatedMachine;
  readonly #boot: number;

  constructor(options: SimulatedDiskOptions = {}, machine?: SimulatedMachine) {
    this.#machine =
      machine ??
      new SimulatedMachine(
        options.random ?? options.scheduler?.random.fork() ?? new SeededRandom(0),
        options.scheduler,
        options.capacity ?? DEFAULT_CAPACITY_BYTES,
      );
    this.#boot = this.#machine.boot;
  }

  /** Orders failures and slowness. Lasts over restarts. */
  get faults(): SimulatedDiskFaults {
    return this.#machine.faults;
  }

  /** How many operations have been begun since the disk was new. */
  get operations(): number {
    return this.#machine.operations;
  }

  /** Sets the size of the disk, in bytes; may be below what is used. */
  setCapacity(bytes: number): void {
    this.#machine.capacity = bytes;
  }

  /** The power fails now. */
  powerCut(): void {
    if (this.#boot === this.#machine.boot) {
      this.#machine.endProcess();
    }
    assert.equal(
      this.#machine.boot,
      this.#boot + 1,
      'the disk has been restarted: cut the power of the new one',
    );
    this.#machine.powerCut();
  }

  /** The process is killed now; the machine runs on. */
  processCrash(): void {
    assert.equal(this.#machine.boot, this.#boot, 'the process is dead already');
    this.#machine.endProcess();
  }

  /** The disk as the next process finds it, after `powerCut` or `processCrash`. */
  restart(): SimulatedDisk {
    assert.equal(this.#machine.boot, this.#boot + 1, 'restart comes once, after a power cut or crash');
    return new SimulatedDisk({}, this.#machine);
  }

  /**
   * Flips one bit of a byte drawn from the files whose paths contain `where.path`, between the positions `from` and `to` (exclusive).
   * Undefined when there is no such byte.
   */
  flipBit(where: { path?: string; from?: number; to?: number } = {}): FlippedBit | undefined {
    const { random, tree } = this.#machine;
    const from = where.from ?? 0;
    const candidates = tree.files().flatMap(({ path, node }) => {
      const count = Math.min(where.to ?? Infinity, node.content.size) - from;
      return path.includes(where.path ?? '') && count > 0 ? [{ path, node, count }] : [];
    });
    const total = candidates.reduce((sum, candidate) => sum + candidate.count, 0);
    if (total === 0) {
      return undefined;
    }
    let drawn = random.integer(Math.min(total, 2 ** 32));
    for (const { path, node, count } of candidates) {
      if (drawn < count) {
        const bit = random.integer(8);
        node.content.flipBit(from + drawn, bit);
        return { path, position: from + drawn, bit };
      }
      drawn -= count;
    }
    return undefined;
  }

  open(path: string, options: OpenOptions): Promise<DiskFile> {
    const machine = this.#machine;
    return machine.perform('open', this.#boot, () => {
      machine.checkFault('open', path, 'open');
      return new SimulatedFile(
        path,
        this.#fileAt(path, options.mode === 'create'),
        machine,
        options.mode !== 'read',
      );
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.#metadata(path, 'create the folder', () => this.#machine.tree.makeDirectory(path));
  }

  list(path: string): Promise<DiskEntry[]> {
    return this.#metadata(path, 'list', () => this.#machine.tree.list(path));
  }

  exists(path: string): Promise<boolean> {
    return this.#metadata(path, 'look at', () => this.#machine.tree.find(path) !== undefined);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#metadata(from, `rename to ${to}:`, () => this.#machine.tree.rename(from, to));
  }

  link(from: string, to: string): Promise<void> {
    return this.#metadata(from, `link as ${to}:`, () => this.#machine.tree.link(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#metadata(path, 'remove', () => this.#machine.tree.remove(path));
  }

  removeTree(path: string): Promise<void> {
    return this.#metadata(path, 'remove', () => this.#machine.tree.removeTree(path));
  }

  syncDirectory(path: string): Promise<void> {
    return this.#metadata(path, 'sync', () => {
      const { tree } = this.#machine;
      tree.sync(tree.directory(path, 'sync'));
    });
  }

  space(path: string): Promise<{ free: number; total: number }> {
    return this.#metadata(path, 'tell the space of', () => ({
      free: this.#machine.free,
      total: this.#machine.capacity,
    }));
  }

  /** Leaves `PATH` and, while it is held, `PATH.owner` in the folder, as NodeDisk does. */
  async lock(path: string): Promise<DiskLock> {
    const { locks, tree } = this.#machine;
    const ownerPath = `${path}.owner`;
    await this.#metadata(path, 'lock', () => {
      if (locks.has(path)) {
        throw new DiskError('LOCKED', path, `Cannot lock ${path}: another process (simulated) holds it`);
      }
      this.#fileAt(path, true);
      this.#fileAt(ownerPath, true);
      locks.add(path);
    });
    let released = false;
    return {
      release: async () => {
        if (!released) {
          released = true;
          await this.#metadata(path, 'release the lock', () => {
            tree.remove(ownerPath);
            locks.delete(path);
          });
        }
      },
    };
  }

  /** Simulated processes share nothing: it is held alone. */
  async lockShared(path: string): Promise<DiskLock> {
    const { locks } = this.#machine;
    await this.#metadata(path, 'lock', () => {
      this.#fileAt(path, false);
      if (locks.has(path)) {
        throw new DiskError('LOCKED', path, `Cannot lock ${path}: another process (simulated) holds it`);
      }
      locks.add(path);
    });
    return {
      release: () =>
        this.#metadata(path, 'release the lock', () => {
          locks.delete(path);
        }),
    };
  }

  #metadata<T>(path: string, action: string, complete: () => T): Promise<T> {
    return this.#machine.perform('metadata', this.#boot, () => {
      this.#machine.checkFault('metadata', path, action);
      return complete();
    });
  }

  #fileAt(path: string, create: boolean): FileNode {
    const { tree } = this.#machine;
    let node = tree.find(path);
    if (node === undefined && create) {
      node = tree.createFile(path);
      this.#machine.watch(node);
    }
    if (node === undefined) {
      throw new DiskError('NOT_FOUND', path, `Cannot open ${path}: no such file or folder (simulated)`);
    }
    if (node.kind === 'directory') {
      throw new DiskError('OTHER', path, `Cannot open ${path}: it is a folder`);
    }
    return node;
  }
}
