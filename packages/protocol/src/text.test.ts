import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, encodeUtf8, utf8Length } from './text.ts';

test('text is coded as the platform does it, whatever the class of the bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const bytes = new Uint8Array(3 * text.length + 2);
      const length = encodeUtf8(text, bytes, 1);
      assert.equal(length, utf8Length(text));
      assert.deepEqual(bytes.slice(1, 1 + length), new TextEncoder().encode(text));
      assert.equal(decodeUtf8(bytes, 1, 1 + length), text.toWellFormed());
      assert.equal(decodeUtf8(Buffer.from(bytes), 1, 1 + length), text.toWellFormed());
    }),
  );
});

test('bytes that are no UTF-8 become replacement characters', () => {
  assert.equal(decodeUtf8(Uint8Array.of(0x61, 0xff, 0x62), 0, 3), 'a\ufffdb');
});
