// A connection that came too soon after others from its address (KIP-612). It is not served; it is kept for a moment before it is closed, as
// a client that is refused at once comes back at once.
import type { Clock, Connection, ConnectionHandler, Timer } from '@moldau/runtime';

export class ThrottledConnection implements ConnectionHandler {
  readonly #connection: Connection;
  readonly #release: () => void;
  readonly #timer: Timer;
  #over = false;

  /** @param release called once, when the connection is over */
  constructor(connection: Connection, clock: Clock, delayMs: number, release: () => void) {
    this.#connection = connection;
    this.#release = release;
    this.#timer = clock.setTimer(delayMs, () => this.end());
  }

  end(): void {
    this.#timer.cancel();
    this.#connection.destroy();
    this.closed();
  }

  /** What it sends is not looked at. */
  data(): void {}

  drain(): void {}

  closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    this.#release();
  }
}
