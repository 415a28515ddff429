// What goes wrong with a simulated disk while it runs: failures that a test orders one by one, failures that come at a
// rate drawn from the seed, and slowness.

import type { SeededRandom } from './seeded-random.ts';
import type { Latency } from './simulated-scheduler.ts';

/**
 * - `read`      DiskFile.read
 * - `write`     DiskFile.write, and the writing half of `writeDurably`
 * - `sync`      DiskFile.sync, and the syncing half of `writeDurably`
 * - `resize`    truncate, allocate
 * - `open`      Disk.open
 * - `metadata`  makeDirectory, list, exists, rename, remove, removeTree, syncDirectory, lock, space, size
 */
export type DiskOperation = 'read' | 'write' | 'sync' | 'resize' | 'open' | 'metadata';

export type FaultCode = 'IO' | 'NO_SPACE' | 'DENIED';

/** A failure that a test orders. */
export interface OrderedFault {
  readonly operation: DiskOperation;
  /** Only operations on a path that contains this text; default: all. */
  readonly path?: string;
  /** Lets this many matching operations pass first. Default 0. */
  readonly after?: number;
  /** Then fails this many; Infinity: all. Default 1. */
  readonly times?: number;
  /** Default `IO`. */
  readonly code?: FaultCode;
}

/** For each operation the probability, from 0 to 1, that it fails with `IO`. */
export type FaultRates = Partial<Record<DiskOperation, number>>;

export type DiskLatencies = Readonly<Record<DiskOperation, Latency>>;

/** About a good SSD. */
export const DEFAULT_DISK_LATENCIES: DiskLatencies = {
  read: { minMs: 0.02, maxMs: 0.2 },
  write: { minMs: 0.01, maxMs: 0.1 },
  sync: { minMs: 0.1, maxMs: 1 },
  resize: { minMs: 0.05, maxMs: 0.5 },
  open: { minMs: 0.01, maxMs: 0.1 },
  metadata: { minMs: 0.01, maxMs: 0.1 },
};

interface Countdown extends OrderedFault {
  passing: number;
  failing: number;
}

export class SimulatedDiskFaults {
  #ordered: Countdown[] = [];
  #rates: FaultRates = {};
  #latencies = DEFAULT_DISK_LATENCIES;
  #slowness = 1;

  /** Orders a failure. */
  fail(fault: OrderedFault): void {
    this.#ordered.push({ ...fault, passing: fault.after ?? 0, failing: fault.times ?? 1 });
  }

  /** From now on operations fail at these rates; those not named never do. */
  setRates(rates: FaultRates): void {
    this.#rates = rates;
  }

  setLatencies(latencies: Partial<DiskLatencies>): void {
    this.#latencies = { ...this.#latencies, ...latencies };
  }

  /** All latencies are multiplied by `factor` from now on; 1 is normal. */
  slowDown(factor: number): void {
    this.#slowness = factor;
  }

  /** Forgets all that was ordered: the disk is healthy and fast again. */
  clear(): void {
    this.#ordered = [];
    this.#rates = {};
    this.#slowness = 1;
  }

  /** How this operation fails, if it does. Counts the ordered failures down. */
  next(operation: DiskOperation, path: string, random: SeededRandom): FaultCode | undefined {
    for (const fault of this.#ordered) {
      if (fault.operation !== operation || !path.includes(fault.path ?? '')) {
        continue;
      }
      if (fault.passing > 0) {
        fault.passing -= 1;
      } else if (fault.failing > 0) {
        fault.failing -= 1;
        return fault.code ?? 'IO';
      }
    }
    const rate = this.#rates[operation] ?? 0;
    return rate > 0 && random.chance(rate) ? 'IO' : undefined;
  }

  latency(operation: DiskOperation): Latency {
    const { minMs, maxMs } = this.#latencies[operation];
    return { minMs: minMs * this.#slowness, maxMs: maxMs * this.#slowness };
  }
}
