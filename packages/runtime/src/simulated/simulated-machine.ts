// What the disks and files of one simulated machine share: the folders, the faults, the space, the seed, and which
// operations are on their way. SimulatedDisk is one boot of it.

import { DiskError } from '../disk.ts';
import type { SeededRandom } from './seeded-random.ts';
import { type FileNode, SimulatedDirectoryTree } from './simulated-directory-tree.ts';
import { type DiskOperation, type FaultCode, SimulatedDiskFaults } from './simulated-disk-faults.ts';
import type { SimulatedScheduler } from './simulated-scheduler.ts';

const FAULT_TEXT: Readonly<Record<FaultCode, string>> = {
  IO: 'the device reported an error (simulated)',
  NO_SPACE: 'no space left on the device (simulated)',
  DENIED: 'permission denied (simulated)',
};

/** A write that was begun and has not completed: if all ends now, it may have happened in part. */
export interface WriteInFlight {
  /** All bytes of it, as they are now. */
  bytes(): Uint8Array;
  apply(bytes: Uint8Array): void;
}

export class SimulatedMachine {
  readonly tree = new SimulatedDirectoryTree();
  readonly faults = new SimulatedDiskFaults();
  readonly random: SeededRandom;
  readonly scheduler: SimulatedScheduler | undefined;
  readonly writesInFlight = new Set<WriteInFlight>();
  readonly locks = new Set<string>();
  capacity: number;
  /** Counts the boots: what belongs to an earlier one is dead. */
  boot = 0;
  /** How many operations have been begun. */
  operations = 0;
  #files = new Set<FileNode>();

  constructor(random: SeededRandom, scheduler: SimulatedScheduler | undefined, capacity: number) {
    this.random = random;
    this.scheduler = scheduler;
    this.capacity = capacity;
  }

  /**
   * Begins an operation: `complete` runs when its latency is over and gives the result or throws. If the boot ends before, the promise never
   * settles: whoever waits for it is no more.
   */
  perform<T>(operation: DiskOperation, boot: number, complete: () => T): Promise<T> {
    this.operations += 1;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        if (this.boot !== boot) {
          return;
        }
        try {
          resolve(complete());
        } catch (error) {
          reject(error);
        }
      };
      if (this.boot !== boot) {
        return;
      }
      if (this.scheduler === undefined) {
        queueMicrotask(finish);
      } else {
        this.scheduler.schedule(this.faults.latency(operation), this.random, finish);
      }
    });
  }

  /** Throws the failure that is due for this operation, if one is. */
  checkFault(operation: DiskOperation, path: string, action: string): void {
    const code = this.faults.next(operation, path, this.random);
    if (code !== undefined) {
      throw this.fault(code, path, action);
    }
  }

  fault(code: FaultCode, path: string, action: string): DiskError {
    return new DiskError(code, path, `Cannot ${action} ${path}: ${FAULT_TEXT[code]}`);
  }

  /** Counts a file's bytes as used from now on. */
  watch(file: FileNode): void {
    this.#files.add(file);
  }

  /** Bytes in files that have a name or are open. */
  get used(): number {
    let used = 0;
    for (const file of this.#files) {
      if (file.references === 0) {
        this.#files.delete(file);
      } else {
        used += file.content.size;
      }
    }
    return used;
  }

  get free(): number {
    return Math.max(0, this.capacity - this.used);
  }

  /** The process is gone: writes on their way have happened in part, its locks are free, its handles dead. */
  endProcess(): void {
    for (const write of this.writesInFlight) {
      const bytes = write.bytes();
      const happened = [0, bytes.length, this.random.integer(bytes.length + 1)][this.random.integer(3)]!;
      write.apply(bytes.subarray(0, happened));
    }
    this.writesInFlight.clear();
    this.locks.clear();
    this.boot += 1;
    for (const { node } of this.tree.files()) {
      node.references = 1;
    }
    this.#forgetUnnamed();
  }

  /** The power is gone: what was not durable is kept, lost or torn. */
  powerCut(): void {
    this.tree.powerCut(this.random);
    this.#forgetUnnamed();
  }

  #forgetUnnamed(): void {
    this.#files = new Set(this.tree.files().map(({ node }) => node));
  }
}
