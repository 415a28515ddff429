// The smallest Kafka client there can be: one connection, requests by our own codecs, answers matched by correlation id. Its
// retries and repetitions are visible to the test that uses it, which is why no ready-made client serves here.
import { connect, type Socket } from 'node:net';
import { Reader, responseHeaderVersion, type Codec } from '@moldau/protocol';
import { requestFrame } from '@moldau/protocol/request-frame.ts';

interface Waiting {
  readonly resolve: (reader: Reader) => void;
  readonly reject: (error: Error) => void;
}

export class WireClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #received: Buffer = Buffer.alloc(0);
  #nextCorrelationId = 1;
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  static open(port: number): Promise<WireClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new WireClient(socket));
      });
    });
  }

  /** Sends a request and resolves to its answer; rejects when the connection breaks first. */
  async request<Request, Response>(
    request: Codec<Request>,
    response: Codec<Response>,
    message: Request,
    version = request.highestVersion,
  ): Promise<Response> {
    if (this.#failure !== undefined) throw this.#failure;
    const correlationId = this.#nextCorrelationId++;
    const frame = requestFrame(request, message, version, correlationId, 'crash-test');
    const answer = new Promise<Reader>((resolve, reject) =>
      this.#waiting.set(correlationId, { resolve, reject }),
    );
    this.#socket.write(frame);
    const reader = await answer;
    if (responseHeaderVersion(request.apiKey, version) >= 1) reader.unknownTags();
    return response.decode(reader, version);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) return;
      const correlationId = this.#received.readInt32BE(4);
      const waiting = this.#waiting.get(correlationId);
      this.#waiting.delete(correlationId);
      waiting?.resolve(new Reader(this.#received, 8, end));
      this.#received = this.#received.subarray(end);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
