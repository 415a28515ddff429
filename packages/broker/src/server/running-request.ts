// One request while it is handled: what its handler is told about it, and what it has cost.
//
//   work:  [ header, body, handler up to its first wait ]   ...waits...   [ answer encoded ]
//          from `startWork` to `pauseWork`, and to `finishWork`: the time that the event loop gave to this client
//
// Nothing is measured while there are no quotas.
import type { Clock } from '@moldau/runtime';
import type { ClientConnection, RequestContext } from '../handlers/services.ts';
import type { BatchMemory } from '../log/batch-memory.ts';
import type { ClientQuotas } from '../security/quotas/client-quotas.ts';
import type { Peer } from './dispatch.ts';
import type { Received } from './request-pipeline.ts';

export class RunningRequest implements RequestContext {
  readonly apiVersion: number;
  readonly clientId: string;
  readonly memory: BatchMemory | undefined;
  readonly requestBytes: number;
  /** To be called when the answer has left. */
  readonly sent: (() => void)[] = [];
  /** How long the connection is to be held back, in ms. */
  throttleMs = 0;
  readonly #peer: Peer;
  readonly #clock: Clock;
  /** Undefined: there are none. */
  readonly #quotas: ClientQuotas | undefined;
  /** Since when it is worked on, and not counted yet; undefined while it waits. */
  #workingSinceMs: number | undefined;
  #uncountedMs = 0;
  #judged = false;

  /** @param quotas undefined when there are none */
  constructor(
    { frame, memory }: Received,
    peer: Peer,
    header: { readonly apiVersion: number; readonly clientId: string },
    clock: Clock,
    quotas: ClientQuotas | undefined,
  ) {
    this.apiVersion = header.apiVersion;
    this.clientId = header.clientId;
    this.memory = memory;
    this.requestBytes = frame.length;
    this.#peer = peer;
    this.#clock = clock;
    this.#quotas = quotas;
  }

  get principal(): string {
    return this.#peer.principal;
  }

  get connection(): ClientConnection {
    return this.#peer.connection;
  }

  get clientHost(): string {
    return this.#peer.clientHost;
  }

  onClosed(callback: () => void): () => void {
    return this.#peer.onClosed(callback);
  }

  onSent(callback: () => void): void {
    this.sent.push(callback);
  }

  throttle(ms: number): void {
    this.throttleMs = Math.max(this.throttleMs, ms);
  }

  throttleForWork(): number {
    if (this.#quotas === undefined || this.#judged) return 0;
    this.#judged = true;
    this.#count();
    const ms = this.#quotas.worked(this, this.#take(), this.#clock.monotonic());
    this.throttle(ms);
    return ms;
  }

  /** @param sinceMs the work began then; default: now */
  startWork(sinceMs?: number): void {
    if (this.#quotas !== undefined) this.#workingSinceMs = sinceMs ?? this.#clock.monotonic();
  }

  /** The handler has answered, or waits. */
  pauseWork(): void {
    this.#count();
    this.#workingSinceMs = undefined;
  }

  /** The answer is encoded: what that took counts for the client's next request. One that expects no answer is exempt, as in Kafka. */
  finishWork(): void {
    if (this.#quotas === undefined || !this.#judged) return;
    this.pauseWork();
    this.#quotas.workedUnthrottled(this, this.#take(), this.#clock.monotonic());
  }

  #count(): void {
    if (this.#workingSinceMs === undefined) return;
    const nowMs = this.#clock.monotonic();
    this.#uncountedMs += nowMs - this.#workingSinceMs;
    this.#workingSinceMs = nowMs;
  }

  #take(): number {
    const ms = this.#uncountedMs;
    this.#uncountedMs = 0;
    return ms;
  }
}
