import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isZeroUuid, uuidEquals, uuidFromString, uuidToString, ZERO_UUID } from './uuid.ts';

test('uuids are written as Kafka does', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i * 17);
  assert.equal(uuidToString(bytes), Buffer.from(bytes).toString('base64url'));
  assert.equal(uuidToString(ZERO_UUID), 'AAAAAAAAAAAAAAAAAAAAAA');
});

test('every uuid is read again from its text', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (uuid) => {
      const text = uuidToString(uuid);
      assert.equal(text, Buffer.from(uuid).toString('base64url'));
      assert.ok(uuidEquals(uuidFromString(text), uuid));
    }),
  );
});

test('only uuids are read', () => {
  for (const text of [
    '',
    'AAAA',
    'A'.repeat(23),
    `${'A'.repeat(21)}=`,
    `${'A'.repeat(21)}B`,
    `${'A'.repeat(20)}é`,
  ]) {
    assert.throws(() => uuidFromString(text), RangeError, text);
  }
  assert.throws(() => uuidToString(new Uint8Array(15)), RangeError);
});

test('zero means none', () => {
  assert.ok(isZeroUuid(new Uint8Array(16)));
  assert.ok(!isZeroUuid(Uint8Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0))));
  assert.ok(!uuidEquals(ZERO_UUID, new Uint8Array(16).fill(1)));
});
