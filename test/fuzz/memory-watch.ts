// The broker's resident memory over time, from /proc, and whether it settles.
import { readFileSync } from 'node:fs';

/** How much more than in the second quarter of the run the last may need: garbage that is not collected yet, caches that fill. */
const SLACK_FACTOR = 1.25;
const SLACK_BYTES = 64 * 1024 * 1024;

export class MemoryWatch {
  readonly #pid: number;
  readonly #samples: number[] = [];

  constructor(pid: number) {
    this.#pid = pid;
  }

  sample(): void {
    const bytes = residentBytes(this.#pid);
    if (bytes !== undefined) this.#samples.push(bytes);
  }

  get peak(): number {
    return Math.max(0, ...this.#samples);
  }

  get last(): number {
    return this.#samples.at(-1) ?? 0;
  }

  /** Undefined when memory settled (or cannot be seen here); else what it did. */
  growth(): string | undefined {
    const quarter = Math.floor(this.#samples.length / 4);
    if (quarter < 2) return undefined;
    const second = Math.max(...this.#samples.slice(quarter, 2 * quarter));
    const last = Math.max(...this.#samples.slice(3 * quarter));
    if (last <= second * SLACK_FACTOR + SLACK_BYTES) return undefined;
    return `from ${megabytes(second)} in the second quarter of the run to ${megabytes(last)} in the last`;
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}

function residentBytes(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return line?.[1] === undefined ? undefined : Number(line[1]) * 1024;
  } catch {
    return undefined; // no /proc, or the process is gone (which is found out elsewhere)
  }
}
