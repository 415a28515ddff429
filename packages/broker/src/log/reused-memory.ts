// Memory for what comes and goes in large pieces, used again and again: the frames of produce requests, what is read from segments.
//
//   size classes: 4 KB, 5, 6, 7, 8, 10, 12, 14, 16, 20 ... 2 MB      (four steps to each doubling: at most a fifth lies idle)
//
// Whoever needs bytes takes a piece of their class, or a fresh one; the last holder (see batch-memory.ts) puts it back. What is put back
// beyond the limit is left to the garbage collector.
import assert from 'node:assert';
import type { BatchMemory } from './batch-memory.ts';

/** Smaller pieces are not worth it: Node's own pool serves them. */
export const SMALLEST_PIECE = 4 * 1024;
export const LARGEST_PIECE = 2 * 1024 * 1024;
const STEPS = 4;

export class ReusedMemory {
  readonly #maxIdleBytes: number;
  readonly #idle = new Map<number, Buffer[]>();
  #idleBytes = 0;

  /** @param maxIdleBytes how much is kept for later, over all sizes */
  constructor(maxIdleBytes: number) {
    this.#maxIdleBytes = maxIdleBytes;
  }

  get idleBytes(): number {
    return this.#idleBytes;
  }

  /** A piece for `size` bytes, with one holder; undefined when pieces of that size are not kept. */
  take(size: number): MemoryPiece | undefined {
    if (size < SMALLEST_PIECE || size > LARGEST_PIECE) return undefined;
    const pieceSize = classOf(size);
    const idle = this.#idle.get(pieceSize)?.pop();
    if (idle !== undefined) this.#idleBytes -= pieceSize;
    return new MemoryPiece(this, idle ?? Buffer.allocUnsafeSlow(pieceSize), size);
  }

  /** Only for MemoryPiece. */
  giveBack(bytes: Buffer): void {
    if (this.#idleBytes + bytes.length > this.#maxIdleBytes) return;
    this.#idleBytes += bytes.length;
    const pieces = this.#idle.get(bytes.length);
    if (pieces === undefined) this.#idle.set(bytes.length, [bytes]);
    else pieces.push(bytes);
  }
}

/** The smallest piece that holds `size` bytes. */
export function classOf(size: number): number {
  const power = 2 ** Math.floor(Math.log2(size));
  const step = power / STEPS;
  return Math.ceil(size / step) * step;
}

/** One piece of memory and who holds it. */
export class MemoryPiece implements BatchMemory {
  /** As long as was asked for. */
  readonly bytes: Buffer;
  readonly #whole: Buffer;
  readonly #pool: ReusedMemory;
  #holders = 1;

  constructor(pool: ReusedMemory, whole: Buffer, size: number) {
    this.#pool = pool;
    this.#whole = whole;
    this.bytes = whole.subarray(0, size);
  }

  retain(): void {
    assert(this.#holders > 0, 'memory is held only by someone who has it from a holder');
    this.#holders += 1;
  }

  release(): void {
    assert(this.#holders > 0, 'each holder lets go once');
    this.#holders -= 1;
    if (this.#holders === 0) this.#pool.giveBack(this.#whole);
  }
}
