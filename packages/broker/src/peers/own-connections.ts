// The connections that brokers of this process have opened to each other, so that the broker at the other end knows whom it talks to without a
// password: the address that it sees is one that this process holds, and an address cannot be held twice.
import type { Address } from '@moldau/runtime';

export class OwnConnections {
  readonly #held = new Set<string>();

  /** A connection is open: `local` is its end here. */
  opened(local: Address): void {
    this.#held.add(keyOf(local));
  }

  closed(local: Address): void {
    this.#held.delete(keyOf(local));
  }

  /** Whether the far end of an accepted connection is one of them. */
  has(remote: Address): boolean {
    return this.#held.size > 0 && this.#held.has(keyOf(remote));
  }
}

const keyOf = ({ host, port }: Address): string => `${host} ${port}`;
