// The leader epochs of one log and the offset at which each began, in memory and as Kafka's `leader-epoch-checkpoint`.
//
//   0                     version
//   2                     number of entries
//   3 0                   epoch, start offset
//   7 1500
//
// Must stay true: epochs and start offsets both grow (a start offset may repeat only when an epoch wrote nothing, which is not kept).
export interface EpochEntry {
  readonly epoch: number;
  readonly startOffset: number;
}

export class LeaderEpochs {
  #entries: EpochEntry[];

  constructor(entries: readonly EpochEntry[] = []) {
    this.#entries = [...entries];
  }

  get entries(): readonly EpochEntry[] {
    return this.#entries;
  }

  get latest(): number | undefined {
    return this.#entries.at(-1)?.epoch;
  }

  /** A batch of `epoch` was appended at `offset`. True when that began an epoch. */
  assign(epoch: number, offset: number): boolean {
    const last = this.#entries.at(-1);
    if (epoch < 0 || (last !== undefined && last.epoch >= epoch)) return false;
    this.#entries.push({ epoch, startOffset: offset });
    return true;
  }

  /** The log ends at `offset` again: epochs that began there or later are forgotten. */
  truncateFromEnd(offset: number): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset < offset);
  }

  /** The log begins at `offset` now: the epoch at that offset begins there, those before are forgotten. */
  truncateFromStart(offset: number): void {
    const before = this.#entries.filter((entry) => entry.startOffset <= offset);
    const current = before.at(-1);
    if (current === undefined) return;
    this.#entries = [{ epoch: current.epoch, startOffset: offset }, ...this.#entries.slice(before.length)];
  }

  /** KIP-101: where `epoch`, or the largest known epoch below it, ends. `logEnd` ends the latest one. */
  endOffsetOf(epoch: number, logEnd: number): { epoch: number; endOffset: number } | undefined {
    const latest = this.latest;
    if (epoch < 0 || latest === undefined || epoch > latest) return undefined;
    if (epoch === latest) return { epoch, endOffset: logEnd };
    const higher = this.#entries.findIndex((entry) => entry.epoch > epoch);
    const endOffset = this.#entries[higher]!.startOffset;
    // Below the first known epoch: it ended where that one began.
    return { epoch: higher === 0 ? epoch : this.#entries[higher - 1]!.epoch, endOffset };
  }

  encode(): Uint8Array {
    const lines = this.#entries.map((entry) => `${entry.epoch} ${entry.startOffset}\n`);
    return Buffer.from(`0\n${lines.length}\n${lines.join('')}`);
  }
}
