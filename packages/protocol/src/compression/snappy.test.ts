// The two framings of snappy.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compressSync } from 'snappy';
import { CompressionError } from './codec.ts';
import { snappy } from './snappy.ts';

const text = Buffer.from('Die Moldau fließt nach Norden. '.repeat(5000));
const MAX = 1_000_000;
const XERIAL_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex');

const corrupt = (error: unknown) => error instanceof CompressionError && error.code === 'CORRUPT';
const tooLarge = (error: unknown) => error instanceof CompressionError && error.code === 'TOO_LARGE';

function block(bytes: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

test('a raw block, as librdkafka writes it', () => {
  assert.deepEqual(Buffer.from(snappy.decompress(compressSync(text), text.length)), text);
  assert.throws(() => snappy.decompress(compressSync(text), text.length - 1), tooLarge);
});

test('what is written is xerial, in blocks', () => {
  const written = Buffer.from(snappy.compress(text));
  assert.deepEqual(written.subarray(0, 16), XERIAL_HEADER);
  const first = written.readInt32BE(16);
  assert.ok(first < written.length - 20, 'more than one block');
});

test('xerial streams one behind the other', () => {
  const written = snappy.compress(text);
  const twice = Buffer.concat([written, written]);
  assert.deepEqual(Buffer.from(snappy.decompress(twice, MAX)), Buffer.concat([text, text]));
  assert.throws(() => snappy.decompress(twice, text.length * 2 - 1), tooLarge);
});

test('xerial without blocks is nothing', () => {
  assert.equal(snappy.decompress(XERIAL_HEADER, MAX).length, 0);
});

for (const [name, bytes] of [
  ['nothing at all', new Uint8Array(0)],
  ['a size of 5 bytes without an end', Buffer.from('ffffffffff', 'hex')],
  ['a size beyond what the bytes can hold', Buffer.from('ffffff7f00', 'hex')],
  ['a block of negative size', Buffer.concat([XERIAL_HEADER, Buffer.from('ffffffff00', 'hex')])],
  ['a block beyond the end', Buffer.concat([XERIAL_HEADER, block(compressSync(text)).subarray(0, -1)])],
  ['part of the size of a block', Buffer.concat([XERIAL_HEADER, Buffer.from('0000', 'hex')])],
  ['a block that is empty', Buffer.concat([XERIAL_HEADER, block(new Uint8Array(0))])],
  [
    'a block that says less than it holds',
    Buffer.concat([Buffer.from([3]), compressSync('Moldau').subarray(1)]),
  ],
  [
    'a block that says more than it holds',
    Buffer.concat([Buffer.from([9]), compressSync('Moldau').subarray(1)]),
  ],
] as const) {
  test(`corrupt: ${name}`, async () => {
    assert.throws(() => snappy.decompress(bytes, MAX), corrupt);
    await assert.rejects(snappy.decompressAsync(bytes, MAX), corrupt);
  });
}
