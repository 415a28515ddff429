// Whether the disk takes writes: fine, full (tried again by the clock), or failed (for good).
//
//          NO_SPACE                     any other error of a write or sync
//   fine ------------> full                 fine, full -------------> failed
//        <------------      a probe finds room
//
// Must stay true: nothing leads out of `failed` but a new process, which recovers by scanning.
import { DiskError, type Clock, type Disk, type Timer } from '@moldau/runtime';

import { LogError } from '../partition-log.ts';
import type { LocalLogSettings } from './settings.ts';

export class DiskState {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #folder: string;
  readonly #settings: LocalLogSettings;
  #refusal: LogError | undefined;
  #probe: Timer | undefined;
  #closed = false;
  /** Called once, with the reason, when the state becomes failed. */
  onFailed: (error: LogError) => void = () => {};
  onFull: (error: LogError) => void = () => {};
  onRoom: () => void = () => {};

  constructor(disk: Disk, clock: Clock, folder: string, settings: LocalLogSettings) {
    this.#disk = disk;
    this.#clock = clock;
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Why nothing may be appended; undefined when all is well. */
  get refusal(): LogError | undefined {
    return this.#refusal;
  }

  get failed(): boolean {
    return this.#refusal?.code === 'FAILED';
  }

  /** Judges a failed write or sync. Returns what those who wait for it are told. */
  writeFailed(error: unknown): LogError {
    if (this.#refusal?.code === 'FAILED') return this.#refusal;
    if (error instanceof LogError && error.code === 'NO_SPACE') return error;
    if (error instanceof DiskError && error.code === 'NO_SPACE') return this.#full(error);
    const refusal = new LogError(
      'FAILED',
      `Writing to ${this.#folder} failed: ${(error as Error).message}. What was not acknowledged is given up; a restart recovers the rest.`,
      { cause: error },
    );
    this.#refusal = refusal;
    this.#probe?.cancel();
    this.onFailed(refusal);
    return refusal;
  }

  close(): void {
    this.#closed = true;
    this.#probe?.cancel();
  }

  #full(cause: DiskError): LogError {
    if (this.#refusal !== undefined) return this.#refusal;
    const refusal = new LogError('NO_SPACE', `The disk behind ${this.#folder} is full: ${cause.message}`, {
      cause,
    });
    this.#refusal = refusal;
    this.#probeLater();
    this.onFull(refusal);
    return refusal;
  }

  #probeLater(): void {
    if (this.#closed) return;
    this.#probe = this.#clock.setTimer(this.#settings.diskFullProbeMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    let free = 0;
    try {
      free = (await this.#disk.space(this.#folder)).free;
    } catch {
      // Asked again in a while.
    }
    if (this.#refusal?.code !== 'NO_SPACE') return;
    if (free >= this.#settings.diskFullReserveBytes) {
      this.#refusal = undefined;
      this.onRoom();
    } else {
      this.#probeLater();
    }
  }
}
