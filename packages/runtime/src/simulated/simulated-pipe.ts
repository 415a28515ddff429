// One direction of a simulated connection.
//
//   write ---> [ unsent ] ---chunk, latency---> [ on its way ] ---> [ arrived ] ---> data
//               memory of                        at most WINDOW_BYTES, as long as
//               the sender                       the receiver does not take them
//
// Bytes are cut into chunks at borders that the seed draws, whatever the writes were, and arrive in order. A receiver that
// pauses fills the window; then bytes stay unsent, which is how the sender learns of it.
//
// Hostile on purpose: a buffer is copied when its bytes leave, so that one changed too early is sent changed; and what `data`
// was given is overwritten as soon as it returns, so that a receiver that keeps it notices.

import type { SeededRandom } from './seeded-random.ts';

/** Bytes that may be between sender and receiver, as the socket buffers of a real connection. */
const WINDOW_BYTES = 64 * 1024;

/** The sender waits until the window has room for this much, or for all that it has: else a full window would be refilled in crumbs. */
const SENDABLE_BYTES = WINDOW_BYTES / 4;

/** What a chunk may be at most, drawn for each: single bytes and header-sized pieces are as likely as large ones. */
const CHUNK_LIMITS = [1, 7, 100, 1460, ...new Array<number>(12).fill(WINDOW_BYTES)];

/** What bytes become once `data` has returned. */
const REUSED_BYTE = 0xdb;

export interface PipeEnds {
  /** Runs `arrive` after a latency. */
  travel(arrive: () => void): void;
  /** Whether the receiver takes bytes now. */
  ready(): boolean;
  receive(bytes: Uint8Array): void;
  /** All bytes have been received, and the sender has ended. */
  receiveEnd(): void;
  /** All bytes have left. */
  allSent(): void;
}

export class SimulatedPipe {
  readonly #ends: PipeEnds;
  readonly #random: SeededRandom;
  #queue: Uint8Array[] = [];
  #unsent = 0;
  #written = 0;
  readonly #waiting: { readonly upTo: number; readonly sent: () => void }[] = [];
  #window = 0;
  readonly #travelling: (Uint8Array | 'end')[] = [];
  readonly #arrived: (Uint8Array | 'end')[] = [];
  #ending = false;
  #blocked = false;
  #closed = false;

  constructor(random: SeededRandom, ends: PipeEnds) {
    this.#random = random;
    this.#ends = ends;
  }

  get unsent(): number {
    return this.#unsent;
  }

  /** @param sent called when all of the buffers have left, or never will */
  write(buffers: readonly Uint8Array[], sent?: () => void): void {
    for (const buffer of buffers) {
      if (buffer.length > 0) {
        this.#queue.push(buffer);
        this.#unsent += buffer.length;
        this.#written += buffer.length;
      }
    }
    if (sent !== undefined) {
      this.#waiting.push({ upTo: this.#written, sent });
    }
    this.#send();
    this.#tellSent();
  }

  /** Calls back whoever waits for bytes that have left, or were dropped. */
  #tellSent(): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.upTo <= this.#written - this.#unsent) {
      this.#waiting.shift()!.sent();
    }
  }

  /** Sends an end behind what was written. */
  end(): void {
    this.#ending = true;
    this.#send();
  }

  /** Drops what has not left yet and sends nothing more but, when `orderly`, an end. */
  abandon(orderly: boolean): void {
    this.#drop();
    if (orderly) {
      this.end();
    }
  }

  /** The connection is over: nothing arrives any more. */
  close(): void {
    this.#closed = true;
    this.#drop();
  }

  #drop(): void {
    this.#queue = [];
    this.#unsent = 0;
    this.#tellSent();
  }

  /** Nothing leaves or arrives while blocked; nothing is lost. */
  setBlocked(blocked: boolean): void {
    this.#blocked = blocked;
    if (!blocked) {
      this.deliver();
      this.#send();
    }
  }

  /** Hands what has arrived to the receiver, as long as it takes it. */
  deliver(): void {
    while (!this.#closed && !this.#blocked && this.#ends.ready()) {
      const item = this.#arrived.shift();
      if (item === undefined) {
        return;
      }
      if (item === 'end') {
        this.#ends.receiveEnd();
        return;
      }
      this.#window -= item.length;
      this.#ends.receive(item);
      item.fill(REUSED_BYTE);
      this.#send();
    }
  }

  #send(): void {
    if (this.#closed || this.#blocked) {
      return;
    }
    const hadUnsent = this.#unsent > 0;
    while (this.#unsent > 0 && WINDOW_BYTES - this.#window >= Math.min(this.#unsent, SENDABLE_BYTES)) {
      const limit = CHUNK_LIMITS[this.#random.integer(CHUNK_LIMITS.length)]!;
      const most = Math.min(limit, this.#unsent, WINDOW_BYTES - this.#window);
      // Large limits take all there is half of the time, or large transfers would come in crumbs only.
      const length = this.#random.integer(2) === 0 ? most : 1 + this.#random.integer(most);
      this.#window += length;
      this.#launch(this.#take(length));
    }
    if (this.#unsent > 0) {
      return;
    }
    if (this.#ending) {
      this.#ending = false;
      this.#launch('end');
    }
    if (hadUnsent) {
      this.#ends.allSent();
    }
  }

  #launch(item: Uint8Array | 'end'): void {
    this.#travelling.push(item);
    // Whichever latency is over first lets the first arrive: the order is kept.
    this.#ends.travel(() => {
      this.#arrived.push(this.#travelling.shift()!);
      this.deliver();
    });
  }

  #take(length: number): Uint8Array {
    const chunk = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      const first = this.#queue[0]!;
      const part = first.subarray(0, length - at);
      chunk.set(part, at);
      at += part.length;
      if (part.length === first.length) {
        this.#queue.shift();
      } else {
        this.#queue[0] = first.subarray(part.length);
      }
    }
    this.#unsent -= length;
    this.#tellSent();
    return chunk;
  }
}
