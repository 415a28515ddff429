// Finds the transactions of one partition again while its batches pass by: which were aborted (the content of `.txnindex`), which are still open.
//
//   data of producer 7 ... data of producer 7 ... abort marker of 7     -> one entry
//   data of producer 8 ...                                              -> open
//
// Kafka keeps these entries in files of its own, and after a crash some of them are missing; and what a file says of transactions that began before the
// first batch that is left cannot be found again. So both are put together: what was found here counts, the file adds what it alone can know.
//
// Must stay true: entries are in the order of their markers.
import {
  batchBaseOffset,
  batchIsControl,
  batchIsTransactional,
  batchProducerId,
} from '@moldau/protocol/records/batch-header.ts';
import type { AbortedTransaction } from '../log/aborted-transaction.ts';
import { ABORTED_ENTRY_BYTES, decodeAborted } from '../log/local/transaction-index.ts';
import { loggedMarker } from '../log/logged-marker.ts';

export class TransactionScan {
  /** First offset by producer. */
  readonly #open = new Map<number, number>();
  #aborted: AbortedTransaction[] = [];

  /** Producers whose transactions have not ended. */
  get open(): ReadonlyMap<number, number> {
    return this.#open;
  }

  batch(bytes: Uint8Array, at: number): void {
    if (!batchIsTransactional(bytes, at)) return;
    const producerId = batchProducerId(bytes, at);
    const offset = batchBaseOffset(bytes, at);
    if (!batchIsControl(bytes, at)) {
      if (!this.#open.has(producerId)) this.#open.set(producerId, offset);
      return;
    }
    const marker = loggedMarker(bytes, at);
    const firstOffset = this.#open.get(producerId);
    if (marker === undefined) return;
    this.#open.delete(producerId);
    if (marker.committed || firstOffset === undefined) return;
    let lastStableOffset = offset + 1;
    for (const other of this.#open.values()) lastStableOffset = Math.min(lastStableOffset, other);
    this.#aborted.push({ producerId, firstOffset, lastOffset: offset, lastStableOffset });
  }

  /** The aborted transactions since the last call, and with them those of `stored` that are not among them and end before `endOffset`. */
  take(stored: readonly AbortedTransaction[], endOffset: number): AbortedTransaction[] {
    const byMarker = new Map(stored.map((entry) => [entry.lastOffset, entry]));
    for (const entry of this.#aborted) {
      const known = byMarker.get(entry.lastOffset);
      // The file knows of a beginning that is gone from the log.
      const firstOffset = Math.min(entry.firstOffset, known?.firstOffset ?? Infinity);
      byMarker.set(entry.lastOffset, { ...entry, firstOffset });
    }
    this.#aborted = [];
    return [...byMarker.values()]
      .filter((entry) => entry.lastOffset < endOffset)
      .sort((a, b) => a.lastOffset - b.lastOffset);
  }
}

/** The entries of a `.txnindex` file, as far as they can be right. */
export function decodeTransactionIndex(content: Uint8Array, baseOffset: number): AbortedTransaction[] {
  const entries: AbortedTransaction[] = [];
  for (let at = 0; at + ABORTED_ENTRY_BYTES <= content.length; at += ABORTED_ENTRY_BYTES) {
    const entry = decodeAborted(content, at, (entries.at(-1)?.lastOffset ?? baseOffset - 1) + 1);
    if (entry === undefined) break;
    entries.push(entry);
  }
  return entries;
}
