// Reads and extends the `.txnindex` file of a segment, a block at a time: such a file has no bound, and nothing of it is kept in memory.
//
// Must stay true: an entry that cannot be right is told, never skipped: a record of an aborted transaction would be taken for committed.
import type { AbortedTransaction } from '../aborted-transaction.ts';
import type { Segment } from './segment.ts';
import { ABORTED_ENTRY_BYTES, decodeAborted, encodeAborted } from './transaction-index.ts';

/** Entries read at a time: 17 kB. */
const BLOCK_ENTRIES = 512;

/** Where a walk ended. */
export interface EndOfWalk {
  /** Entries before that. */
  readonly count: number;
  /** False: by something that is no entry. */
  readonly sound: boolean;
}

/** Visits the entries of markers from `fromOffset` on, until `visit` returns false. Resolves to how many entries lie before where it ended. */
export async function walkAborted(
  segment: Segment,
  fromOffset: number,
  visit: (entry: AbortedTransaction) => boolean | void,
): Promise<EndOfWalk> {
  const file = segment.aborted;
  const size = await file.size();
  const total = Math.floor(size / ABORTED_ENTRY_BYTES);
  let number = await firstBlockWith(segment, fromOffset, total);
  let previous = segment.baseOffset - 1;
  const block = new Uint8Array(Math.min(BLOCK_ENTRIES, total) * ABORTED_ENTRY_BYTES);
  while (number < total) {
    const bytes = block.subarray(0, Math.min(BLOCK_ENTRIES, total - number) * ABORTED_ENTRY_BYTES);
    if ((await file.read(bytes, number * ABORTED_ENTRY_BYTES)) < bytes.length)
      return { count: number, sound: false };
    for (let at = 0; at < bytes.length; at += ABORTED_ENTRY_BYTES, number += 1) {
      const entry = decodeAborted(bytes, at, previous + 1);
      if (entry === undefined) return { count: number, sound: false };
      previous = entry.lastOffset;
      if (entry.lastOffset >= fromOffset && visit(entry) === false) return { count: number, sound: true };
    }
  }
  return { count: total, sound: size === total * ABORTED_ENTRY_BYTES };
}

/** How many entries the file has, whole ones. */
export async function countAborted(segment: Segment): Promise<number> {
  return Math.floor((await segment.aborted.size()) / ABORTED_ENTRY_BYTES);
}

/** The number of the first entry of the last block that begins before `fromOffset`: a search by single entries, where there are many. */
async function firstBlockWith(segment: Segment, fromOffset: number, total: number): Promise<number> {
  let low = 0;
  let high = Math.ceil(total / BLOCK_ENTRIES);
  const bytes = new Uint8Array(ABORTED_ENTRY_BYTES);
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    await segment.aborted.read(bytes, middle * BLOCK_ENTRIES * ABORTED_ENTRY_BYTES);
    const entry = decodeAborted(bytes, 0, segment.baseOffset);
    if (entry !== undefined && entry.lastOffset < fromOffset) low = middle;
    else high = middle;
  }
  return low * BLOCK_ENTRIES;
}

/** Writes `entries` behind the first `count` of the file, which ends there then, durably. Makes the file if there is none. */
export async function writeAborted(
  segment: Segment,
  count: number,
  entries: readonly AbortedTransaction[],
): Promise<void> {
  const file = segment.aborted;
  if (segment.hasAborted !== true) await file.create();
  await file.truncate(count * ABORTED_ENTRY_BYTES);
  if (entries.length > 0) await file.write([encodeAborted(entries)], count * ABORTED_ENTRY_BYTES);
  await file.sync();
  segment.hasAborted = true;
}
