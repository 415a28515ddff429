// zstd by node:zlib. Levels as in Kafka's `compression.zstd.level`: -131072 to 22, 3 by default.

import { promisify } from 'node:util';
import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import type { ZstdOptions } from 'node:zlib';
import type { Codec, CompressionError } from './codec.ts';
import { corrupt, tooLarge } from './codec.ts';
import { outputChunkSize } from './output-chunk-size.ts';

export const ZSTD_DEFAULT_LEVEL = 3;

const compressPromise = promisify(zstdCompress);
const decompressPromise = promisify(zstdDecompress);

function readOptions(bytes: Uint8Array, maxSize: number): ZstdOptions {
  return { maxOutputLength: maxSize, chunkSize: outputChunkSize(bytes.length), rejectGarbageAfterEnd: true };
}

function levelOptions(level: number): { params: Record<number, number> } {
  return { params: { [constants.ZSTD_c_compressionLevel]: level } };
}

function failure(error: unknown, maxSize: number): CompressionError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge('zstd', maxSize, error);
  return corrupt('zstd', (error as Error).message, error);
}

export const zstd: Codec = {
  compress: (bytes, level = ZSTD_DEFAULT_LEVEL) => zstdCompressSync(bytes, levelOptions(level)),
  compressAsync: (bytes, level = ZSTD_DEFAULT_LEVEL) => compressPromise(bytes, levelOptions(level)),

  decompress(bytes, maxSize) {
    try {
      return zstdDecompressSync(bytes, readOptions(bytes, maxSize));
    } catch (error) {
      throw failure(error, maxSize);
    }
  },

  async decompressAsync(bytes, maxSize) {
    try {
      return await decompressPromise(bytes, readOptions(bytes, maxSize));
    } catch (error) {
      throw failure(error, maxSize);
    }
  },
};
