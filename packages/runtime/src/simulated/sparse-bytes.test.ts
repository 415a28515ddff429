import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { PAGE_BYTES, SparseBytes } from './sparse-bytes.ts';

const CASES = fc.array(
  fc.record({
    kind: fc.constantFrom('write', 'resize', 'zero', 'clone'),
    at: fc.nat(3 * PAGE_BYTES),
    length: fc.nat(2 * PAGE_BYTES),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  { maxLength: 12 },
);

describe('sparse bytes', () => {
  it('behave like an array', () =>
    fc.assert(
      fc.property(CASES, (cases) => {
        let bytes = new SparseBytes();
        let model = new Uint8Array(0);
        const grow = (size: number): void => {
          const grown = new Uint8Array(size);
          grown.set(model.subarray(0, size));
          model = grown;
        };
        for (const { kind, at, length, value } of cases) {
          if (kind === 'write') {
            bytes.write(new Uint8Array(length).fill(value), at);
            grow(Math.max(model.length, at + length));
            model.fill(value, at, at + length);
          } else if (kind === 'resize') {
            bytes.resize(at);
            grow(at);
          } else if (kind === 'zero') {
            bytes.zero(at, at + length);
            model.fill(0, at, at + length);
          } else {
            const original = bytes;
            bytes = bytes.clone();
            original.write(Uint8Array.of(1), 0);
          }
        }
        const read = new Uint8Array(bytes.size);
        assert.equal(bytes.read(read, 0), model.length);
        assert.deepEqual(read, model);
      }),
    ));
});
