// Producer ids: unique for ever, given out from blocks that are reserved durably before the first id of them is used. An id that was reserved and not
// given when the broker stopped is never given.
import type { MetadataStore } from './metadata-store.ts';

/** Ids reserved at a time, as Kafka does. */
export const PRODUCER_ID_BLOCK = 1000;

export class ProducerIds {
  readonly #metadata: MetadataStore;
  #next = 0;
  #end = 0;
  #reserving: Promise<void> | undefined;

  constructor(metadata: MetadataStore) {
    this.#metadata = metadata;
  }

  /** An id that nobody had before; undefined when none is at hand, and more are being reserved then. */
  take(): number | undefined {
    if (this.#next < this.#end) return this.#next++;
    // Whoever waits for the reservation hears of its failure.
    this.reserve().catch(() => {});
    return undefined;
  }

  /**
   * Resolves when an id is at hand.
   * @throws MetadataError when no block could be reserved
   */
  reserve(): Promise<void> {
    if (this.#next < this.#end) return Promise.resolve();
    this.#reserving ??= this.#reserve().finally(() => {
      this.#reserving = undefined;
    });
    return this.#reserving;
  }

  async #reserve(): Promise<void> {
    const first = await this.#metadata.propose((image) => ({
      changes: [{ kind: 'producer-ids-allocated', next: image.nextProducerId + PRODUCER_ID_BLOCK }],
      answer: image.nextProducerId,
    }));
    this.#next = first;
    this.#end = first + PRODUCER_ID_BLOCK;
  }
}
