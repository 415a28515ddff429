// LZ4 in its frame format. Compressed by a native library, with independent blocks and a correct header checksum, which Java's
// reader insists on; decompressed by our own reader, since the library neither takes a limit nor notices a missing
// end. Neither Kafka's levels nor its block size are offered by the library.

import { compressFrame, compressFrameSync } from 'lz4-napi';
import type { Codec } from './codec.ts';
import { decodeLz4Frame } from './lz4-frame.ts';

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const lz4: Codec = {
  compress: (bytes) => compressFrameSync(asBuffer(bytes)),
  compressAsync: (bytes) => compressFrame(bytes),
  decompress: decodeLz4Frame,
  // On the event loop after all: it is JavaScript, and bounded.
  decompressAsync: async (bytes, maxSize) => decodeLz4Frame(bytes, maxSize),
};
