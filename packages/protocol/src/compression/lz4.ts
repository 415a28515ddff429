// LZ4 in its frame format, as Kafka uses it since magic 2: independent blocks, a correct header checksum.
import { compressFrame, compressFrameSync, decompressFrame, decompressFrameSync } from 'lz4-napi';
import type { Codec } from './codec.ts';
import { corrupt } from './codec.ts';

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const lz4: Codec = {
  compress: (bytes) => compressFrameSync(asBuffer(bytes)),
  compressAsync: (bytes) => compressFrame(bytes),
  decompress(bytes) {
    try {
      return decompressFrameSync(asBuffer(bytes));
    } catch (error) {
      throw corrupt('lz4', (error as Error).message, error);
    }
  },
  async decompressAsync(bytes) {
    try {
      return await decompressFrame(bytes);
    } catch (error) {
      throw corrupt('lz4', (error as Error).message, error);
    }
  },
};
