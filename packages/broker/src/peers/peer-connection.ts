// One broker's connection to another: made when it is first needed, and again after it broke, with requests sent one behind the other and answers
// matched by correlation id.
//
//   idle --request--> connecting --> open --cut, time-out, close--> idle (requests that wait are rejected)
//                         | refused
//                         +--> idle, and for a while every request is rejected at once: the back-off, doubled with each failure in a row
//
// Must stay true:
//   - whoever asks gets an answer or a PeerError, once, and within `requestTimeoutMs` by the clock;
//   - nothing is sent again from here: whoever asks knows whether that is right.
import { Reader, responseHeaderVersion, type Codec } from '@moldau/protocol';
import { requestFrame } from '@moldau/protocol/request-frame.ts';
import type { Address, Clock, Connection, ConnectionHandler, Network, Random, Timer } from '@moldau/runtime';
import type { OwnConnections } from './own-connections.ts';
import { PeerError, type PeerErrorCode } from './peers.ts';

/** The largest answer in bytes that is taken. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** Requests that may wait for an answer at once; more are rejected as UNREACHABLE. */
const MAX_WAITING = 1_000;
const LENGTH_SIZE = 4;
const CORRELATION_ID_SIZE = 4;

export interface PeerConnectionOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly clientId: string;
  /** Told of the connection, so that the other broker knows whose it is. */
  readonly ownConnections: OwnConnections;
  /** Where the broker listens now; undefined when there is no such broker. */
  address(): Address | undefined;
  readonly requestTimeoutMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
}

interface Waiting {
  readonly timer: Timer;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: PeerError) => void;
}

export class PeerConnection {
  readonly #options: PeerConnectionOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** Frames to be sent once the connection is there. */
  #unsent: Uint8Array[] = [];
  #connection: Connection | undefined;
  #connecting = false;
  #nextCorrelationId = 1;
  #failures = 0;
  #notBeforeMs = -Infinity;
  #closed = false;

  constructor(options: PeerConnectionOptions) {
    this.#options = options;
  }

  /** @throws PeerError (rejects) */
  async request<Request, Response>(
    request: Codec<Request>,
    response: Codec<Response>,
    message: Request,
  ): Promise<Response> {
    const version = request.highestVersion;
    const bytes = await this.#exchange((correlationId) =>
      requestFrame(request, message, version, correlationId, this.#options.clientId),
    );
    try {
      const reader = new Reader(bytes);
      if (responseHeaderVersion(request.apiKey, version) >= 1) reader.unknownTags();
      return response.decode(reader, version);
    } catch (error) {
      throw new PeerError('UNREACHABLE', 'the answer cannot be read', { cause: error });
    }
  }

  close(): void {
    this.#closed = true;
    this.#end('CLOSED', 'this broker stops');
  }

  #exchange(frameOf: (correlationId: number) => Uint8Array): Promise<Uint8Array> {
    const { clock, requestTimeoutMs } = this.#options;
    if (this.#closed) return rejected('CLOSED', 'this broker stops');
    if (this.#options.address() === undefined) return rejected('UNKNOWN_BROKER', 'there is no such broker');
    if (clock.monotonic() < this.#notBeforeMs)
      return rejected('UNREACHABLE', 'it could not be reached a moment ago');
    if (this.#waiting.size >= MAX_WAITING)
      return rejected('UNREACHABLE', `${MAX_WAITING} requests wait for it already`);
    const correlationId = this.#nextCorrelationId++;
    const frame = frameOf(correlationId);
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(requestTimeoutMs, () => this.#timedOut(correlationId));
      this.#waiting.set(correlationId, { timer, resolve, reject });
      if (this.#connection !== undefined) this.#connection.write([frame]);
      else {
        this.#unsent.push(frame);
        this.#connect();
      }
    });
  }

  #connect(): void {
    const address = this.#options.address();
    if (this.#connecting || address === undefined) return;
    this.#connecting = true;
    const received = new AnswerReader((correlationId, answer) => this.#answered(correlationId, answer));
    let own: Connection | undefined;
    let over = false;
    const handler: ConnectionHandler = {
      data: (bytes) => {
        try {
          received.push(bytes);
        } catch (error) {
          own?.destroy(error as Error);
        }
      },
      drain: () => {},
      closed: (error) => {
        over = true;
        if (own !== undefined) this.#options.ownConnections.closed(own.local);
        if (own !== undefined && this.#connection === own) {
          this.#connection = undefined;
          this.#end('UNREACHABLE', error?.message ?? 'the connection ended');
        }
      },
    };
    const opened = (connection: Connection): ConnectionHandler => {
      own = connection;
      this.#options.ownConnections.opened(connection.local);
      return handler;
    };
    this.#options.network.connect(address, opened).then(
      (connection) => {
        this.#connecting = false;
        if (this.#closed || over || this.#waiting.size === 0) {
          connection.destroy();
          if (!this.#closed && over) this.#failed(new Error('the connection ended at once'));
          return;
        }
        this.#failures = 0;
        this.#connection = connection;
        connection.write(this.#unsent.splice(0));
      },
      (error: unknown) => {
        this.#connecting = false;
        if (!this.#closed) this.#failed(error as Error);
      },
    );
  }

  #failed(error: Error): void {
    const { clock, random, reconnectBackoffMs, reconnectBackoffMaxMs } = this.#options;
    const delayMs = Math.min(reconnectBackoffMaxMs, reconnectBackoffMs * 2 ** Math.min(this.#failures, 16));
    this.#failures++;
    this.#notBeforeMs = clock.monotonic() + Math.round(delayMs * (0.8 + random.integer(401) / 1_000));
    this.#end('UNREACHABLE', error.message);
  }

  #answered(correlationId: number, answer: Uint8Array): void {
    const waiting = this.#waiting.get(correlationId);
    if (waiting === undefined) return;
    this.#waiting.delete(correlationId);
    waiting.timer.cancel();
    waiting.resolve(answer);
  }

  /** An answer that does not come holds up all that follow: the connection is of no use any more. */
  #timedOut(correlationId: number): void {
    const waiting = this.#waiting.get(correlationId);
    if (waiting === undefined) return;
    this.#waiting.delete(correlationId);
    waiting.reject(new PeerError('TIMED_OUT', `no answer in ${this.#options.requestTimeoutMs} ms`));
    this.#end('UNREACHABLE', 'an earlier request was not answered in time');
  }

  /** Breaks the connection off and rejects whoever waits. */
  #end(code: PeerErrorCode, reason: string): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#unsent = [];
    connection?.destroy();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { timer, reject } of waiting) {
      timer.cancel();
      reject(new PeerError(code, reason));
    }
  }
}

const rejected = (code: PeerErrorCode, reason: string): Promise<never> =>
  Promise.reject(new PeerError(code, reason));

/** Cuts the stream into answers: a length, a correlation id, and what follows it. */
class AnswerReader {
  readonly #onAnswer: (correlationId: number, answer: Uint8Array) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(onAnswer: (correlationId: number, answer: Uint8Array) => void) {
    this.#onAnswer = onAnswer;
  }

  /** @throws Error when what comes is no answer */
  push(chunk: Uint8Array): void {
    // The chunk is reused by the network once this returns.
    this.#chunks.push(Buffer.from(chunk));
    this.#bytes += chunk.length;
    while (this.#bytes >= LENGTH_SIZE) {
      const length = this.#whole().readInt32BE(0);
      if (length < CORRELATION_ID_SIZE || length > MAX_ANSWER_BYTES)
        throw new Error(`an answer of ${length} bytes was announced, the limit is ${MAX_ANSWER_BYTES}`);
      if (this.#bytes < LENGTH_SIZE + length) return;
      const all = this.#whole();
      const end = LENGTH_SIZE + length;
      this.#chunks = [all.subarray(end)];
      this.#bytes -= end;
      this.#onAnswer(all.readInt32BE(LENGTH_SIZE), all.subarray(LENGTH_SIZE + CORRELATION_ID_SIZE, end));
    }
  }

  #whole(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }
}
