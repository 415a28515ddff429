// Compaction in small pieces: the event loop belongs to those who produce and fetch, and the disk too where a rate is set.
//
//   work ... due -> rest (others run) -> work ... due -> rest ...
//
// Must stay true: work goes on for at most `SLICE_MS` (and one record or batch more) before it rests.
import type { Clock } from '@moldau/runtime';

/** Longer pieces would show in the latencies of requests. */
const SLICE_MS = 1;
/** The clock is asked once in so many records. */
const RECORDS_PER_LOOK = 64;

export class Slices {
  readonly #clock: Clock;
  readonly #bytesPerSecond: () => number;
  #endsAt: number;
  #records = 0;
  #bytes = 0;
  #since: number;

  /** `bytesPerSecond`: reads and writes together, `log.cleaner.io.max.bytes.per.second`; asked anew each time. */
  constructor(clock: Clock, bytesPerSecond: () => number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
    this.#since = clock.monotonic();
    this.#endsAt = this.#since + SLICE_MS;
  }

  /** Whether it is time to rest. Cheap: to be asked with every record. */
  get due(): boolean {
    this.#records += 1;
    if (this.#records < RECORDS_PER_LOOK) return false;
    return this.over;
  }

  /** The same, exactly: to be asked with every batch. */
  get over(): boolean {
    this.#records = 0;
    return this.#clock.monotonic() >= this.#endsAt;
  }

  /** Lets all others run. */
  async rest(): Promise<void> {
    await this.#pause(0);
  }

  /** So many bytes were read or written: waits as long as the rate asks for. */
  async used(bytes: number): Promise<void> {
    this.#bytes += bytes;
    const dueMs = (this.#bytes / this.#bytesPerSecond()) * 1000;
    const earlyMs = dueMs - (this.#clock.monotonic() - this.#since);
    // A wait of less than this costs more than it gives.
    if (earlyMs >= 1) await this.#pause(earlyMs);
    if (this.#bytes > 64 * 1024 * 1024 || dueMs === 0) this.#restart();
  }

  #restart(): void {
    this.#bytes = 0;
    this.#since = this.#clock.monotonic();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.setTimer(ms, resolve));
    this.#records = 0;
    this.#endsAt = this.#clock.monotonic() + SLICE_MS;
  }
}
