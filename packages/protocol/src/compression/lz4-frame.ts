// Reading the LZ4 frame format, in which Kafka keeps LZ4 data. Integers are little-endian.
//
//   magic        04 22 4d 18
//   FLG          bits 7-6 version 01, 5 blocks are independent, 4 block checksums, 3 content size, 2 content checksum, 1 zero, 0 dictionary
//   BD           bits 6-4 largest block: 4 64 KiB, 5 256 KiB, 6 1 MiB, 7 4 MiB; the others zero
//   [size]       uint64, if FLG says so
//   HC           second byte of the xxh32 of FLG to here
//   blocks       each: uint32 size (top bit set: stored, not compressed), data, [uint32 xxh32 of the data]
//   end mark     uint32 0
//   [checksum]   uint32 xxh32 of all content
//
// Must stay true: memory taken is at most what the blocks can hold at the ratio of the format (255), and at most `maxSize`.
// All checksums are verified. One frame, with nothing behind it, is what Kafka writes and what is accepted.

import { corrupt, tooLarge } from './codec.ts';
import { decodeLz4Block } from './lz4-block.ts';
import { xxh32 } from './xxh32.ts';

const MAGIC = 0x184d2204;
const MIN_HEADER_SIZE = 7;
const CONTENT_SIZE_SIZE = 8;
/** No byte of a block stands for more than this many bytes of content. */
const MAX_RATIO = 255;

/** What content fits here is decoded here and copied out: less work than a buffer for the largest possible content. */
const scratch = new Uint8Array(128 * 1024);

const VERSION_MASK = 0xc0;
const VERSION = 0x40;
const INDEPENDENT_FLAG = 0x20;
const BLOCK_CHECKSUM_FLAG = 0x10;
const CONTENT_SIZE_FLAG = 0x08;
const CONTENT_CHECKSUM_FLAG = 0x04;
const UNSUPPORTED_FLAGS = 0x03;
const STORED_FLAG = 0x8000_0000;

interface FrameHeader {
  readonly independent: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  readonly contentSize: number | undefined;
  readonly maxBlockSize: number;
  readonly size: number;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function readHeader(bytes: Uint8Array): FrameHeader {
  if (bytes.length < MIN_HEADER_SIZE) throw corrupt('lz4', 'it ends within the frame header');
  if (uint32(bytes, 0) !== MAGIC) throw corrupt('lz4', 'it does not begin with the magic number of a frame');
  const flags = bytes[4]!;
  const descriptor = bytes[5]!;
  if ((flags & VERSION_MASK) !== VERSION || (flags & UNSUPPORTED_FLAGS) !== 0) {
    throw corrupt('lz4', `frame flags 0x${flags.toString(16)}`);
  }
  const sizeCode = descriptor >> 4;
  if (sizeCode < 4 || sizeCode > 7 || (descriptor & 0x0f) !== 0) {
    throw corrupt('lz4', `block descriptor 0x${descriptor.toString(16)}`);
  }
  const hasContentSize = (flags & CONTENT_SIZE_FLAG) !== 0;
  const size = MIN_HEADER_SIZE + (hasContentSize ? CONTENT_SIZE_SIZE : 0);
  if (bytes.length < size) throw corrupt('lz4', 'it ends within the frame header');
  if (((xxh32(bytes, 4, size - 1) >>> 8) & 0xff) !== bytes[size - 1])
    throw corrupt('lz4', 'checksum of the frame header');
  return {
    independent: (flags & INDEPENDENT_FLAG) !== 0,
    blockChecksums: (flags & BLOCK_CHECKSUM_FLAG) !== 0,
    contentChecksum: (flags & CONTENT_CHECKSUM_FLAG) !== 0,
    contentSize: hasContentSize ? uint32(bytes, 6) + uint32(bytes, 10) * 2 ** 32 : undefined,
    maxBlockSize: 2 ** (8 + 2 * sizeCode),
    size,
  };
}

/** Checks that the blocks lie within the frame and the frame fills the bytes; returns the most content that they can hold. */
function largestContent(bytes: Uint8Array, header: FrameHeader): number {
  const checksumSize = header.blockChecksums ? 4 : 0;
  let largest = 0;
  let at = header.size;
  for (;;) {
    if (bytes.length - at < 4) throw corrupt('lz4', 'it ends before the end mark');
    const word = uint32(bytes, at);
    at += 4;
    if (word === 0) break;
    const stored = word >= STORED_FLAG;
    const size = stored ? word - STORED_FLAG : word;
    if (size > header.maxBlockSize || size + checksumSize > bytes.length - at) {
      throw corrupt('lz4', `block of ${size} bytes at ${at}`);
    }
    largest += stored ? size : Math.min(header.maxBlockSize, size * MAX_RATIO);
    at += size + checksumSize;
  }
  const expectedEnd = at + (header.contentChecksum ? 4 : 0);
  if (bytes.length !== expectedEnd)
    throw corrupt('lz4', `${bytes.length - expectedEnd} bytes too many behind the end mark`);
  return largest;
}

/** @throws CompressionError */
export function decodeLz4Frame(bytes: Uint8Array, maxSize: number): Uint8Array {
  const header = readHeader(bytes);
  const { contentSize, blockChecksums, maxBlockSize } = header;
  if (contentSize !== undefined && contentSize > maxSize) throw tooLarge('lz4', maxSize);
  const largest = largestContent(bytes, header);
  const capacity = Math.min(largest, maxSize, contentSize ?? maxSize);
  const isLimited = contentSize === undefined && maxSize < largest;
  const output = capacity <= scratch.length ? scratch : new Uint8Array(capacity);
  let out = 0;
  let at = header.size;
  for (let word = uint32(bytes, at); word !== 0; word = uint32(bytes, at)) {
    const stored = word >= STORED_FLAG;
    const start = at + 4;
    const end = start + (stored ? word - STORED_FLAG : word);
    if (blockChecksums && xxh32(bytes, start, end) !== uint32(bytes, end)) {
      throw corrupt('lz4', `checksum of the block at ${start}`);
    }
    if (stored) {
      if (end - start > capacity - out)
        throw isLimited ? tooLarge('lz4', maxSize) : corrupt('lz4', 'too much content');
      output.set(bytes.subarray(start, end), out);
      out += end - start;
    } else {
      const limit = Math.min(capacity, out + maxBlockSize);
      const result = decodeLz4Block(bytes, start, end, output, out, limit, header.independent ? out : 0);
      if (result === 'no-room' && isLimited && limit - out < maxBlockSize) throw tooLarge('lz4', maxSize);
      if (typeof result === 'string') throw corrupt('lz4', `the block at ${start}`);
      out = result;
    }
    at = end + (blockChecksums ? 4 : 0);
  }
  if (contentSize !== undefined && contentSize !== out)
    throw corrupt('lz4', `${out} bytes of content, not ${contentSize}`);
  if (header.contentChecksum && xxh32(output, 0, out) !== uint32(bytes, at + 4)) {
    throw corrupt('lz4', 'checksum of the content');
  }
  // The views that readers hand out keep this alive: it must not hold much more than it needs.
  return output === scratch || capacity - out > out / 4 ? output.slice(0, out) : output.subarray(0, out);
}
