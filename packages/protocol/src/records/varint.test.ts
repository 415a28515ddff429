// Variable-length integers: the encodings that the format prescribes, and the sizes that the builder relies on.
// Reading is tested through the record reader, which is the only one to read them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

/** By the definition, with bigint. */
function reference(value: number): number[] {
  let zigzag = value < 0 ? -BigInt(value) * 2n - 1n : BigInt(value) * 2n;
  const bytes: number[] = [];
  for (; zigzag >= 0x80n; zigzag >>= 7n) bytes.push(Number(zigzag & 0x7fn) | 0x80);
  return [...bytes, Number(zigzag)];
}

function written(write: (bytes: Uint8Array, at: number, value: number) => number, value: number): number[] {
  const bytes = new Uint8Array(12);
  const end = write(bytes, 1, value);
  return [...bytes.subarray(1, end)];
}

const borders = [
  0,
  -1,
  1,
  63,
  -64,
  64,
  -65,
  8191,
  8192,
  -8192,
  -8193,
  2 ** 27 - 1,
  2 ** 27,
  -(2 ** 27),
  2 ** 30,
  -(2 ** 30) - 1,
];
const int32Borders = [...borders, 2 ** 31 - 1, -(2 ** 31)];
const safeBorders = [
  ...int32Borders,
  2 ** 31,
  2 ** 32,
  -(2 ** 40),
  2 ** 52,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
];

test('varints at their borders and in between', () => {
  const check = (value: number) => {
    assert.deepEqual(written(writeVarint, value), reference(value), String(value));
    assert.equal(varintSize(value), reference(value).length, String(value));
  };
  for (const value of int32Borders) check(value);
  fc.assert(fc.property(fc.integer(), check));
});

test('varlongs at their borders and in between', () => {
  const check = (value: number) => {
    assert.deepEqual(written(writeVarlong, value), reference(value), String(value));
    assert.equal(varlongSize(value), reference(value).length, String(value));
  };
  for (const value of safeBorders) check(value);
  fc.assert(fc.property(fc.maxSafeInteger(), check));
});
