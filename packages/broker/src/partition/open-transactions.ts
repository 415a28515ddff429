// The transactions of one partition that are not decided yet, or whose decision is not durable yet: they hold the last stable offset back.
//
//            first offset                          marker                       marker durable
//   begin -----> open ---------------- end ------> ended ------- durable -----> forgotten
//                 ^                                  |
//                 +------------- discard ------------+     (the commit of the marker failed; a transaction whose first batch is
//                                                           discarded never was)
//
//   in order of first offsets:   [ended 10][open 14][ended 15][open 20]
//                                 ^ first unstable: read_committed stops here
//
// Every step costs the same however many producers there are: new transactions come last (offsets only grow), one in the middle that is forgotten stays
// as a mark until it is first or half are such marks.
//
// Must stay true: a transaction counts until its marker is durable; a failed commit leaves no trace.
import assert from 'node:assert';

interface Transaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** The offset of its marker. */
  endedAt: number | undefined;
  /** The marker is durable. */
  settled: boolean;
}

/** So many settled transactions behind an open one are swept out together at least. */
const SWEEP_AT_LEAST = 64;

export class OpenTransactions {
  /** By first offset; those before `#head` are gone. */
  #inOrder: Transaction[] = [];
  #head = 0;
  /** No transaction before this index is open. */
  #firstOpen = 0;
  #settled = 0;
  /** Ended, marker not durable yet: by marker. */
  #ended: Transaction[] = [];

  /** Where the first transaction began that is open, or ended by a marker that is not durable; undefined when all is decided. */
  get firstUnstableOffset(): number | undefined {
    return this.#inOrder[this.#head]?.firstOffset;
  }

  /** Where the first transaction began that has no marker yet; undefined when each has. */
  get firstOpenOffset(): number | undefined {
    let index = Math.max(this.#firstOpen, this.#head);
    while (this.#inOrder[index]?.endedAt !== undefined) index += 1;
    this.#firstOpen = index;
    return this.#inOrder[index]?.firstOffset;
  }

  /** Transactions in memory, those that are decided and not swept out yet among them. */
  get remembered(): number {
    return this.#inOrder.length;
  }

  /** A transaction began with the batch at `firstOffset`. */
  begin(producerId: number, firstOffset: number): void {
    const begun: Transaction = { producerId, firstOffset, endedAt: undefined, settled: false };
    const last = this.#inOrder.at(-1);
    if (last === undefined || last.firstOffset <= firstOffset) {
      this.#inOrder.push(begun);
      return;
    }
    // Only entries of a snapshot come in any order.
    this.#inOrder.splice(this.#indexOf(firstOffset), 0, begun);
    this.#firstOpen = 0;
  }

  /** The producer's transaction, begun at `firstOffset`, is ended by the marker at `markerOffset`. */
  end(producerId: number, firstOffset: number, markerOffset: number): void {
    let index = this.#indexOf(firstOffset);
    while (
      this.#inOrder[index]?.firstOffset === firstOffset &&
      this.#inOrder[index]?.producerId !== producerId
    )
      index += 1;
    const transaction = this.#inOrder[index];
    assert(transaction?.firstOffset === firstOffset, 'a marker ends a transaction that is open');
    transaction.endedAt = markerOffset;
    this.#ended.push(transaction);
  }

  /** All below `endOffset` is durable: what was ended there is decided. */
  durable(endOffset: number): void {
    let count = 0;
    for (const transaction of this.#ended) {
      if ((transaction.endedAt as number) >= endOffset) break;
      transaction.settled = true;
      count += 1;
    }
    if (count === 0) return;
    this.#ended.splice(0, count);
    this.#settled += count;
    while (this.#inOrder[this.#head]?.settled) {
      this.#head += 1;
      this.#settled -= 1;
    }
    this.#sweep();
  }

  /** Everything from `endOffset` on is gone: what began there never was, what was ended there is open again. */
  discard(endOffset: number): void {
    while (
      this.#inOrder.length > this.#head &&
      (this.#inOrder.at(-1) as Transaction).firstOffset >= endOffset
    )
      this.#inOrder.pop();
    this.#ended = this.#ended.filter((transaction) => {
      if ((transaction.endedAt as number) < endOffset) return true;
      transaction.endedAt = undefined;
      return false;
    });
    this.#firstOpen = 0;
  }

  clear(): void {
    this.#inOrder = [];
    this.#ended = [];
    this.#head = 0;
    this.#firstOpen = 0;
    this.#settled = 0;
  }

  /** The index of the first transaction that began at `firstOffset` or later. */
  #indexOf(firstOffset: number): number {
    let low = this.#head;
    let high = this.#inOrder.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#inOrder[middle] as Transaction).firstOffset < firstOffset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sweep(): void {
    const gone = this.#head + this.#settled;
    if (gone < SWEEP_AT_LEAST || gone * 2 < this.#inOrder.length) return;
    this.#inOrder = this.#inOrder.filter((transaction, index) => index >= this.#head && !transaction.settled);
    this.#head = 0;
    this.#firstOpen = 0;
    this.#settled = 0;
  }
}
