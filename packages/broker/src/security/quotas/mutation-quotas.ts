// How many partitions a client may create and delete (KIP-599): a bucket of permits for each who has a limit, one permit a partition.
//
//   strict      (versions of the requests that know THROTTLING_QUOTA_EXCEEDED): while permits are owed a change is refused
//   permissive  (older versions): every change is made, and the connection is held back until the debt is paid off
//
// Both let a change through whole as long as nothing is owed before it, however many partitions it has.
//
// One for the whole process: in Kafka too it is the controller that counts, whichever broker was asked.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { Clock } from '@moldau/runtime';
import type { MetadataImage } from '../../metadata/image.ts';
import { refusal, type Outcome } from '../../settings/outcome.ts';
import type { QuotaWindows } from './client-quotas.ts';
import { CONTROLLER_MUTATION_RATE } from './quota-keys.ts';
import { QuotaLimits, type QuotaClient } from './quota-limits.ts';
import { TokenBucket } from './token-bucket.ts';
import { TrackedClients } from './tracked-clients.ts';

export class MutationQuotas {
  readonly #image: () => MetadataImage;
  readonly #windows: QuotaWindows;
  readonly #clock: Clock;
  #quotas: MetadataImage['clientQuotas'] = new Map();
  #limits = new QuotaLimits(this.#quotas);
  readonly #buckets = new TrackedClients<TokenBucket>();

  /** @param windows `controller.quota.window.num`, `controller.quota.window.size.seconds`: so much time may be saved up */
  constructor(image: () => MetadataImage, windows: QuotaWindows, clock: Clock) {
    this.#image = image;
    this.#windows = windows;
    this.#clock = clock;
  }

  /** The quota for one request of the client; undefined: it has none. */
  for(client: QuotaClient, strict: boolean): MutationQuota | undefined {
    const { clientQuotas } = this.#image();
    if (clientQuotas !== this.#quotas) {
      this.#quotas = clientQuotas;
      this.#limits = new QuotaLimits(clientQuotas);
    }
    const found = this.#limits.find(CONTROLLER_MUTATION_RATE, client);
    if (found === undefined) return undefined;
    const burst = (found.limit * this.#windows.number * this.#windows.sizeMs) / 1000;
    const nowMs = this.#clock.monotonic();
    const bucket = this.#buckets.get(found.sharedBy, nowMs, () => new TokenBucket(burst, nowMs));
    return new MutationQuota(bucket, { rate: found.limit, burst, strict }, this.#clock);
  }
}

interface Terms {
  readonly rate: number;
  readonly burst: number;
  readonly strict: boolean;
}

/** The quota of one request on its way. */
export class MutationQuota {
  readonly #bucket: TokenBucket;
  readonly #terms: Terms;
  readonly #clock: Clock;
  #taken = 0;
  #exceeded = false;

  constructor(bucket: TokenBucket, terms: Terms, clock: Clock) {
    this.#bucket = bucket;
    this.#terms = terms;
    this.#clock = clock;
  }

  /** The request is decided (again): what an earlier decision took is given back. */
  begin(): void {
    if (this.#taken > 0) this.#take(-this.#taken);
    this.#taken = 0;
    this.#exceeded = false;
  }

  /** Takes permits for a change of so many partitions; why the change must not be made, undefined when it may. */
  take(partitions: number): Outcome | undefined {
    if (this.#terms.strict && this.#tokens() < 0) {
      this.#exceeded = true;
      return refusal(ErrorCode.THROTTLING_QUOTA_EXCEEDED, null);
    }
    this.#take(partitions);
    this.#taken += partitions;
    if (!this.#terms.strict && this.#tokens() < 0) this.#exceeded = true;
    return undefined;
  }

  /** How long the client is held back, in ms, from now. */
  get throttleMs(): number {
    return this.#exceeded ? Math.max(0, Math.round((-this.#tokens() / this.#terms.rate) * 1000)) : 0;
  }

  #tokens(): number {
    return this.#bucket.tokens(this.#terms.rate, this.#terms.burst, this.#clock.monotonic());
  }

  #take(permits: number): void {
    this.#bucket.take(permits, this.#terms.rate, this.#terms.burst, this.#clock.monotonic());
  }
}
