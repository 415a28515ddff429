// Which transaction a batch belongs to while a log is read in order: one that was aborted, or not; and whether a marker still has data before it.
//
//   aborted transactions (by first offset)    ....[first ......... marker]....
//   batches in order                           begin to count at `first`, end at the marker
//
// A transaction seen here stays "open" until its marker. The marker may go only when no batch of the transaction was met on the way: then an
// earlier compaction has removed them all.
//
// Must stay true: batches and markers are handed in by offset, each once; aborted transactions before any batch that lies behind their first offset.
import {
  batchIsTransactional,
  batchLastOffset,
  batchProducerId,
  batchRecordCount,
} from '@moldau/protocol/records/batch-header.ts';
import { readEndTransactionMarker } from '@moldau/protocol/records/control-record.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';

import type { AbortedTransaction } from '../../aborted-transaction.ts';

interface OpenAborted {
  readonly transaction: AbortedTransaction;
  /** A batch of it was met. */
  met: boolean;
}

export class TransactionFates {
  /** By first offset, those not begun yet. */
  readonly #ahead: AbortedTransaction[];
  #nextAhead = 0;
  readonly #openAborted = new Map<number, OpenAborted>();
  readonly #openCommitted = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#ahead = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Takes a batch with data; true when its transaction was aborted: nobody may read its records. */
  onData(bytes: Uint8Array, at: number): boolean {
    this.#beginUpTo(batchLastOffset(bytes, at));
    if (!batchIsTransactional(bytes, at)) return false;
    const producerId = batchProducerId(bytes, at);
    const aborted = this.#openAborted.get(producerId);
    if (aborted === undefined) {
      this.#openCommitted.add(producerId);
      return false;
    }
    aborted.met = true;
    return true;
  }

  /**
   * Takes a control batch. `removable`: nothing of its transaction is left before it. `aborted`: the transaction that it ends and that readers
   * must go on being told of.
   */
  onControl(
    bytes: Uint8Array,
    at: number,
  ): { readonly removable: boolean; readonly aborted: AbortedTransaction | undefined } {
    this.#beginUpTo(batchLastOffset(bytes, at));
    // Emptied by an earlier compaction.
    if (batchRecordCount(bytes, at) === 0) return { removable: true, aborted: undefined };
    const cursor = openBatch(bytes, at);
    const marker = cursor.next() ? readEndTransactionMarker(cursor.key, cursor.value) : undefined;
    const producerId = batchProducerId(bytes, at);
    if (marker?.type === 'abort') {
      const open = this.#openAborted.get(producerId);
      this.#openAborted.delete(producerId);
      return open?.met === true
        ? { removable: false, aborted: open.transaction }
        : { removable: true, aborted: undefined };
    }
    if (marker?.type === 'commit')
      return { removable: !this.#openCommitted.delete(producerId), aborted: undefined };
    return { removable: false, aborted: undefined };
  }

  #beginUpTo(offset: number): void {
    for (; this.#nextAhead < this.#ahead.length; this.#nextAhead++) {
      const transaction = this.#ahead[this.#nextAhead]!;
      if (transaction.firstOffset > offset) return;
      const open = this.#openAborted.get(transaction.producerId);
      if (open === undefined || open.transaction.lastOffset < transaction.firstOffset)
        this.#openAborted.set(transaction.producerId, { transaction, met: false });
    }
  }
}
