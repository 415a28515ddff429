// CRC-32C by a native library (SSE 4.2 or the ARM CRC instructions), for Node.
//
// A call into native code costs as much as 200 bytes of checksum in JavaScript, so short inputs stay there.

import { crc32c as nativeCrc32c } from '@node-rs/crc32';
import { crc32cEngine as tableCrc32c } from './crc32c-table.ts';

/** Inputs shorter than this (in bytes) are cheaper in JavaScript than a call into native code. */
export const NATIVE_CRC_MIN_SIZE = 192;

export function crc32cEngine(bytes: Uint8Array, start: number, end: number, previous: number): number {
  if (end - start < NATIVE_CRC_MIN_SIZE) return tableCrc32c(bytes, start, end, previous);
  const whole = start === 0 && end === bytes.length;
  return nativeCrc32c(whole ? bytes : bytes.subarray(start, end), previous);
}
