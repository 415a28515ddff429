// What a client is asked to push (KIP-714): all subscriptions that match it, as one.
//
//   subscription a: metrics org.apache.kafka.producer., every 60 s, match client_id=app-.*  \
//   subscription b: metrics *, every 30 s, match anyone                                      > app-1: *, every 30 s, id 0x1f...
//
// Must stay true: the id says what is asked of whom. A client that pushes under another id has been told something older.
import { crc32c } from '@moldau/protocol/crc32c.ts';

/** What a subscription can tell clients apart by. */
export const CLIENT_SELECTORS = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
] as const;
export type ClientSelector = (typeof CLIENT_SELECTORS)[number];

/** In a list of metrics: all that the client has. */
export const ALL_METRICS = '*';

/** Says whether a text is what is looked for, all of it. */
export interface TextPattern {
  matches(text: string): boolean;
}

/** One resource of type client-metrics. */
export interface ClientMetricsSubscription {
  /** Prefixes of names, or `*`. */
  readonly metrics: readonly string[];
  readonly intervalMs: number;
  /** What the client must be, in full; empty: any. */
  readonly match: ReadonlyMap<ClientSelector, TextPattern>;
}

/** Who a client is, as far as it has told; by selector. */
export type ClientIdentity = Readonly<Record<ClientSelector, string | undefined>>;

/** What is asked of one client. */
export interface ClientTask {
  readonly subscriptionId: number;
  /** Empty: nothing. */
  readonly metrics: readonly string[];
  readonly pushIntervalMs: number;
}

/** @param defaultIntervalMs how often a client asks again when no subscription matches it */
export function clientTask(
  client: ClientIdentity,
  subscriptions: Iterable<ClientMetricsSubscription>,
  defaultIntervalMs: number,
): ClientTask {
  const names = new Set<string>();
  let pushIntervalMs = defaultIntervalMs;
  for (const { metrics, intervalMs, match } of subscriptions) {
    if (!matches(client, match)) continue;
    for (const name of metrics) names.add(name);
    pushIntervalMs = Math.min(pushIntervalMs, intervalMs);
  }
  const metrics = names.has(ALL_METRICS) ? [ALL_METRICS] : [...names].sort();
  const asked = `${client.client_instance_id}/${pushIntervalMs}/${metrics.join(',')}`;
  // The protocol's field is a signed 32-bit number.
  return { subscriptionId: crc32c(Buffer.from(asked)) | 0, metrics, pushIntervalMs };
}

function matches(client: ClientIdentity, match: ReadonlyMap<ClientSelector, TextPattern>): boolean {
  for (const [selector, pattern] of match) {
    const value = client[selector];
    if (value === undefined || !pattern.matches(value)) return false;
  }
  return true;
}
