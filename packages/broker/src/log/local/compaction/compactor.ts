// Compacts the logs of a store in the background: one at a time, the dirtiest of those that are due first, until none is; then it waits.
//
//   wait backoff -> look at all compacted logs -> none due: wait again
//                                              -> compact the one with the largest dirty ratio -> look again
//
// Must stay true: a log that cannot be compacted is told once and left alone until the next start; the others go on.
import type { Clock, Timer } from '@moldau/runtime';

import { LogError, type CompactionResult } from '../../partition-log.ts';
import type { LocalPartitionLog } from '../local-partition-log.ts';
import type { LogLogger } from '../log-context.ts';
import { cleanableOf, type Cleanable } from './cleanable.ts';
import type { CleanerSettings } from './cleaner-settings.ts';

export interface CompactorParts {
  readonly clock: Clock;
  readonly logger: LogLogger | undefined;
  logs(): Iterable<LocalPartitionLog>;
  cleaner(): CleanerSettings;
}

export class Compactor {
  readonly #parts: CompactorParts;
  /** Logs that cannot be compacted. */
  readonly #uncleanable = new WeakSet<LocalPartitionLog>();
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: CompactorParts) {
    this.#parts = parts;
    this.#later();
  }

  /** Begins nothing more, and waits for what runs: that gives up soon once its log is closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #later(): void {
    this.#timer = this.#parts.clock.setTimer(this.#parts.cleaner().backoffMs, () => {
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        if (!this.#stopped) this.#later();
      });
    });
  }

  async #run(): Promise<void> {
    // A log for which the disk had no room is not tried again in this round.
    const skipped = new Set<LocalPartitionLog>();
    while (!this.#stopped && this.#parts.cleaner().enabled) {
      const dirtiest = await this.#dirtiest(skipped);
      if (dirtiest === undefined || this.#stopped) return;
      const { log } = dirtiest;
      try {
        const begun = this.#parts.clock.monotonic();
        const result = await log.compact(this.#parts.clock.now());
        if (!result.compacted) skipped.add(log);
        else this.#tell(log, result, this.#parts.clock.monotonic() - begun);
      } catch (error) {
        skipped.add(log);
        if (this.#failed(log, error as Error)) return;
      }
    }
  }

  async #dirtiest(skipped: ReadonlySet<LocalPartitionLog>): Promise<Cleanable | undefined> {
    let dirtiest: Cleanable | undefined;
    for (const log of this.#parts.logs()) {
      if (this.#stopped) return undefined;
      if (!log.config.compacts || log.closed || skipped.has(log) || this.#uncleanable.has(log)) continue;
      try {
        const cleanable = await cleanableOf(log, this.#parts.clock.now());
        if (cleanable.isDue && cleanable.ratio > (dirtiest?.ratio ?? -1)) dirtiest = cleanable;
      } catch (error) {
        this.#failed(log, error as Error);
      }
    }
    return dirtiest;
  }

  /** True when nothing can be compacted any more. */
  #failed(log: LocalPartitionLog, error: Error): boolean {
    const code = error instanceof LogError ? error.code : 'IO';
    if (log.closed) return false;
    // The engine has told why itself.
    if (code === 'FAILED' || code === 'CLOSED') return true;
    if (code === 'NO_SPACE') {
      this.#parts.logger?.warn(
        { partition: log.folder },
        `Compaction has no room for the new segments and is tried again later: ${error.message}`,
      );
      return false;
    }
    this.#uncleanable.add(log);
    this.#parts.logger?.warn(
      { partition: log.folder, err: error },
      `Compaction failed; the partition is not compacted any more until the broker starts again: ${error.message}`,
    );
    return false;
  }

  #tell(log: LocalPartitionLog, result: CompactionResult, tookMs: number): void {
    this.#parts.logger?.info?.({ partition: log.folder, ...result, tookMs }, 'A log was compacted.');
  }
}
