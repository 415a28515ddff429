// Compressing and decompressing by codec name or id. The implementations come through `#codecs`, which package.json points
// to native libraries under Node and elsewhere to a table that a browser build can replace.

import { codecs } from '#codecs';
import { CompressionError, codecName } from './codec.ts';
import type { Codec, CodecName } from './codec.ts';

/**
 * The most bytes that one batch may take when decompressed, unless the caller says otherwise: far above what producers
 * build (32 MiB is the whole buffer of Java's), far below what a hostile batch of 1 MiB could ask for.
 */
export const MAX_DECOMPRESSED_SIZE = 128 * 1024 * 1024;

function implementation(codec: Exclude<CodecName, 'none'>): Codec {
  const found = codecs[codec];
  if (found === undefined) throw new CompressionError('UNSUPPORTED', `this build has no ${codec} codec`);
  return found;
}

function checkLimit(maxSize: number): void {
  if (!Number.isSafeInteger(maxSize) || maxSize < 1) throw new RangeError(`a size limit of ${maxSize} bytes`);
}

function nameOf(codec: CodecName | number): CodecName {
  const name = typeof codec === 'number' ? codecName(codec) : codec;
  if (name === undefined) throw new CompressionError('UNSUPPORTED', `there is no compression codec ${codec}`);
  return name;
}

/** `none` returns `bytes` itself. @throws CompressionError `UNSUPPORTED` */
export function compress(codec: CodecName, bytes: Uint8Array, level?: number): Uint8Array {
  return codec === 'none' ? bytes : implementation(codec).compress(bytes, level);
}

/** `none` returns `bytes` itself. `maxSize`: at least 1. @throws CompressionError */
export function decompress(
  codec: CodecName | number,
  bytes: Uint8Array,
  maxSize = MAX_DECOMPRESSED_SIZE,
): Uint8Array {
  const name = nameOf(codec);
  checkLimit(maxSize);
  return name === 'none' ? bytes : implementation(name).decompress(bytes, maxSize);
}

/** `compress` off the event loop: worth it from some 100 KB on. `bytes` must not change until it resolves. */
export async function compressAsync(
  codec: CodecName,
  bytes: Uint8Array,
  level?: number,
): Promise<Uint8Array> {
  return codec === 'none' ? bytes : await implementation(codec).compressAsync(bytes, level);
}

/** `decompress` off the event loop. */
export async function decompressAsync(
  codec: CodecName | number,
  bytes: Uint8Array,
  maxSize = MAX_DECOMPRESSED_SIZE,
): Promise<Uint8Array> {
  const name = nameOf(codec);
  checkLimit(maxSize);
  return name === 'none' ? bytes : await implementation(name).decompressAsync(bytes, maxSize);
}
