// Cuts the byte stream of a connection into frames: a length (int32) and that many bytes.
//
//   stream:  [len][ frame ..... ][len][ frame ][len][ fra     <- chunks end anywhere
//
// The chunks belong to the network layer and are reused, so a frame's bytes are copied once, into a buffer of the frame's own size; record
// batches are then kept as views of it. That buffer comes from memory that is used again (log/reused-memory.ts) for produce requests, and only for
// them: their bytes have known holders. Memory for a large frame grows with the bytes that arrive, not with the length that a peer
// merely announces.
//
// Must stay true: a frame is handed over whole, in order, in a buffer that nobody else uses.
import { ApiKey } from '@moldau/protocol';
import type { ReusedMemory, MemoryPiece } from '../log/reused-memory.ts';

const LENGTH_SIZE = 4;

/** Frames up to this size get their buffer at once; larger ones as half of it has really arrived. */
const TRUSTED_SIZE = 2 * 1024 * 1024;

export interface FrameLimits {
  /** `socket.request.max.bytes` */
  readonly maxFrameBytes: number;
}

export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge';
  readonly announced: number;
  constructor(announced: number, limit: number) {
    super(
      announced < 0
        ? `a frame of negative size ${announced} was announced`
        : `a frame of ${announced} bytes was announced, the limit is ${limit} (socket.request.max.bytes)`,
    );
    this.announced = announced;
  }
}

export class FrameReader {
  readonly #limits: FrameLimits;
  readonly #memory: ReusedMemory;
  readonly #onFrame: (frame: Buffer, piece: MemoryPiece | undefined) => void;
  readonly #length = Buffer.alloc(LENGTH_SIZE);
  #lengthFilled = 0;
  #frame: Buffer | undefined;
  #piece: MemoryPiece | undefined;
  #frameSize = 0;
  #filled = 0;

  /** @param onFrame takes the frame, and the piece of memory it lies in, if that is to be let go of */
  constructor(
    limits: FrameLimits,
    memory: ReusedMemory,
    onFrame: (frame: Buffer, piece: MemoryPiece | undefined) => void,
  ) {
    this.#limits = limits;
    this.#memory = memory;
    this.#onFrame = onFrame;
  }

  /** Bytes of a frame that has begun and is not complete. */
  get partialBytes(): number {
    return this.#filled;
  }

  /**
   * Takes the next bytes of the stream and hands over every frame they complete.
   * @throws FrameTooLarge the connection cannot be used any further
   */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame === undefined) {
        at = this.#readLength(chunk, at);
        if (this.#lengthFilled < LENGTH_SIZE) return;
        this.#begin(chunk, at);
      }
      at = this.#fill(chunk, at);
      if (this.#filled < this.#frameSize) return;
      const frame = this.#frame as unknown as Buffer;
      const piece = this.#piece;
      this.#frame = undefined;
      this.#piece = undefined;
      this.#filled = 0;
      this.#lengthFilled = 0;
      this.#onFrame(frame, piece);
    }
  }

  #readLength(chunk: Uint8Array, start: number): number {
    let at = start;
    while (at < chunk.length && this.#lengthFilled < LENGTH_SIZE)
      this.#length[this.#lengthFilled++] = chunk[at++] as number;
    return at;
  }

  #begin(chunk: Uint8Array, at: number): void {
    const size = this.#length.readInt32BE(0);
    if (size < 0 || size > this.#limits.maxFrameBytes)
      throw new FrameTooLarge(size, this.#limits.maxFrameBytes);
    this.#frameSize = size;
    // The API key comes first; where it is not there yet, the frame is one like all others.
    const produces = at + 1 < chunk.length && chunk[at] === 0 && chunk[at + 1] === ApiKey.Produce;
    this.#piece = produces ? this.#memory.take(size) : undefined;
    if (this.#piece !== undefined) {
      this.#frame = this.#piece.bytes;
      return;
    }
    // A small frame may share Node's pool; a large one has memory of its own, so that keeping a view of it keeps nothing else.
    const first = Math.min(size, TRUSTED_SIZE);
    this.#frame = first < 4096 ? Buffer.allocUnsafe(first) : Buffer.allocUnsafeSlow(first);
  }

  #fill(chunk: Uint8Array, start: number): number {
    let frame = this.#frame as Buffer;
    const take = Math.min(chunk.length - start, this.#frameSize - this.#filled);
    if (this.#filled + take > frame.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(this.#frameSize, Math.max(frame.length * 2, this.#filled + take)),
      );
      frame.copy(grown, 0, 0, this.#filled);
      frame = grown;
      this.#frame = grown;
    }
    frame.set(
      start === 0 && take === chunk.length ? chunk : chunk.subarray(start, start + take),
      this.#filled,
    );
    this.#filled += take;
    return start + take;
  }
}
