import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8Size, writeUtf8 } from './utf8.ts';

test('size and bytes are those of TextEncoder, for lone surrogates too', () => {
  const units = fc.array(
    fc.oneof(fc.nat(0x7f), fc.nat(0x7ff), fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })),
  );
  fc.assert(
    fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      const expected = new TextEncoder().encode(text);
      assert.equal(utf8Size(text), expected.length);
      const bytes = new Uint8Array(expected.length + 2);
      assert.equal(writeUtf8(bytes, 1, text), expected.length + 1);
      assert.deepEqual(bytes.subarray(1, -1), expected);
    }),
  );
});
