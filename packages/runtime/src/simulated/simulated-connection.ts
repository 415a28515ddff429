// One end of a simulated connection.
//
//   opening --handler known--> open --end()--> ending --all sent--> over
//                               |  \--end of the peer, reset, destroy()-------^
//
// Must stay true: `closed` comes once, last, and never while a call of the handler's owner is on the stack.

import type { Address, Connection, ConnectionHandler } from '../network.ts';
import { SimulatedPipe } from './simulated-pipe.ts';
import type { SimulatedWire } from './simulated-wire.ts';

/** `write` returns false from this many unsent bytes on. */
const HIGH_WATER_BYTES = 64 * 1024;

export class SimulatedConnection implements Connection {
  readonly local: Address;
  readonly remote: Address;
  readonly #wire: SimulatedWire;
  #peer!: SimulatedConnection;
  #outgoing!: SimulatedPipe;
  #handler: ConnectionHandler | undefined;
  #paused = false;
  #ending = false;
  #over = false;
  #error: Error | undefined;
  #wantsDrain = false;

  constructor(wire: SimulatedWire, local: Address, remote: Address) {
    this.#wire = wire;
    this.local = local;
    this.remote = remote;
  }

  /** Ties two ends together. */
  static pair(
    wire: SimulatedWire,
    client: Address,
    server: Address,
  ): [SimulatedConnection, SimulatedConnection] {
    const one = new SimulatedConnection(wire, client, server);
    const other = new SimulatedConnection(wire, server, client);
    one.#connectTo(other);
    other.#connectTo(one);
    return [one, other];
  }

  #connectTo(peer: SimulatedConnection): void {
    this.#peer = peer;
    this.#outgoing = new SimulatedPipe(this.#wire.random, {
      travel: (arrive) => this.#wire.travel(arrive),
      ready: () => peer.#handler !== undefined && !peer.#over && (!peer.#paused || peer.#ending),
      receive: (bytes) => peer.#receive(bytes),
      receiveEnd: () => peer.#finish(undefined),
      allSent: () => this.#allSent(),
    });
  }

  /** From now on events go to `handler`; what has arrived already follows at once. */
  open(handler: ConnectionHandler): void {
    this.#handler = handler;
    if (this.#over) {
      this.#wire.soon(() => handler.closed(this.#error));
    } else {
      this.#peer.#outgoing.deliver();
    }
  }

  get over(): boolean {
    return this.#over;
  }

  get unsent(): number {
    return this.#outgoing.unsent;
  }

  write(buffers: readonly Uint8Array[], sent?: () => void): boolean {
    if (this.#over || this.#ending) {
      sent?.();
      return false;
    }
    this.#outgoing.write(buffers, sent);
    const room = this.unsent < HIGH_WATER_BYTES;
    this.#wantsDrain ||= !room;
    return room;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused) {
      this.#paused = false;
      // As in the real one: not from within the call.
      this.#wire.soon(() => this.#peer.#outgoing.deliver());
    }
  }

  end(): void {
    if (this.#over || this.#ending) {
      return;
    }
    this.#ending = true;
    this.#outgoing.end();
    // What has arrived and was held back by a pause is dropped.
    this.#wire.soon(() => this.#peer.#outgoing.deliver());
    if (this.unsent === 0) {
      this.#wire.soon(() => this.#finish(undefined));
    }
  }

  destroy(error?: Error): void {
    if (this.#over) {
      return;
    }
    this.#ending = true;
    const reset = this.#wire.random.integer(2) === 0;
    this.#outgoing.abandon(!reset);
    if (reset) {
      this.#wire.travel(() => this.#peer.reset());
    }
    this.#wire.soon(() => this.#finish(error));
  }

  /** The connection breaks as seen from this end. */
  reset(): void {
    this.#finish(Object.assign(new Error('read ECONNRESET (simulated)'), { code: 'ECONNRESET' }));
  }

  /** The process at this end is gone: it hears nothing more. */
  vanish(): void {
    this.#over = true;
    this.#outgoing.close();
    this.#wire.travel(() => this.#peer.reset());
  }

  setBlocked(blocked: boolean): void {
    this.#outgoing.setBlocked(blocked);
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#ending) {
      this.#handler?.data(bytes);
    }
  }

  #allSent(): void {
    if (this.#wantsDrain) {
      this.#wantsDrain = false;
      this.#wire.soon(() => {
        if (!this.#over && !this.#ending) {
          this.#handler?.drain();
        }
      });
    }
    if (this.#ending) {
      this.#wire.soon(() => this.#finish(undefined));
    }
  }

  #finish(error: Error | undefined): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    this.#error = error;
    // Bytes to this end go nowhere; bytes from it that have left still arrive.
    this.#peer.#outgoing.close();
    if (!this.#ending) {
      this.#outgoing.abandon(error === undefined);
    }
    this.#wire.forget(this);
    this.#handler?.closed(error);
  }
}
