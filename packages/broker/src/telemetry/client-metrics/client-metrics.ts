// What clients have pushed of their metrics: the newest value of each, per client instance, for whoever shows them (a /metrics endpoint).
//
//   clientMetrics.read(now)  ->  client A: [producer.connection.creation.total 3, ...]    client B: [...]
//
// Sums that come as differences are added up, so that a reader sees totals. Must stay true: memory is bounded whatever clients push; the
// client that has been silent longest makes room first.
import type { MetricPoint } from './otlp-metrics.ts';
import type { ClientIdentity } from './subscription.ts';

export interface ClientMetricValue {
  readonly name: string;
  /** Sorted by name. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  /** `total`: only grows, until the client starts anew. */
  readonly kind: 'gauge' | 'total';
  readonly value: number;
}

export interface MetricsOfClient {
  readonly client: ClientIdentity;
  /** When it pushed last, in ms since 1970. */
  readonly pushedAtMs: number;
  readonly values: readonly ClientMetricValue[];
}

/** For readers. */
export interface ClientMetrics {
  /** Every client whose values are not out of date. @param nowMs since 1970 */
  read(nowMs: number): MetricsOfClient[];
  /** Values that found no room since the start. */
  readonly dropped: number;
}

export interface ClientMetricsLimits {
  /** Client instances whose values are kept. Default 10,000. */
  readonly maxClients?: number;
  /** Values of one client. Default 1,000: a Java client has some hundred. */
  readonly maxValuesOfClient?: number;
  /** Values of all clients. Default 50,000. */
  readonly maxValues?: number;
  /** Characters of a name with its attributes; longer ones are dropped. Default 512. */
  readonly maxNameLength?: number;
}

interface Kept {
  client: ClientIdentity;
  pushedAtMs: number;
  expiresAtMs: number;
  readonly values: Map<string, ClientMetricValue>;
}

export class RecentClientMetrics implements ClientMetrics {
  readonly #limits: Required<ClientMetricsLimits>;
  /** By client instance id; who pushed longest ago comes first. */
  readonly #clients = new Map<string, Kept>();
  #values = 0;
  #dropped = 0;

  constructor(limits: ClientMetricsLimits = {}) {
    this.#limits = {
      maxClients: 10_000,
      maxValuesOfClient: 1_000,
      maxValues: 50_000,
      maxNameLength: 512,
      ...limits,
    };
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** @param staleAfterMs how long the values count: a few intervals of the client */
  pushed(
    client: ClientIdentity,
    points: readonly MetricPoint[],
    { nowMs, staleAfterMs }: { readonly nowMs: number; readonly staleAfterMs: number },
  ): void {
    const id = client.client_instance_id ?? '';
    const before = this.#clients.get(id);
    const kept: Kept = before ?? { client, pushedAtMs: 0, expiresAtMs: 0, values: new Map() };
    kept.client = client;
    kept.pushedAtMs = nowMs;
    kept.expiresAtMs = nowMs + staleAfterMs;
    this.#clients.delete(id);
    this.#clients.set(id, kept);
    for (const point of points) this.#keep(kept, point);
    this.#makeRoom(nowMs, kept);
  }

  read(nowMs: number): MetricsOfClient[] {
    return [...this.#clients.values()]
      .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
      .map(({ client, pushedAtMs, values }) => ({ client, pushedAtMs, values: [...values.values()] }));
  }

  #keep(kept: Kept, { name, attributes, kind, value }: MetricPoint): void {
    const key = JSON.stringify([name, attributes]);
    const before = kept.values.get(key);
    const full = before === undefined && kept.values.size >= this.#limits.maxValuesOfClient;
    if (full || key.length > this.#limits.maxNameLength) {
      this.#dropped += 1;
      return;
    }
    if (before === undefined) this.#values += 1;
    kept.values.set(key, {
      name,
      attributes,
      kind: kind === 'gauge' ? 'gauge' : 'total',
      value: kind === 'delta' ? (before?.value ?? 0) + value : value,
    });
  }

  /** Those who have been silent longest go, while there are too many or they are out of date. */
  #makeRoom(nowMs: number, newest: Kept): void {
    const { maxClients, maxValues } = this.#limits;
    for (const [id, kept] of this.#clients) {
      const crowded = this.#clients.size > maxClients || this.#values > maxValues;
      if (kept === newest || (!crowded && kept.expiresAtMs > nowMs)) return;
      this.#clients.delete(id);
      this.#values -= kept.values.size;
    }
  }
}
