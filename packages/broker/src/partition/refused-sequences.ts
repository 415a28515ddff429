// Sequences of producers that a partition does not know, whose first batch was refused or lost (the disk was full, say): of an unknown producer any sequence
// would be taken, so that a later batch on its way could get in before the first is sent again, and the first never.
//
// Must stay true: memory is bounded; what is forgotten only makes the partition as lenient as it is with producers it has never heard of.

/** Of so many producers; the oldest are forgotten first. */
export const MAX_REFUSED_PRODUCERS = 1000;

interface RefusedSequence {
  readonly epoch: number;
  readonly sequence: number;
}

export class RefusedSequences {
  readonly #byProducer = new Map<number, RefusedSequence>();

  /** Of the newest epoch the smallest counts. */
  note(producerId: number, epoch: number, sequence: number): void {
    const known = this.#byProducer.get(producerId);
    if (known !== undefined && (known.epoch > epoch || (known.epoch === epoch && known.sequence <= sequence)))
      return;
    if (known === undefined && this.#byProducer.size >= MAX_REFUSED_PRODUCERS) {
      const [oldest] = this.#byProducer.keys();
      this.#byProducer.delete(oldest as number);
    }
    this.#byProducer.set(producerId, { epoch, sequence });
  }

  /** The smallest sequence that may come next; undefined: any. */
  lowest(producerId: number, epoch: number): number | undefined {
    const known = this.#byProducer.get(producerId);
    return known?.epoch === epoch ? known.sequence : undefined;
  }

  forget(producerId: number): void {
    if (this.#byProducer.size > 0) this.#byProducer.delete(producerId);
  }

  clear(): void {
    this.#byProducer.clear();
  }
}
