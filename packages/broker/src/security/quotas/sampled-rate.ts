// How much of something there was a second, over the last windows: what quotas are measured by. It is Kafka's way of counting, so that a
// client gets the same rate and the same throttle times as there.
//
//   | oldest |        |        | current |      `windows` of `windowMs` each, and one more that reaches into the oldest
//                                    now
//
// A rate is never taken over less than `windows - 1` full windows: a client that was quiet may first use what it has saved up.
//
// Must stay true: memory is `windows + 1` samples, however much is recorded.

interface Sample {
  startMs: number;
  lastMs: number;
  value: number;
}

export class SampledRate {
  readonly #windows: number;
  readonly #windowMs: number;
  readonly #samples: Sample[] = [];
  #current = 0;

  /**
   * @param windows how many are looked at (`quota.window.num`)
   * @param windowMs how long each is (`quota.window.size.seconds`)
   */
  constructor(windows: number, windowMs: number) {
    this.#windows = windows;
    this.#windowMs = windowMs;
  }

  /** Counts `value`; a negative one takes back what was counted. Times never go back. */
  record(value: number, nowMs: number): void {
    let sample = this.#currentSample(nowMs);
    if (nowMs - sample.startMs >= this.#windowMs) {
      this.#current = (this.#current + 1) % (this.#windows + 1);
      sample = this.#currentSample(nowMs);
      reset(sample, nowMs);
    }
    sample.value += value;
    sample.lastMs = nowMs;
  }

  /** A second. */
  rate(nowMs: number): number {
    const spanMs = this.spanMs(nowMs);
    let sum = 0;
    for (const sample of this.#samples) sum += sample.value;
    return sum / (spanMs / 1000);
  }

  /** The time over which the rate is taken. */
  spanMs(nowMs: number): number {
    const keptMs = this.#windows * this.#windowMs;
    let oldestMs = nowMs;
    for (const sample of this.#samples) {
      if (nowMs - sample.lastMs >= keptMs) reset(sample, nowMs);
      oldestMs = Math.min(oldestMs, sample.startMs);
    }
    const elapsedMs = nowMs - oldestMs;
    const missing = this.#windows - 1 - Math.floor(elapsedMs / this.#windowMs);
    return Math.max(1, elapsedMs + Math.max(0, missing) * this.#windowMs);
  }

  /** How long nothing may be recorded until the rate is down to `limit`; 0 when it is not above. */
  excessMs(limit: number, nowMs: number): number {
    const rate = this.rate(nowMs);
    return rate <= limit ? 0 : Math.round(((rate - limit) / limit) * this.spanMs(nowMs));
  }

  #currentSample(nowMs: number): Sample {
    const known = this.#samples[this.#current];
    if (known !== undefined) return known;
    const made = { startMs: nowMs, lastMs: nowMs, value: 0 };
    this.#samples[this.#current] = made;
    return made;
  }
}

function reset(sample: Sample, nowMs: number): void {
  sample.startMs = nowMs;
  sample.lastMs = nowMs;
  sample.value = 0;
}
