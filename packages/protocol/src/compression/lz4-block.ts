// Decoding one LZ4 block. A block is a row of sequences, the last of which ends with its literals:
//
//   token      4 bits number of literals, 4 bits match length - 4; 15 means that more bytes follow, each added, until one is not 255
//   literals   copied to the output
//   offset     uint16 little-endian, 1 or more: how far back in the output the match begins
//   match      copied from the output itself; where it overlaps what it writes, it repeats
//
// In JavaScript and not by a native library, because it must stop exactly at the room given, whatever the block says.

const MIN_MATCH = 4;
/** Below this many bytes, a loop is faster than a call of `copyWithin` or `set`. */
const SHORT_COPY = 24;

/** Why a block cannot be decoded. */
export type Lz4BlockFailure = 'corrupt' | 'no-room';

/**
 * Decodes `input[at, end)` into `output` from `start` on, writing at most up to `limit` and looking back at most to `historyStart`.
 * Returns the position behind what it wrote.
 */
export function decodeLz4Block(
  input: Uint8Array,
  at: number,
  end: number,
  output: Uint8Array,
  start: number,
  limit: number,
  historyStart: number,
): number | Lz4BlockFailure {
  let out = start;
  while (at < end) {
    const token = input[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let byte = 255;
      while (byte === 255) {
        if (at >= end) return 'corrupt';
        byte = input[at++]!;
        literals += byte;
      }
    }
    if (literals > end - at) return 'corrupt';
    if (literals > limit - out) return 'no-room';
    if (literals <= SHORT_COPY)
      for (let copied = 0; copied < literals; copied++) output[out++] = input[at++]!;
    else {
      output.set(input.subarray(at, at + literals), out);
      out += literals;
      at += literals;
    }
    if (at === end) return out;

    if (end - at < 2) return 'corrupt';
    const offset = input[at]! | (input[at + 1]! << 8);
    at += 2;
    if (offset === 0 || offset > out - historyStart) return 'corrupt';
    let length = (token & 15) + MIN_MATCH;
    if (length === 15 + MIN_MATCH) {
      let byte = 255;
      while (byte === 255) {
        if (at >= end) return 'corrupt';
        byte = input[at++]!;
        length += byte;
      }
    }
    if (length > limit - out) return 'no-room';
    out = copyMatch(output, out, offset, length);
  }
  // A block ends with literals, be it none of them: it cannot end behind a match.
  return 'corrupt';
}

function copyMatch(output: Uint8Array, out: number, offset: number, length: number): number {
  if (length <= SHORT_COPY) {
    for (let from = out - offset, last = out + length; out < last;) output[out++] = output[from++]!;
    return out;
  }
  // Each round copies what is there, which doubles what the next one can copy.
  const from = out - offset;
  const last = out + length;
  while (out < last) {
    const size = Math.min(out - from, last - out);
    output.copyWithin(out, from, from + size);
    out += size;
  }
  return out;
}
