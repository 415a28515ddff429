// Snappy, in the two framings found in Kafka. Both are read; which one it is shows in the first bytes.
//
//   raw      one snappy block: varint size when decompressed, then literals and copies    (librdkafka, Go and Python clients)
//   xerial   magic 82 53 4e 41 50 50 59 00, int32 version, int32 lowest compatible version,
//            then blocks: int32 size, one raw block of that size; the 16 bytes may come again between blocks
//                                                                                          (Java clients, and what Kafka writes)
//
// Written is xerial, as Kafka does: every client reads it, and a reader needs to hold one block at a time only.

import { compress, compressSync, uncompress, uncompressSync } from 'snappy';
import type { Codec } from './codec.ts';
import { corrupt, tooLarge } from './codec.ts';

const MAGIC = new Uint8Array([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_SIZE = 16;
const XERIAL_VERSION = 1;
/** Snappy looks for repetitions within 64 KiB only, so larger blocks would not compress better. */
const XERIAL_BLOCK_SIZE = 64 * 1024;
/** The densest element of a block: a copy of 64 bytes takes 3. */
const MAX_RATIO = 64 / 3;
/** Handing memory of the library over to V8 costs more than copying it. */
const COPY_OUTPUT = { copyOutputData: true };

interface Block {
  readonly bytes: Uint8Array;
  /** When decompressed, by its own header. */
  readonly size: number;
}

function isXerial(bytes: Uint8Array, at: number): boolean {
  return bytes.length - at >= XERIAL_HEADER_SIZE && MAGIC.every((byte, index) => bytes[at + index] === byte);
}

/** The varint that a raw block begins with. */
function uncompressedSize(bytes: Uint8Array): number {
  let size = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[index];
    if (byte === undefined) throw corrupt('snappy', 'the block ends within its size');
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw corrupt('snappy', 'the size of the block is longer than 5 bytes');
}

/** All blocks, none decompressed yet, whose sizes together are at most `maxSize`. */
function blocksOf(bytes: Uint8Array, maxSize: number): Block[] {
  if (!isXerial(bytes, 0)) return [checkedBlock(bytes, maxSize)];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: Block[] = [];
  let room = maxSize;
  let at = 0;
  while (at < bytes.length) {
    if (isXerial(bytes, at)) {
      at += XERIAL_HEADER_SIZE;
      continue;
    }
    if (bytes.length - at < 4) throw corrupt('snappy', `it ends within the size of a block at ${at}`);
    const size = view.getInt32(at);
    at += 4;
    if (size < 0 || size > bytes.length - at) throw corrupt('snappy', `block of ${size} bytes at ${at}`);
    const block = checkedBlock(bytes.subarray(at, at + size), room);
    room -= block.size;
    blocks.push(block);
    at += size;
  }
  return blocks;
}

function checkedBlock(bytes: Uint8Array, room: number): Block {
  const size = uncompressedSize(bytes);
  // Before the library reserves the memory that a few bytes ask for.
  if (size > bytes.length * MAX_RATIO) throw corrupt('snappy', `${bytes.length} bytes cannot hold ${size}`);
  if (size > room) throw tooLarge('snappy', room);
  return { bytes, size };
}

function checkedOutput(output: string | Uint8Array, block: Block): Uint8Array {
  if (typeof output === 'string' || output.length !== block.size) {
    throw corrupt('snappy', `a block of ${block.size} bytes came out as ${output.length}`);
  }
  return output;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const only = parts[0];
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

function xerialHeader(): Uint8Array {
  const header = new Uint8Array(XERIAL_HEADER_SIZE);
  header.set(MAGIC);
  const view = new DataView(header.buffer);
  view.setInt32(8, XERIAL_VERSION);
  view.setInt32(12, XERIAL_VERSION);
  return header;
}

function sizePrefix(size: number): Uint8Array {
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setInt32(0, size);
  return prefix;
}

function* plainBlocks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_SIZE)
    yield bytes.subarray(at, at + XERIAL_BLOCK_SIZE);
}

export const snappy: Codec = {
  compress(bytes) {
    const parts = [xerialHeader()];
    for (const block of plainBlocks(bytes)) {
      const compressed = compressSync(block, COPY_OUTPUT);
      parts.push(sizePrefix(compressed.length), compressed);
    }
    return Buffer.concat(parts);
  },

  async compressAsync(bytes) {
    const parts = [xerialHeader()];
    for (const block of plainBlocks(bytes)) {
      const compressed = await compress(block, COPY_OUTPUT);
      parts.push(sizePrefix(compressed.length), compressed);
    }
    return Buffer.concat(parts);
  },

  decompress(bytes, maxSize) {
    const parts: Uint8Array[] = [];
    for (const block of blocksOf(bytes, maxSize)) {
      try {
        parts.push(checkedOutput(uncompressSync(block.bytes, COPY_OUTPUT), block));
      } catch (error) {
        throw corrupt('snappy', (error as Error).message, error);
      }
    }
    return joined(parts);
  },

  async decompressAsync(bytes, maxSize) {
    const parts: Uint8Array[] = [];
    for (const block of blocksOf(bytes, maxSize)) {
      try {
        parts.push(checkedOutput(await uncompress(block.bytes, COPY_OUTPUT), block));
      } catch (error) {
        throw corrupt('snappy', (error as Error).message, error);
      }
    }
    return joined(parts);
  },
};
