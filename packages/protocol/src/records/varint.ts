// The variable-length integers of records: zigzag (0, -1, 1, -2 ... become 0, 1, 2, 3 ...), then 7 bits a byte, lowest first,
// the top bit set on all but the last.
//
// `varint` fields are int32 (at most 5 bytes), `varlong` fields int64 (at most 10 bytes), of which only safe integers are
// written and read. Beyond 32 bits the arithmetic is on doubles: the sign bit is kept apart, since the zigzag value
// of a safe integer need not be one.

/** Longest encoding of a varint, in bytes. */
export const MAX_VARINT_SIZE = 5;

const LOWEST_SHORT = -(2 ** 30);
const HIGHEST_SHORT = 2 ** 30 - 1;

export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

export function varlongSize(value: number): number {
  if (value >= LOWEST_SHORT && value <= HIGHEST_SHORT) return varintSize(value);
  let rest = Math.floor((value < 0 ? -value - 1 : value) / 64);
  let size = 1;
  for (; rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes an int32; returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag >= 0x80) {
    bytes[at++] = zigzag | 0x80;
    zigzag >>>= 7;
  }
  bytes[at++] = zigzag;
  return at;
}

/** Writes a safe integer; returns the position behind it. */
export function writeVarlong(bytes: Uint8Array, at: number, value: number): number {
  if (value >= LOWEST_SHORT && value <= HIGHEST_SHORT) return writeVarint(bytes, at, value);
  const magnitude = value < 0 ? -value - 1 : value;
  let byte = (magnitude % 64) * 2 + (value < 0 ? 1 : 0);
  let rest = Math.floor(magnitude / 64);
  while (rest > 0) {
    bytes[at++] = byte | 0x80;
    byte = rest % 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = byte;
  return at;
}
