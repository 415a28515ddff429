// The index of aborted transactions of one segment, in Kafka's `.txnindex` format: an entry for each abort marker in the segment, in their order.
//
//   int16  version = 0
//   int64  producer id
//   int64  first offset of the transaction
//   int64  last offset: that of the marker
//   int64  last stable offset just after the marker
//
// A segment in which nothing was aborted has no file.
//
// Must stay true: last offsets grow from entry to entry.
import type { AbortedTransaction } from '../aborted-transaction.ts';

export const ABORTED_ENTRY_BYTES = 34;
const VERSION = 0;

export function encodeAborted(entries: readonly AbortedTransaction[]): Uint8Array {
  const bytes = Buffer.alloc(entries.length * ABORTED_ENTRY_BYTES);
  let at = 0;
  for (const entry of entries) {
    at = bytes.writeInt16BE(VERSION, at);
    at = bytes.writeBigInt64BE(BigInt(entry.producerId), at);
    at = bytes.writeBigInt64BE(BigInt(entry.firstOffset), at);
    at = bytes.writeBigInt64BE(BigInt(entry.lastOffset), at);
    at = bytes.writeBigInt64BE(BigInt(entry.lastStableOffset), at);
  }
  return bytes;
}

/** The entry at `at`; undefined when what is there cannot be one of a marker at `fromOffset` or behind. */
export function decodeAborted(
  bytes: Uint8Array,
  at: number,
  fromOffset: number,
): AbortedTransaction | undefined {
  if (at + ABORTED_ENTRY_BYTES > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, ABORTED_ENTRY_BYTES);
  if (view.getInt16(0) !== VERSION) return undefined;
  const entry = {
    producerId: Number(view.getBigInt64(2)),
    firstOffset: Number(view.getBigInt64(10)),
    lastOffset: Number(view.getBigInt64(18)),
    lastStableOffset: Number(view.getBigInt64(26)),
  };
  const { producerId, firstOffset, lastOffset, lastStableOffset } = entry;
  const plausible =
    producerId >= 0 &&
    firstOffset >= 0 &&
    firstOffset < lastOffset &&
    lastOffset >= fromOffset &&
    Number.isSafeInteger(lastOffset) &&
    lastStableOffset >= 0 &&
    lastStableOffset <= lastOffset + 1;
  return plausible ? entry : undefined;
}
