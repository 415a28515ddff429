// One listener and its connections: takes bytes in, runs each connection's requests through its pipeline, sends answers, and keeps the limits.
//
//   bytes -> FrameReader -> RequestPipeline -> Dispatcher -> handler
//   answer <- in order    <------------------------------------+
//
// Back-pressure: reading stops while the peer does not take its answers, while too many of its requests wait, while requests of
// all connections hold too many bytes, while the log cannot keep up, and while a quota says so (muted: answers leave, nothing is read or started).
//
// Must stay true: a connection that ends gives back all it held; no peer can make the broker hold more than the limits name.
import type {
  Address,
  Clock,
  Connection,
  ConnectionHandler,
  Listener,
  Network,
  Timer,
} from '@moldau/runtime';
import type { OwnConnections } from '../peers/own-connections.ts';
import { BROKER_PRINCIPAL } from '../security/acls/access.ts';
import type { ClientQuotas } from '../security/quotas/client-quotas.ts';
import type { BrokerSettings } from '../settings/broker-settings.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { LogStore } from '../log/partition-log.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { BadRequest, type Dispatcher, type Peer } from './dispatch.ts';
import type { ReusedMemory } from '../log/reused-memory.ts';
import { FrameReader } from './frame-reader.ts';
import { RequestPipeline, isProduce, type Answered } from './request-pipeline.ts';
import { ThrottledConnection } from './throttled-connection.ts';
import type { ClientConnection } from '../handlers/services.ts';
import type { BatchMemory } from '../log/batch-memory.ts';

/** Answers that a peer has not taken yet, in bytes, before its next request has to wait. */
export const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
/** Requests of one connection that may wait for those before them. */
export const MAX_WAITING_REQUESTS = 100;
/** Kafka's name for who has not authenticated. */
const ANONYMOUS = 'ANONYMOUS';
/** How often idle connections are looked for, in ms. */
const IDLE_CHECK_MS = 10_000;

export interface ConnectionServerOptions {
  readonly network: Network;
  /** Connections that come from brokers of this process. */
  readonly ownConnections: OwnConnections;
  readonly clock: Clock;
  /** As they are now. */
  readonly settings: () => BrokerSettings;
  readonly dispatcher: Dispatcher;
  readonly quotas: ClientQuotas;
  readonly budget: ByteBudget;
  readonly memory: ReusedMemory;
  /** Whose pressure holds producers back. */
  readonly logs: Pick<LogStore, 'pressure' | 'onPressure'>;
  readonly logger: Logger;
}

export class ConnectionServer {
  readonly #options: ConnectionServerOptions;
  readonly #limits: ConnectionLimits;
  readonly #sessions = new Set<Session>();
  readonly #throttled = new Set<ThrottledConnection>();
  #listener: Listener | undefined;
  #open = false;
  #forgetPressure: () => void = () => {};
  #idleTimer: Timer | undefined;

  constructor(options: ConnectionServerOptions) {
    this.#options = options;
    this.#limits = new ConnectionLimits(() => {
      const { maxConnections, maxConnectionsPerIp } = options.settings();
      return { max: maxConnections, maxPerAddress: maxConnectionsPerIp };
    });
  }

  get connections(): number {
    return this.#sessions.size;
  }

  async listen(address: Address): Promise<Address> {
    this.#listener = await this.#options.network.listen(address, (connection) => this.#accept(connection));
    this.#watchIdle();
    this.#forgetPressure = this.#options.logs.onPressure(() => {
      for (const session of this.#sessions) session.regulate();
    });
    return this.#listener.address;
  }

  /** From now on connections are served; before, they are refused: a port that is bound does not mean that the broker has recovered. */
  open(): void {
    this.#open = true;
  }

  /** Stops accepting; connections go on. */
  async stopListening(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  /** Ends every connection, after what is answered has been sent. */
  close(): void {
    this.#idleTimer?.cancel();
    this.#forgetPressure();
    for (const session of this.#sessions) session.end();
    for (const throttled of this.#throttled) throttled.end();
  }

  #accept(connection: Connection): ConnectionHandler | undefined {
    if (!this.#open) return undefined;
    const refusal = this.#limits.refusal(connection.remote.host);
    if (refusal !== undefined) {
      this.#options.logger.warn(
        { remote: connection.remote, limit: refusal },
        'a connection was refused: too many',
      );
      return undefined;
    }
    this.#limits.opened(connection.remote.host);
    const { clock, quotas } = this.#options;
    const delayMs = quotas.active ? quotas.connected(connection.remote.host, clock.monotonic()) : 0;
    if (delayMs > 0) return this.#throttle(connection, delayMs);
    const session: Session = new Session(connection, this.#options, () => {
      this.#sessions.delete(session);
      this.#limits.closed(connection.remote.host);
    });
    this.#sessions.add(session);
    return session;
  }

  #throttle(connection: Connection, delayMs: number): ConnectionHandler {
    const { clock, logger } = this.#options;
    logger.debug(
      { remote: connection.remote, delayMs },
      'a connection was throttled (connection_creation_rate)',
    );
    const throttled: ThrottledConnection = new ThrottledConnection(connection, clock, delayMs, () => {
      this.#throttled.delete(throttled);
      this.#limits.closed(connection.remote.host);
    });
    this.#throttled.add(throttled);
    return throttled;
  }

  #watchIdle(): void {
    const { clock, logger } = this.#options;
    this.#idleTimer = clock.setTimer(IDLE_CHECK_MS, () => {
      const { connectionsMaxIdleMs } = this.#options.settings();
      const oldest = clock.monotonic() - connectionsMaxIdleMs;
      for (const session of this.#sessions) {
        if (connectionsMaxIdleMs < 0 || session.busy || session.lastActiveMs >= oldest) continue;
        logger.debug({ remote: session.remote }, 'an idle connection was closed (connections.max.idle.ms)');
        session.end();
      }
      this.#watchIdle();
    });
  }
}

class Session implements ConnectionHandler, Peer {
  readonly #connection: Connection;
  readonly #options: ConnectionServerOptions;
  readonly #frames: FrameReader;
  readonly #pipeline: RequestPipeline;
  readonly #onClosed = new Set<() => void>();
  readonly #release: () => void;
  readonly #resume = (): void => this.regulate();
  #accountedPartial = 0;
  #paused = false;
  /** Runs while nothing is taken from the peer, as its quota was exceeded. */
  #muted: Timer | undefined;
  #mutedUntilMs = 0;
  /** It has sent produce requests: while the log cannot keep up, nothing more is read from it. */
  #produces = false;
  #closed = false;
  lastActiveMs: number;
  readonly clientHost: string;
  readonly connection: ClientConnection;
  #principal: string | undefined;

  constructor(connection: Connection, options: ConnectionServerOptions, release: () => void) {
    this.#connection = connection;
    this.#options = options;
    this.#release = release;
    this.clientHost = `/${connection.remote.host}`;
    this.connection = { port: connection.remote.port, software: undefined };
    this.lastActiveMs = options.clock.monotonic();
    this.#frames = new FrameReader(
      { maxFrameBytes: options.settings().socketRequestMaxBytes },
      options.memory,
      (frame, memory) => this.#received(frame, memory),
    );
    this.#pipeline = new RequestPipeline({
      start: (received, answer) =>
        options.dispatcher.dispatch(received, this, answer, (error) => this.#fail(error)),
      send: (answered) => this.#send(answered),
      finished: (bytes) => {
        options.budget.give(bytes);
        this.regulate();
      },
    });
  }

  /** Asked for with the first request: by then a broker that has connected to this one knows its own end. */
  get principal(): string {
    this.#principal ??= this.#options.ownConnections.has(this.remote) ? BROKER_PRINCIPAL : ANONYMOUS;
    return this.#principal;
  }

  get remote(): Address {
    return this.#connection.remote;
  }

  get busy(): boolean {
    return this.#pipeline.depth > 0 || this.#muted !== undefined;
  }

  mute(ms: number): void {
    const { clock } = this.#options;
    const untilMs = clock.monotonic() + ms;
    if (this.#closed || (this.#muted !== undefined && untilMs <= this.#mutedUntilMs)) return;
    this.#muted?.cancel();
    this.#mutedUntilMs = untilMs;
    this.#muted = clock.setTimer(ms, () => {
      this.#muted = undefined;
      // The time that it was held back is not its own idleness.
      this.lastActiveMs = clock.monotonic();
      this.regulate();
    });
    this.regulate();
  }

  onClosed(callback: () => void): () => void {
    this.#onClosed.add(callback);
    return () => this.#onClosed.delete(callback);
  }

  end(): void {
    this.#connection.end();
  }

  data(bytes: Uint8Array): void {
    if (this.#closed) return;
    this.lastActiveMs = this.#options.clock.monotonic();
    try {
      this.#frames.push(bytes);
    } catch (error) {
      this.#fail(new BadRequest((error as Error).message, { cause: error }));
      return;
    }
    this.#accountPartial(this.#frames.partialBytes);
    this.regulate();
  }

  drain(): void {
    this.regulate();
  }

  closed(error: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    if (error !== undefined)
      this.#options.logger.debug({ remote: this.remote, err: error }, 'a connection broke');
    this.#accountPartial(0);
    this.#options.budget.forget(this.#resume);
    this.#muted?.cancel();
    this.#pipeline.close();
    for (const callback of this.#onClosed) callback();
    this.#onClosed.clear();
    this.#release();
  }

  #received(frame: Buffer, memory: BatchMemory | undefined): void {
    this.#accountPartial(0);
    this.#options.budget.take(frame.length);
    this.#produces ||= isProduce(frame);
    this.#pipeline.receive({ frame, memory });
  }

  /** The budget holds the bytes of a frame that is not complete, as many as have come. */
  #accountPartial(bytes: number): void {
    this.#options.budget.take(bytes - this.#accountedPartial);
    this.#accountedPartial = bytes;
  }

  #send({ chunks, sent }: Answered): void {
    if (this.#closed) {
      sent?.();
      return;
    }
    this.lastActiveMs = this.#options.clock.monotonic();
    this.#connection.write(chunks, sent);
  }

  /** Reads on, or not, by what is held now. */
  regulate(): void {
    if (this.#closed) return;
    const { budget } = this.#options;
    const unsent = this.#connection.unsent > MAX_UNSENT_BYTES;
    const muted = this.#muted !== undefined;
    this.#pipeline.hold(unsent || muted);
    const starved = budget.exhausted && this.#frames.partialBytes === 0;
    const flooded = this.#produces && this.#options.logs.pressure;
    const stop = unsent || muted || this.#pipeline.depth > MAX_WAITING_REQUESTS || starved || flooded;
    if (starved) budget.wait(this.#resume);
    if (stop === this.#paused) return;
    this.#paused = stop;
    if (stop) this.#connection.pause();
    else this.#connection.resume();
  }

  #fail(error: Error): void {
    const { logger } = this.#options;
    if (this.#closed) return;
    if (error instanceof BadRequest)
      logger.warn(
        { remote: this.remote, reason: error.message },
        'a connection was closed: it sent a request that cannot be answered',
      );
    else
      logger.error(
        { remote: this.remote, err: error },
        'a connection was closed: its request met a defect of the broker',
      );
    this.#connection.destroy();
    this.closed(undefined);
  }
}
