// Finding batches in bytes, by magic byte and length field only: for the records of a produce or fetch, and for scanning segments.
//
//   bytes:  [ batch ][ batch ][ batch ][ par        a fetch may end in part of a batch; a segment in a torn write
//           ^at                        ^            where the walk ends

import { BATCH_MAGIC_AT, RECORD_BATCH_OVERHEAD, batchSizeInBytes } from './batch-header.ts';

/**
 * The end of the batch that begins at `at`, or -1 when the bytes up to `end` do not hold all of it (or its length field cannot be
 * true). Says nothing of its content: see `checkBatch`.
 */
export function batchEnd(bytes: Uint8Array, at: number, end: number = bytes.length): number {
  // Formats 0 and 1 share base offset, length and the place of the magic byte, but need fewer bytes.
  if (end - at <= BATCH_MAGIC_AT) return -1;
  const size = batchSizeInBytes(bytes, at);
  return size <= BATCH_MAGIC_AT || size > end - at ? -1 : at + size;
}

/**
 * Where each whole batch in `bytes[at, end)` begins, up to the first that is not whole.
 * A batch must still be checked; when its header is to be read unchecked, compare its size with RECORD_BATCH_OVERHEAD first.
 */
export function* batchPositions(
  bytes: Uint8Array,
  at = 0,
  end: number = bytes.length,
): Generator<number, void, void> {
  let position = at;
  for (;;) {
    const next = batchEnd(bytes, position, end);
    if (next === -1) return;
    yield position;
    position = next;
  }
}

/** How many bytes of `bytes[at, end)` are whole batches. */
export function wholeBatchesSize(bytes: Uint8Array, at = 0, end: number = bytes.length): number {
  let position = at;
  for (;;) {
    const next = batchEnd(bytes, position, end);
    if (next === -1) return position - at;
    position = next;
  }
}

/** True when the batch has all of a header: the functions of `batch-header.ts` may be used on it. */
export function hasWholeHeader(at: number, end: number): boolean {
  return end - at >= RECORD_BATCH_OVERHEAD;
}
