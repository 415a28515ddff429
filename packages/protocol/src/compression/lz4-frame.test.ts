// LZ4 frames: our reader against the native library's writer, and the parts of the format that it does not write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { CompressionError } from './codec.ts';
import { decodeLz4Frame } from './lz4-frame.ts';
import { xxh32 } from './xxh32.ts';

const MAX = 1_000_000;
const corrupt = (error: unknown) => error instanceof CompressionError && error.code === 'CORRUPT';
const tooLarge = (error: unknown) => error instanceof CompressionError && error.code === 'TOO_LARGE';

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A frame of these parts behind a header with a right checksum. */
function frame(flags: number, descriptor: number, contentSize: Uint8Array, ...parts: Uint8Array[]): Buffer {
  const header = Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, descriptor]), contentSize]);
  const checksum = (xxh32(header, 4, header.length) >>> 8) & 0xff;
  return Buffer.concat([header, Buffer.from([checksum]), ...parts]);
}

const NO_SIZE = new Uint8Array(0);
const END = uint32(0);
const STORED = 0x8000_0000;
const stored = (text: string) => Buffer.concat([uint32((STORED + text.length) >>> 0), Buffer.from(text)]);
const block = (...bytes: number[]) => Buffer.concat([uint32(bytes.length), Uint8Array.from(bytes)]);
const decoded = (bytes: Uint8Array) => Buffer.from(decodeLz4Frame(bytes, MAX)).toString();
const a = 0x61;

test('xxh32: known values', () => {
  const hash = (text: string) => xxh32(Buffer.from(text), 0, text.length);
  assert.equal(hash(''), 0x02cc5d05);
  assert.equal(hash('a'), 0x550d7456);
  assert.equal(hash('abc'), 0x32d153ff);
  assert.equal(hash('Nobody inspects the spammish repetition'), 0xe2293b2f);
});

test('what the library writes is read, with and without checksums', () => {
  const part = fc.uint8Array({ minLength: 1, maxLength: 200 });
  const flags = { contentChecksum: fc.boolean(), blockChecksums: fc.boolean() };
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 8 }),
      fc.array(fc.nat(7), { maxLength: 300 }),
      fc.record(flags),
      (...drawn) => {
        const [parts, order, options] = drawn;
        const bytes = Buffer.concat(
          order.map((index) => parts[index % Math.max(parts.length, 1)] ?? NO_SIZE),
        );
        assert.deepEqual(Buffer.from(decodeLz4Frame(compressFrameSync(bytes, options), bytes.length)), bytes);
      },
    ),
  );
});

test('literals, matches that overlap, stored blocks', () => {
  const overlapping = block(0x1f, a, 1, 0, 200, 0x10, 0x62);
  assert.equal(
    decoded(frame(0x60, 0x40, NO_SIZE, stored('xyz'), overlapping, END)),
    `xyz${'a'.repeat(1 + 219)}b`,
  );
  assert.equal(decoded(frame(0x60, 0x40, NO_SIZE, block(0x22, a, 0x62, 2, 0, 0x00), END)), 'abababab');
  assert.equal(decoded(frame(0x60, 0x40, NO_SIZE, END)), '');
});

test('content size, and blocks that look back at those before', () => {
  const size = Buffer.concat([uint32(9), uint32(0)]);
  const linked = [stored('abcd'), block(0x00, 4, 0, 0x10, 0x65), END];
  assert.equal(decoded(frame(0x48, 0x40, size, ...linked)), 'abcdabcde');
  assert.throws(
    () => decoded(frame(0x68, 0x40, size, ...linked)),
    corrupt,
    'not if they are said to be independent',
  );
  assert.throws(() => decoded(frame(0x48, 0x40, Buffer.concat([uint32(10), uint32(0)]), ...linked)), corrupt);
  assert.throws(() => decoded(frame(0x48, 0x40, Buffer.concat([uint32(8), uint32(0)]), ...linked)), corrupt);
  assert.throws(() => decoded(frame(0x48, 0x40, Buffer.concat([uint32(9), uint32(1)]), ...linked)), tooLarge);
});

test('a limit within a block, between blocks, and within a stored block', () => {
  const bytes = frame(0x60, 0x40, NO_SIZE, block(0x1f, a, 1, 0, 200, 0x10, 0x62), stored('xyz'), END);
  assert.equal(decodeLz4Frame(bytes, 224).length, 224);
  for (const limit of [1, 220, 221, 223])
    assert.throws(() => decodeLz4Frame(bytes, limit), tooLarge, `${limit}`);
  const endsInMatch = frame(0x60, 0x40, NO_SIZE, block(0x1f, a, 1, 0, 200, 0x00), END);
  assert.equal(decodeLz4Frame(endsInMatch, 220).length, 220);
  assert.throws(() => decodeLz4Frame(endsInMatch, 219), tooLarge);
});

test('checksums are verified', () => {
  const bytes = Buffer.from('Moldau, Moldau, Moldau, Moldau');
  for (const options of [{ contentChecksum: true }, { blockChecksums: true }]) {
    const good = compressFrameSync(bytes, options);
    for (let at = 4; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x40;
      assert.throws(() => decodeLz4Frame(bad, MAX), CompressionError, `byte ${at}`);
    }
  }
});

for (const [name, bytes] of [
  ['another magic number', Buffer.concat([uint32(0x184d2203), frame(0x60, 0x40, NO_SIZE, END).subarray(4)])],
  ['version 2', frame(0xa0, 0x40, NO_SIZE, END)],
  ['a dictionary', frame(0x61, 0x40, NO_SIZE, END)],
  ['a reserved flag', frame(0x62, 0x40, NO_SIZE, END)],
  ['block size 3', frame(0x60, 0x30, NO_SIZE, END)],
  ['block size 8', frame(0x60, 0x80, NO_SIZE, END)],
  ['a wrong header checksum', frame(0x60, 0x40, NO_SIZE, END).fill(0, 6, 7)],
  ['a content size that is cut', frame(0x68, 0x40, uint32(1))],
  [
    'a block above the size of blocks',
    frame(0x60, 0x40, NO_SIZE, uint32(65_537), new Uint8Array(65_537), END),
  ],
  [
    'a block of more content than the size of blocks',
    frame(0x60, 0x40, NO_SIZE, block(0x1f, a, 1, 0, ...Array.from({ length: 258 }, () => 255), 0, 0), END),
  ],
  ['no end mark', frame(0x60, 0x40, NO_SIZE, stored('a'))],
  ['bytes behind the end mark', frame(0x60, 0x40, NO_SIZE, stored('a'), END, uint32(0))],
  ['an offset of 0', frame(0x60, 0x40, NO_SIZE, block(0x10, a, 0, 0, 0x00), END)],
  ['an offset beyond the start', frame(0x60, 0x40, NO_SIZE, block(0x10, a, 2, 0, 0x00), END)],
  ['a block that ends in an offset', frame(0x60, 0x40, NO_SIZE, block(0x10, a, 1), END)],
  ['a block that ends behind a match', frame(0x60, 0x40, NO_SIZE, block(0x10, a, 1, 0), END)],
  ['literals beyond the block', frame(0x60, 0x40, NO_SIZE, block(0x30, a, a), END)],
  ['a number of literals that does not end', frame(0x60, 0x40, NO_SIZE, block(0xf0, 255, 255), END)],
  ['a match length that does not end', frame(0x60, 0x40, NO_SIZE, block(0x1f, a, 1, 0, 255), END)],
] as const) {
  test(`corrupt: ${name}`, () => {
    assert.throws(() => decodeLz4Frame(bytes, MAX), corrupt);
  });
}
