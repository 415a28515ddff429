// The quotas that one broker enforces on its clients: what they produce, fetch and let it work, and how often they connect. Logic only; what
// a throttle time means for the connection is the server's.
//
//   metadata image -> QuotaLimits (worked out anew when quotas change)
//   request -> limit of its client -> SampledRate of all who share the limit -> throttle time in ms, 0: none
//
// Without quotas nothing is measured: whoever handles a request asks `active` first and is done.
//
// Must stay true: memory is bounded by TrackedClients; a change of a quota holds from the next request on, for rates measured before too.
import type { MetadataImage } from '../../metadata/image.ts';
import { CONSUMER_BYTE_RATE, PRODUCER_BYTE_RATE, REQUEST_PERCENTAGE } from './quota-keys.ts';
import { plainAddress, QuotaLimits, type FoundLimit, type QuotaClient } from './quota-limits.ts';
import { SampledRate } from './sampled-rate.ts';
import { TrackedClients } from './tracked-clients.ts';

/** Over how much time rates are taken (`quota.window.num`, `quota.window.size.seconds`). */
export interface QuotaWindows {
  readonly number: number;
  readonly sizeMs: number;
}

type Rates = TrackedClients<SampledRate>;

export class ClientQuotas {
  readonly #image: () => MetadataImage;
  readonly #windows: QuotaWindows;
  #quotas: MetadataImage['clientQuotas'] = new Map();
  #limits = new QuotaLimits(this.#quotas);
  readonly #produced: Rates = new TrackedClients();
  readonly #fetched: Rates = new TrackedClients();
  readonly #requestTime: Rates = new TrackedClients();
  readonly #connections: Rates = new TrackedClients();

  /** @param image the one of now */
  constructor(image: () => MetadataImage, windows: QuotaWindows) {
    this.#image = image;
    this.#windows = windows;
  }

  /** Whether there are any quotas. */
  get active(): boolean {
    const { clientQuotas } = this.#image();
    if (clientQuotas !== this.#quotas) this.#refresh(clientQuotas);
    return clientQuotas.size > 0;
  }

  /** Counts a produce request of so many bytes; how long its client has to be held back, in ms. */
  produced(client: QuotaClient, bytes: number, nowMs: number): number {
    const found = this.#limits.find(PRODUCER_BYTE_RATE, client);
    return found === undefined ? 0 : this.#record(this.#produced, found, bytes, nowMs);
  }

  /** The most bytes of one fetch that do not exceed the quota by themselves; Infinity without a quota. */
  fetchable(client: QuotaClient): number {
    const found = this.#limits.find(CONSUMER_BYTE_RATE, client);
    if (found === undefined) return Number.POSITIVE_INFINITY;
    return (found.limit * (this.#windows.number - 1) * this.#windows.sizeMs) / 1000;
  }

  /**
   * Counts an answer to a fetch; how long its client has to be held back first, in ms. A client that got nothing for a while gets its answer, however
   * large: a batch above `fetchable` would never be read otherwise. It pays for that with its next fetch.
   */
  fetched(client: QuotaClient, bytes: number, nowMs: number): number {
    const found = this.#limits.find(CONSUMER_BYTE_RATE, client);
    if (found === undefined) return 0;
    const quiet = this.#rate(this.#fetched, found.sharedBy, nowMs).rate(nowMs) === 0;
    const excessMs = this.#record(this.#fetched, found, bytes, nowMs);
    return quiet ? 0 : excessMs;
  }

  /** The answer that was counted has not been sent. */
  notFetched(client: QuotaClient, bytes: number, nowMs: number): void {
    const found = this.#limits.find(CONSUMER_BYTE_RATE, client);
    if (found !== undefined) this.#rate(this.#fetched, found.sharedBy, nowMs).record(-bytes, nowMs);
  }

  /** Counts time that the broker worked for the client; how long it has to be held back, in ms, at most one window. */
  worked(client: QuotaClient, workMs: number, nowMs: number): number {
    const found = this.#limits.find(REQUEST_PERCENTAGE, client);
    if (found === undefined) return 0;
    return Math.min(
      this.#windows.sizeMs,
      this.#record(this.#requestTime, found, percentOfSecond(workMs), nowMs),
    );
  }

  /** Counts time like `worked`, for a request that is not held back itself: the next one may be. */
  workedUnthrottled(client: QuotaClient, workMs: number, nowMs: number): void {
    const found = this.#limits.find(REQUEST_PERCENTAGE, client);
    if (found === undefined) return;
    this.#rate(this.#requestTime, found.sharedBy, nowMs).record(percentOfSecond(workMs), nowMs);
  }

  /** A connection from the address: 0: it may be served; else it is not counted and has to be closed after so many ms, at most one window. */
  connected(address: string, nowMs: number): number {
    const limit = this.#limits.connectionRate(address);
    if (limit === undefined) return 0;
    const rate = this.#rate(this.#connections, plainAddress(address), nowMs);
    rate.record(1, nowMs);
    const excessMs = rate.excessMs(limit, nowMs);
    if (excessMs > 0) rate.record(-1, nowMs);
    return Math.min(this.#windows.sizeMs, excessMs);
  }

  #record(rates: Rates, { limit, sharedBy }: FoundLimit, value: number, nowMs: number): number {
    const rate = this.#rate(rates, sharedBy, nowMs);
    rate.record(value, nowMs);
    return rate.excessMs(limit, nowMs);
  }

  #rate(rates: Rates, sharedBy: string, nowMs: number): SampledRate {
    return rates.get(sharedBy, nowMs, () => new SampledRate(this.#windows.number, this.#windows.sizeMs));
  }

  #refresh(quotas: MetadataImage['clientQuotas']): void {
    this.#quotas = quotas;
    this.#limits = new QuotaLimits(quotas);
    if (quotas.size > 0) return;
    for (const rates of [this.#produced, this.#fetched, this.#requestTime, this.#connections]) rates.clear();
  }
}

/** The rate of this, a second, is the percentage of the time. */
function percentOfSecond(ms: number): number {
  return ms / 10;
}
