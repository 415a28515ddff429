// CRC-32C: published vectors, and the native engine against the table-driven one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NATIVE_CRC_MIN_SIZE, crc32cEngine as nativeEngine } from './crc32c-native.ts';
import { crc32cEngine as tableEngine } from './crc32c-table.ts';
import { crc32c } from './crc32c.ts';

const ascii = new TextEncoder();

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
const vectors: readonly (readonly [string, Uint8Array, number])[] = [
  ['nothing', new Uint8Array(0), 0],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['0 to 31', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['31 to 0', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ['123456789', ascii.encode('123456789'), 0xe3069283],
];

/** One bit at a time, as the polynomial is defined. */
function bitwise(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
  }
  return ~crc >>> 0;
}

for (const [name, bytes, expected] of vectors) {
  test(`known vector: ${name}`, () => {
    assert.equal(crc32c(bytes), expected);
    assert.equal(tableEngine(bytes, 0, bytes.length, 0), expected);
    assert.equal(bitwise(bytes), expected);
  });
}

test('both engines agree with the definition on any range of any bytes, in pieces too', () => {
  const maxLength = NATIVE_CRC_MIN_SIZE * 4;
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength }),
      fc.nat(maxLength),
      fc.nat(maxLength),
      fc.nat(),
      (bytes, a, b, previous) => {
        const start = Math.min(a, b, bytes.length);
        const end = Math.min(Math.max(a, b), bytes.length);
        const expected = bitwise(bytes.subarray(start, end), previous);
        assert.equal(nativeEngine(bytes, start, end, previous), expected);
        assert.equal(tableEngine(bytes, start, end, previous), expected);
        const middle = start + ((end - start) >> 1);
        assert.equal(crc32c(bytes, middle, end, crc32c(bytes, start, middle, previous)), expected);
      },
    ),
  );
});
