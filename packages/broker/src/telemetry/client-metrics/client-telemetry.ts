// Client telemetry (KIP-714): gives clients ids, tells them what to push, takes what they push. One for all brokers of the process, so a
// client may push to any of them.
//
//   GetTelemetrySubscriptions -> ask:   ClientInstance (may it?) + clientTask (what?)
//   PushTelemetry             -> push:  ClientInstance (may it?) -> decompress -> decodeMetrics -> RecentClientMetrics
//
// Must stay true: instances are bounded in number, those asked for longest ago go first; what a client pushes can make nothing but its own
// request fail.
import { CODEC_NAMES, codecName, CompressionError } from '@moldau/protocol/compression/codec.ts';
import { decompress, decompressAsync } from '@moldau/protocol/compression/compression.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { Clock } from '@moldau/runtime';
import type { Logger } from '../logger.ts';
import { ClientInstance } from './client-instance.ts';
import { RecentClientMetrics } from './client-metrics.ts';
import { decodeMetrics, type DecodedMetrics } from './otlp-metrics.ts';
import { ProtobufError } from './protobuf-reader.ts';
import {
  clientTask,
  type ClientIdentity,
  type ClientMetricsSubscription,
  type ClientTask,
} from './subscription.ts';

/** Client instances that are remembered between their requests. */
export const MAX_CLIENT_INSTANCES = 16_384;
/** The most that one push may be when decompressed, in bytes. */
export const MAX_DECOMPRESSED_PUSH_BYTES = 16 * 1024 * 1024;
/** Up to here, before and after, a push is decompressed at once: the way to another thread and back would take longer. */
const AT_ONCE_BYTES = 256 * 1024;
/** Data points read of one push. */
export const MAX_POINTS_OF_PUSH = 10_000;
/** Values count for as many intervals after the last push. */
const STALE_AFTER_INTERVALS = 3;

/** As in GetTelemetrySubscriptions: best first, as Kafka sorts them; `none` is always taken and not listed. */
export const ACCEPTED_COMPRESSION_TYPES: readonly number[] = ['zstd', 'lz4', 'gzip', 'snappy'].map((name) =>
  (CODEC_NAMES as readonly string[]).indexOf(name),
);

export interface ClientTelemetryOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The subscriptions of now: the same list as long as none has changed. */
  readonly subscriptions: () => readonly ClientMetricsSubscription[];
  /** How often a client asks again when no subscription matches it. */
  readonly defaultIntervalMs: number;
  readonly metrics?: RecentClientMetrics;
}

export interface PushedMetrics {
  readonly subscriptionId: number;
  readonly terminating: boolean;
  readonly compressionType: number;
  readonly metrics: Uint8Array;
}

/** An instance, and for which subscriptions its task was worked out. */
interface Known {
  readonly instance: ClientInstance;
  readonly subscriptions: readonly ClientMetricsSubscription[];
}

export class ClientTelemetry {
  readonly #options: ClientTelemetryOptions;
  /** By client instance id, least recently used first. */
  readonly #known = new Map<string, Known>();
  /** By connection, the client instance that it was used for last. */
  readonly #spokeFor = new WeakMap<object, string>();
  /** What has been pushed. */
  readonly metrics: RecentClientMetrics;

  constructor(options: ClientTelemetryOptions) {
    this.#options = options;
    this.metrics = options.metrics ?? new RecentClientMetrics();
  }

  /** What the client is to push, or why it is not told now. */
  ask(client: ClientIdentity): ClientTask | ErrorCode {
    const instance = this.#instance(client);
    const error = instance.ask(this.#options.clock.monotonic());
    return error === ErrorCode.NONE ? instance.task : error;
  }

  /** Takes what the client pushes. @param maxBytes `telemetry.max.bytes` */
  async push(client: ClientIdentity, pushed: PushedMetrics, maxBytes: number): Promise<ErrorCode> {
    const { clock, logger } = this.#options;
    const instance = this.#instance(client);
    const { metrics, compressionType } = pushed;
    const error = instance.push({ ...pushed, bytes: metrics.length }, clock.monotonic(), {
      maxBytes,
      supportsCompression: (type) => codecName(type) !== undefined,
    });
    if (error !== ErrorCode.NONE || metrics.length === 0) return error;
    const decoded = await decode(metrics, compressionType);
    if (decoded instanceof Error) {
      logger.debug({ client, err: decoded }, 'client metrics could not be read');
      return ErrorCode.INVALID_RECORD;
    }
    logger.debug({ client, values: decoded.points.length, skipped: decoded.skipped }, 'client metrics');
    this.metrics.pushed(client, decoded.points, {
      nowMs: clock.now(),
      staleAfterMs: STALE_AFTER_INTERVALS * instance.task.pushIntervalMs,
    });
    return ErrorCode.NONE;
  }

  /**
   * The client speaks over this connection: when it is over, the instance that it spoke for last is forgotten, and may ask anew at once. What
   * it pushed stays until it is out of date.
   */
  follow(connection: object, client: ClientIdentity, onClosed: (callback: () => void) => void): void {
    const followed = this.#spokeFor.has(connection);
    this.#spokeFor.set(connection, client.client_instance_id ?? '');
    if (followed) return;
    onClosed(() => this.#known.delete(this.#spokeFor.get(connection) ?? ''));
  }

  /** The instance of the client; a new one, to which nothing was told, when it is not known or the subscriptions have changed. */
  #instance(client: ClientIdentity): ClientInstance {
    const id = client.client_instance_id ?? '';
    const subscriptions = this.#options.subscriptions();
    const before = this.#known.get(id);
    const known =
      before?.subscriptions === subscriptions
        ? before
        : {
            instance: new ClientInstance(clientTask(client, subscriptions, this.#options.defaultIntervalMs)),
            subscriptions,
          };
    this.#known.delete(id);
    this.#known.set(id, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_CLIENT_INSTANCES && oldest !== undefined) this.#known.delete(oldest);
    return known.instance;
  }
}

async function decode(metrics: Uint8Array, compressionType: number): Promise<DecodedMetrics | Error> {
  try {
    const plain =
      decompressAtOnce(compressionType, metrics) ??
      (await decompressAsync(compressionType, metrics, MAX_DECOMPRESSED_PUSH_BYTES));
    return decodeMetrics(plain, MAX_POINTS_OF_PUSH);
  } catch (error) {
    if (error instanceof CompressionError || error instanceof ProtobufError) return error;
    throw error;
  }
}

/** Undefined when that is too much work for the event loop. @throws CompressionError */
function decompressAtOnce(compressionType: number, metrics: Uint8Array): Uint8Array | undefined {
  if (metrics.length > AT_ONCE_BYTES) return undefined;
  try {
    return decompress(compressionType, metrics, AT_ONCE_BYTES);
  } catch (error) {
    if (error instanceof CompressionError && error.code === 'TOO_LARGE') return undefined;
    throw error;
  }
}
