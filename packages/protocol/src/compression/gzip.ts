// gzip by node:zlib. Levels as in Kafka's `compression.gzip.level`: 1 to 9, -1 for zlib's own choice (6).

import { promisify } from 'node:util';
import { gunzip, gunzipSync, gzip as gzipCallback, gzipSync } from 'node:zlib';
import type { ZlibOptions } from 'node:zlib';
import type { Codec, CompressionError } from './codec.ts';
import { corrupt, tooLarge } from './codec.ts';
import { outputChunkSize } from './output-chunk-size.ts';

export const GZIP_DEFAULT_LEVEL = -1;

const gunzipAsync = promisify(gunzip);
const gzipAsync = promisify(gzipCallback);

function readOptions(bytes: Uint8Array, maxSize: number): ZlibOptions {
  return { maxOutputLength: maxSize, chunkSize: outputChunkSize(bytes.length) };
}

function failure(error: unknown, maxSize: number): CompressionError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge('gzip', maxSize, error);
  return corrupt('gzip', (error as Error).message, error);
}

export const gzip: Codec = {
  compress: (bytes, level = GZIP_DEFAULT_LEVEL) => gzipSync(bytes, { level }),
  compressAsync: (bytes, level = GZIP_DEFAULT_LEVEL) => gzipAsync(bytes, { level }),

  decompress(bytes, maxSize) {
    try {
      return gunzipSync(bytes, readOptions(bytes, maxSize));
    } catch (error) {
      throw failure(error, maxSize);
    }
  },

  async decompressAsync(bytes, maxSize) {
    try {
      return await gunzipAsync(bytes, readOptions(bytes, maxSize));
    } catch (error) {
      throw failure(error, maxSize);
    }
  },
};
