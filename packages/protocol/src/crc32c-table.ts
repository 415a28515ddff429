// CRC-32C in plain JavaScript: where there is no native library, for short inputs, and as the oracle of the tests.
//
// Eight bytes a step ("slicing by 8"): table k holds the checksum of a byte that is followed by k zero bytes, so the
// eight look-ups of a step do not wait for each other.
//
//   crc  b0 b1 b2 b3  b4 b5 b6 b7      low word  = crc xor b0..b3 (little-endian)
//        T7 T6 T5 T4  T3 T2 T1 T0      new crc   = xor of one look-up per byte

/** The polynomial 0x1EDC6F41 with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const TABLE_COUNT = 8;

const tables = buildTables();

function buildTables(): Int32Array {
  const result = new Int32Array(256 * TABLE_COUNT);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    result[byte] = crc;
  }
  for (let index = 256; index < result.length; index++) {
    const before = result[index - 256]!;
    result[index] = (before >>> 8) ^ result[before & 0xff]!;
  }
  return result;
}

export function crc32cEngine(bytes: Uint8Array, start: number, end: number, previous: number): number {
  const t = tables;
  let crc = ~previous;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      t[1792 | (low & 0xff)]! ^
      t[1536 | ((low >>> 8) & 0xff)]! ^
      t[1280 | ((low >>> 16) & 0xff)]! ^
      t[1024 | (low >>> 24)]! ^
      t[768 | bytes[at + 4]!]! ^
      t[512 | bytes[at + 5]!]! ^
      t[256 | bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
