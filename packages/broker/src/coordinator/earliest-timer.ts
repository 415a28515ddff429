// One timer for many deadlines: set to the earliest of them, again and again. A timer that is too early finds nothing to do, and whoever owns it
// sets it again, so a deadline that moves away costs nothing.
import type { Clock, Timer } from '@moldau/runtime';

export class EarliestTimer {
  readonly #clock: Clock;
  readonly #onTime: () => void;
  #timer: Timer | undefined;
  #atMs = Infinity;

  constructor(clock: Clock, onTime: () => void) {
    this.#clock = clock;
    this.#onTime = onTime;
  }

  /** It comes at `atMs` by the monotonic clock, or earlier where it was set to that before. Infinity: there is nothing new to wait for. */
  setTo(atMs: number): void {
    if (this.#timer !== undefined && this.#atMs <= atMs) return;
    this.cancel();
    if (atMs === Infinity) return;
    this.#atMs = atMs;
    this.#timer = this.#clock.setTimer(Math.max(0, atMs - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      this.#onTime();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
