// A connection that sends whatever bytes it is given, for better or worse, and gives back what comes as frames.
import { connect, type Socket } from 'node:net';

/** How long a single wait may take before the broker counts as hanging, in ms. */
export const HANG_MS = 10_000;

/** Larger than any answer to what the attacks ask. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export class Wire implements Disposable {
  readonly #socket: Socket;
  readonly #frames: Buffer[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#arrived(bytes as Buffer));
    socket.on('error', () => {}); // resets are expected; 'close' follows
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** Resolves to undefined when the broker refuses the connection (a limit), which is an answer too. */
  static open(host: string, port: number): Promise<Wire | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host, port, noDelay: true });
      const wire = new Wire(socket);
      socket.once('connect', () => resolve(wire));
      socket.once('close', () => resolve(undefined));
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Hands the bytes to the operating system; resolves too when the connection ends first (the callback comes with an error). */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended || this.#socket.destroyed) return resolve();
      this.#socket.write(bytes, () => resolve());
    });
  }

  /** The next whole frame without its length; undefined when the connection ends, or when `withinMs` pass first. */
  async frame(withinMs = HANG_MS): Promise<Buffer | undefined> {
    const end = performance.now() + withinMs;
    while (this.#frames.length === 0 && !this.#ended && performance.now() < end) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(1, end - performance.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#frames.shift();
  }

  /** Resolves when the broker has closed the connection, true; false when it has not within the time. */
  async closed(withinMs = HANG_MS): Promise<boolean> {
    while (!this.#ended) {
      const frame = await this.frame(withinMs);
      if (frame === undefined) break;
    }
    return this.#ended;
  }

  /** Stops reading: what the broker answers stays in the kernel's buffers, then in the broker's. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Ends without the closing handshake: the broker gets a reset. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #arrived(bytes: Buffer): void {
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length >= 4) {
      const length = this.#unread.readUInt32BE(0);
      if (length > MAX_ANSWER_BYTES) {
        this.#socket.destroy();
        return;
      }
      if (this.#unread.length < 4 + length) break;
      this.#frames.push(this.#unread.subarray(4, 4 + length));
      this.#unread = this.#unread.subarray(4 + length);
    }
    this.#wake?.();
  }
}

/** A frame: the length, then the bytes. */
export function framed(body: Uint8Array, length: number = body.length): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(length | 0);
  return Buffer.concat([head, body]);
}
