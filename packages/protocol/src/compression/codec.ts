// What a compression codec is: the five that record batches know, their ids, and the contract of an implementation.
//
//   records of a batch  --compress-->  one compressed piece  --decompress (bounded)-->  the same records
//
// Must stay true of every implementation: `decompress` never yields, and never allocates much beyond, `maxSize` bytes;
// whatever the input, it answers or throws CompressionError.

/** As in `compression.type` of producers and topics. */
export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** Index: the id in the attributes of a batch. */
export const CODEC_NAMES: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

const CODEC_IDS: Readonly<Record<CodecName, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

export function codecId(name: CodecName): number {
  return CODEC_IDS[name];
}

/** Undefined for an id that no codec has. */
export function codecName(id: number): CodecName | undefined {
  return CODEC_NAMES[id];
}

/** A codec that does something: all but `none`. */
export type CompressingCodec = Exclude<CodecName, 'none'>;

export interface Codec {
  /** `level`: gzip 1 to 9 and zstd -131072 to 22, as in Kafka's `compression.*.level`; the others have none. */
  compress(bytes: Uint8Array, level?: number): Uint8Array;
  /** `maxSize`: at least 1. @throws CompressionError */
  decompress(bytes: Uint8Array, maxSize: number): Uint8Array;
  /** The same off the event loop. `bytes` must not change until it resolves. */
  compressAsync(bytes: Uint8Array, level?: number): Promise<Uint8Array>;
  /** Rejects with CompressionError. */
  decompressAsync(bytes: Uint8Array, maxSize: number): Promise<Uint8Array>;
}

/**
 * - `CORRUPT`      the bytes are not what the codec writes
 * - `TOO_LARGE`    they would take more room than allowed; nothing is known of the rest
 * - `UNSUPPORTED`  no such codec, or not in this build
 */
export type CompressionErrorCode = 'CORRUPT' | 'TOO_LARGE' | 'UNSUPPORTED';

export class CompressionError extends Error {
  override readonly name = 'CompressionError';
  readonly code: CompressionErrorCode;
  constructor(code: CompressionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export function tooLarge(codec: CompressingCodec, maxSize: number, cause?: unknown): CompressionError {
  return new CompressionError(
    'TOO_LARGE',
    `${codec} data is larger than ${maxSize} bytes when decompressed`,
    {
      cause,
    },
  );
}

export function corrupt(codec: CompressingCodec, why: string, cause?: unknown): CompressionError {
  return new CompressionError('CORRUPT', `corrupt ${codec} data: ${why}`, { cause });
}
