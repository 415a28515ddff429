// All codecs by one measure: round trip, a hard limit, and typed errors for whatever is not theirs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codecs as browserCodecs } from './codecs-browser.ts';
import { CODEC_NAMES, CompressionError, codecId, codecName } from './codec.ts';
import type { CodecName, CompressionErrorCode } from './codec.ts';
import { compress, compressAsync, decompress, decompressAsync } from './compression.ts';

const compressing = CODEC_NAMES.filter((name) => name !== 'none');

function withCode(code: CompressionErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof CompressionError && error.code === code;
}

/** From nothing to several blocks, compressible and not. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(600)).map(([part, times]) => {
    const whole = new Uint8Array(part.length * times);
    for (let at = 0; at < whole.length; at += part.length) whole.set(part, at);
    return whole;
  }),
);

test('ids are those of the attributes of a batch', () => {
  assert.deepEqual(CODEC_NAMES.map(codecId), [0, 1, 2, 3, 4]);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(codecName), [...CODEC_NAMES, undefined]);
  assert.throws(() => decompress(5, new Uint8Array(1)), withCode('UNSUPPORTED'));
});

test('a limit of nothing is a mistake of the caller', async () => {
  assert.throws(() => decompress('gzip', compress('gzip', new Uint8Array(1)), 0), RangeError);
  await assert.rejects(decompressAsync('zstd', new Uint8Array(1), Number.NaN), RangeError);
});

test('none is no work', async () => {
  const bytes = new Uint8Array(3);
  assert.equal(compress('none', bytes), bytes);
  assert.equal(decompress('none', bytes), bytes);
  assert.equal(await compressAsync('none', bytes), bytes);
  assert.equal(await decompressAsync(0, bytes), bytes);
});

for (const codec of compressing) {
  test(`${codec}: round trip, from within a buffer, the limit being exact`, () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const padded = new Uint8Array(bytes.length + 7);
        padded.set(bytes, 3);
        const compressed = compress(codec, padded.subarray(3, 3 + bytes.length));
        assert.deepEqual(new Uint8Array(decompress(codec, compressed, Math.max(bytes.length, 1))), bytes);
        if (bytes.length < 2) return;
        assert.throws(() => decompress(codec, compressed, bytes.length - 1), withCode('TOO_LARGE'));
      }),
    );
  });

  test(`${codec}: the asynchronous versions give the same`, async () => {
    const bytes = new TextEncoder().encode('Die Moldau fließt. '.repeat(10_000));
    const compressed = await compressAsync(codec, bytes);
    assert.deepEqual(new Uint8Array(decompress(codec, compressed)), bytes);
    assert.deepEqual(new Uint8Array(await decompressAsync(codecId(codec), compressed)), bytes);
    await assert.rejects(decompressAsync(codec, compressed, 100), withCode('TOO_LARGE'));
    await assert.rejects(decompressAsync(codec, compressed.subarray(0, -3)), withCode('CORRUPT'));
  });

  test(`${codec}: a result keeps no more memory than it needs`, () => {
    for (const size of [100, 5000, 100_000]) {
      const result = decompress(
        codec,
        compress(
          codec,
          new Uint8Array(size).map((_, index) => index % 251),
        ),
      );
      assert.ok(
        result.buffer.byteLength <= Math.max(size * 2, 70_000),
        `${size}: ${result.buffer.byteLength}`,
      );
    }
  });

  test(`${codec}: cut short, or with something behind it, it is corrupt`, () => {
    const compressed = compress(codec, new TextEncoder().encode('Die Moldau fließt. '.repeat(20)));
    for (let size = 0; size < compressed.length; size++) {
      // Between two blocks of xerial snappy nothing tells that one is missing: the count of records will.
      if (codec === 'snappy' && size === 16) continue;
      assert.throws(() => decompress(codec, compressed.subarray(0, size)), withCode('CORRUPT'), `${size}`);
    }
    assert.throws(
      () => decompress(codec, Buffer.concat([compressed, new Uint8Array([1, 2, 3])])),
      withCode('CORRUPT'),
    );
  });

  test(`${codec}: fuzz: random and mutated bytes are content or CompressionError, never above the limit`, () => {
    const limit = 200_000;
    const check = (bytes: Uint8Array) => {
      try {
        assert.ok(decompress(codec, bytes, limit).length <= limit);
      } catch (error) {
        assert.ok(error instanceof CompressionError, String(error));
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), check));
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(content, mutations, (bytes, mutations) => {
        const compressed = Uint8Array.from(compress(codec, bytes));
        for (const [place, byte] of mutations) compressed[place % compressed.length] = byte;
        check(compressed);
      }),
      { numRuns: 500 },
    );
  });
}

test('levels are those of the codec', () => {
  const bytes = new TextEncoder().encode(
    Array.from({ length: 5000 }, (_, index) => `${index * index} `).join(''),
  );
  for (const [codec, low, high] of [
    ['gzip', 1, 9],
    ['zstd', -100, 19],
  ] as const) {
    const [larger, smaller] = [compress(codec, bytes, low), compress(codec, bytes, high)];
    assert.ok(larger.length > smaller.length, codec);
    assert.deepEqual(new Uint8Array(decompress(codec, larger)), bytes);
    assert.deepEqual(new Uint8Array(decompress(codec, smaller)), bytes);
  }
});

test('bombs: a small input that would fill the memory is refused', () => {
  const zeros = new Uint8Array(8 * 1024 * 1024);
  for (const codec of compressing) {
    const bomb = compress(codec, zeros);
    assert.throws(() => decompress(codec, bomb, 1024 * 1024), withCode('TOO_LARGE'), codec);
  }
});

test('a browser build without codecs says so where one is needed', () => {
  assert.deepEqual(Object.keys(browserCodecs satisfies Partial<Record<CodecName, unknown>>), []);
});
