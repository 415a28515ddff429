// A client of the raw protocol in the simulated world: messages in, messages out, by our own codecs. It repeats nothing, hides nothing and keeps
// no metadata, so that a test sees exactly what the broker does.
//
// Must stay true: answers are matched by correlation id AND have to come in the order of their requests, as Kafka promises; an
// answer has to be read to its last byte.
import assert from 'node:assert/strict';
import { Reader, responseHeaderVersion, type Codec } from '@moldau/protocol';
import { requestFrame } from '@moldau/protocol/request-frame.ts';
import type { Address, Connection, ConnectionHandler, Network } from '@moldau/runtime';

/** The connection ended before the answer came. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

interface Waiting {
  readonly correlationId: number;
  readonly resolve: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
}

export class SimulatedClient implements ConnectionHandler {
  readonly #waiting: Waiting[] = [];
  /** Resolves when the connection has ended, by whichever side. */
  readonly ended: Promise<void>;
  #connection!: Connection;
  #received: Buffer = Buffer.alloc(0);
  #nextCorrelationId = 1;
  #over = false;
  #onEnded!: () => void;

  private constructor() {
    this.ended = new Promise((resolve) => {
      this.#onEnded = resolve;
    });
  }

  /** Connects from the host that `network` speaks for. @throws Disconnected when the broker cannot be reached */
  static async connect(network: Network, address: Address): Promise<SimulatedClient> {
    const client = new SimulatedClient();
    try {
      client.#connection = await network.connect(address, (connection) => {
        client.#connection = connection;
        return client;
      });
    } catch (error) {
      throw new Disconnected((error as Error).message, { cause: error });
    }
    return client;
  }

  /** The connection has ended, by whichever side. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Sends a request at once and resolves to its answer; several may be under way.
   * @throws Disconnected when the connection ends first
   */
  async request<Request, Response>(
    request: Codec<Request>,
    response: Codec<Response>,
    message: Request,
    version: number = request.highestVersion,
  ): Promise<Response> {
    const correlationId = this.#nextCorrelationId++;
    const answer = this.#expect(correlationId);
    this.sendBytes(encodeRequest(request, message, version, correlationId));
    const bytes = await answer;
    const reader = new Reader(bytes);
    if (responseHeaderVersion(request.apiKey, version) >= 1) reader.unknownTags();
    const decoded = response.decode(reader, version);
    reader.expectEnd();
    return decoded;
  }

  /** Sends a request that is not answered (produce with acks=0). */
  send<Request>(request: Codec<Request>, message: Request, version: number = request.highestVersion): void {
    this.sendBytes(encodeRequest(request, message, version, this.#nextCorrelationId++));
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array): void {
    if (!this.#over) this.#connection.write([bytes]);
  }

  /** Sends a frame of these bytes; resolves to the body of the answer behind its correlation id, which is expected to be `correlationId`. */
  requestBytes(frame: Uint8Array, correlationId: number): Promise<Buffer> {
    const answer = this.#expect(correlationId);
    const length = Buffer.alloc(4);
    length.writeInt32BE(frame.length);
    this.sendBytes(Buffer.concat([length, frame]));
    return answer;
  }

  /** Takes no more answers from the wire until `resume`. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Breaks the connection off. */
  disconnect(): void {
    this.#connection.destroy();
  }

  data(bytes: Uint8Array): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const correlationId = this.#received.readInt32BE(4);
      const waiting = this.#waiting.shift();
      assert.equal(correlationId, waiting?.correlationId, 'answers come in the order of their requests');
      waiting?.resolve(this.#received.subarray(8, end));
      this.#received = this.#received.subarray(end);
    }
  }

  drain(): void {}

  closed(error: Error | undefined): void {
    this.#over = true;
    const reason = new Disconnected(error?.message ?? 'the connection ended', { cause: error });
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    this.#onEnded();
  }

  #expect(correlationId: number): Promise<Buffer> {
    if (this.#over) return Promise.reject(new Disconnected('the connection has ended'));
    return new Promise((resolve, reject) => this.#waiting.push({ correlationId, resolve, reject }));
  }
}

/** A request as it goes over the wire, its length included. */
export function encodeRequest<Request>(
  codec: Codec<Request>,
  message: Request,
  version: number,
  correlationId: number,
): Buffer {
  return Buffer.from(requestFrame(codec, message, version, correlationId, 'simulated'));
}
