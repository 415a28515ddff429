// Permits that come at a steady rate and may be saved up to a bound. Kafka measures changes of the controller by it (KIP-599), because
// a sampled rate treats bursts badly: one large burst stays in its windows, and the client waits far longer than its excess is worth.
//
// More may be taken than there is: the debt has to be paid off before anything is taken again.

export class TokenBucket {
  #tokens: number;
  #updatedMs: number;

  /** Full at the start. */
  constructor(burst: number, nowMs: number) {
    this.#tokens = burst;
    this.#updatedMs = nowMs;
  }

  /**
   * What is there; below 0: what is owed.
   * @param rate permits a second
   * @param burst the most that is saved up
   */
  tokens(rate: number, burst: number, nowMs: number): number {
    this.#tokens = Math.min(burst, this.#tokens + (rate * (nowMs - this.#updatedMs)) / 1000);
    this.#updatedMs = nowMs;
    return this.#tokens;
  }

  /** Takes permits; a negative number gives them back. */
  take(permits: number, rate: number, burst: number, nowMs: number): void {
    this.#tokens = Math.min(burst, this.tokens(rate, burst, nowMs) - permits);
  }
}
