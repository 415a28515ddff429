// Recompression for all partitions of the process: small batches at once, large ones in Node's thread pool, which storage needs as well. So
// there are few of them at a time; the others wait, first come first served.
//
// Must stay true: memory is bounded: what waits is the frames of requests (`queued.max.request.bytes`); each that runs holds its records once
// decompressed (MAX_DECOMPRESSED_SIZE at most) and once compressed.
import { recompress, recompressAtOnce, RECOMPRESS_AT_ONCE_BYTES, type Recompression } from './recompress.ts';

/** Of the thread pool's four threads. */
export const MAX_RECOMPRESSIONS_AT_A_TIME = 2;

export class Recompressor {
  readonly #atOnceBytes: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param atOnceBytes Infinity where everything has to be done on the event loop, as in a simulated world */
  constructor(atOnceBytes = RECOMPRESS_AT_ONCE_BYTES) {
    this.#atOnceBytes = atOnceBytes;
  }

  /**
   * The batch in the other codec, now or later.
   * @throws CompressionError, RecordError when its records cannot be read; as a rejection if it is later
   */
  recompress(batch: Uint8Array, to: Recompression): Uint8Array | Promise<Uint8Array> {
    return recompressAtOnce(batch, to, this.#atOnceBytes) ?? this.#later(batch, to);
  }

  async #later(batch: Uint8Array, to: Recompression): Promise<Uint8Array> {
    if (this.#running >= MAX_RECOMPRESSIONS_AT_A_TIME)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await recompress(batch, to);
    } finally {
      // Whoever waits takes the place over.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
