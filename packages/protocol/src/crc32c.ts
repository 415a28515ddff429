// CRC-32C (Castagnoli), the checksum of record batches and of everything Moldau itself writes to disk.
//
// The work is done by `#crc32c-engine`, which package.json points to a native library under Node and to plain
// JavaScript elsewhere (browsers). Both give the same number; `crc32c.test.ts` holds them against each other.

import { crc32cEngine } from '#crc32c-engine';

/**
 * CRC-32C of `bytes[start, end)`, as an unsigned 32-bit number.
 * `previous` is the result for the bytes before, so that a checksum can be computed in pieces.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, previous = 0): number {
  return crc32cEngine(bytes, start, end, previous);
}
