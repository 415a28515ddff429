// The map from keys to their newest offsets: right for any keys, within its memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { KEY_MAP_SLOT_BYTES, KeyMap } from './key-map.ts';

const MANY = 1000 * KEY_MAP_SLOT_BYTES;

describe('a key map', () => {
  it('knows the newest offset of every key, as a Map of strings does', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3 }), { maxLength: 200 }), (keys) => {
        const map = new KeyMap(MANY, 0.9);
        const model = new Map<string, number>();
        for (const [offset, key] of keys.entries()) {
          assert(map.put(key, offset));
          model.set(Buffer.from(key).toString('hex'), offset);
        }
        assert.equal(map.size, model.size);
        for (const key of keys) assert.equal(map.get(key), model.get(Buffer.from(key).toString('hex')));
        assert.equal(map.get(Buffer.from('none of them')), -1);
      }),
    );
  });

  it('takes as many keys as its memory holds, then no other, but goes on noting those it has', () => {
    const map = new KeyMap(20 * KEY_MAP_SLOT_BYTES, 0.9);
    assert.equal(map.capacity, 18);
    for (let i = 0; i < 18; i++) assert(map.put(Buffer.from(`key-${i}`), i));
    assert.equal(map.put(Buffer.from('one more'), 18), false);
    assert(map.put(Buffer.from('key-3'), 19));
    assert.equal(map.get(Buffer.from('key-3')), 19);
    assert.equal(map.get(Buffer.from('one more')), -1);
  });

  it('takes 24 bytes a key, and no more memory than the keys can need', () => {
    const stated = new KeyMap(2400, 0.5);
    assert.deepEqual([stated.memoryBytes, stated.capacity], [2400, 50]);
    const small = new KeyMap(128 * 1024 * 1024, 0.9, 10);
    assert(small.memoryBytes <= 14 * KEY_MAP_SLOT_BYTES);
    for (let i = 0; i < 10; i++) assert(small.put(Buffer.from(`key-${i}`), i));
  });

  it('holds offsets up to 2^53, and the empty key', () => {
    const map = new KeyMap(MANY, 1);
    assert(map.put(new Uint8Array(0), Number.MAX_SAFE_INTEGER - 1));
    assert.equal(map.get(new Uint8Array(0)), Number.MAX_SAFE_INTEGER - 1);
  });

  it('works with the smallest memory that can be set', () => {
    const map = new KeyMap(0, 0.9);
    assert.equal(map.capacity, 1);
    assert(map.put(Buffer.from('a'), 1));
    assert.equal(map.put(Buffer.from('b'), 2), false);
    assert.equal(map.get(Buffer.from('b')), -1);
  });
});
