// A piece of a segment as it was read: whole batches in one buffer, each of them checked.
//
// Must stay true: nothing is handed out that is not what was written. What the CRC of a batch does not cover (its base offset) has to follow
// from the batch before or from the index.
import {
  RECORD_BATCH_OVERHEAD,
  batchBaseOffset,
  batchLastOffset,
} from '@moldau/protocol/records/batch-header.ts';

import type { LogSlice, ReadLimits } from '../partition-log.ts';
import type { MemoryPiece, ReusedMemory } from '../reused-memory.ts';
import { hasGoodCrc, plausibleBatchSize } from './batch-check.ts';
import type { Segment } from './segment.ts';
import type { Located } from './segment-indexes.ts';
import { damaged } from './segment-scan.ts';
import type { LocalLogSettings } from './settings.ts';

export interface Piece {
  readonly segment: Segment;
  readonly bytes: Uint8Array;
  /** Of each batch: where it begins in `bytes`, its first offset. */
  readonly starts: readonly number[];
  readonly baseOffsets: readonly number[];
  readonly lastOffset: number;
  /** Where the last batch ends: in `bytes`, in the file. */
  readonly byteLength: number;
  readonly filePosition: number;
  /** What `bytes` lie in, if that is used again. Whoever keeps the piece is its holder. */
  readonly memory: MemoryPiece | undefined;
}

export const NOTHING: LogSlice = { buffers: [], byteLength: 0 };

type ReadSettings = Pick<LocalLogSettings, 'readAheadBytes' | 'verifyReads'>;

/**
 * Reads on from a batch until there is a piece that begins with the batch that holds `offset` (or the first behind it, where compaction left
 * a gap); undefined when the segment ends before.
 * @throws LogError CORRUPT, DiskError
 */
export async function readPiece(
  segment: Segment,
  from: Located,
  offset: number,
  settings: ReadSettings,
  memory: ReusedMemory,
): Promise<Piece | undefined> {
  const walk = new PieceWalk(segment, from, offset, settings.verifyReads);
  let length = settings.readAheadBytes;
  for (;;) {
    const end = Math.min(walk.position + length, segment.written.size);
    if (end <= walk.position) return undefined;
    const taken = memory.take(end - walk.position);
    const bytes = taken?.bytes ?? Buffer.allocUnsafeSlow(end - walk.position);
    const got = await segment.log.read(bytes, walk.position);
    if (got < bytes.length)
      throw damaged(segment.log, walk.position + got, 'the file is shorter than it was');
    const piece = walk.over(bytes, taken);
    if (piece !== undefined) return piece;
    taken?.release();
    length = Math.max(walk.neededBytes, settings.readAheadBytes);
  }
}

class PieceWalk {
  position: number;
  /** What the batch at `position` needs to be read whole, as far as that is known. */
  neededBytes = 0;
  readonly #segment: Segment;
  readonly #offset: number;
  readonly #verify: boolean;
  #lastOffset: number | undefined;
  #baseOffset: number | undefined;

  constructor(segment: Segment, from: Located, offset: number, verify: boolean) {
    this.#segment = segment;
    this.position = from.position;
    this.#lastOffset = from.lastOffset;
    this.#baseOffset = from.baseOffset;
    this.#offset = offset;
    this.#verify = verify;
  }

  /** Walks over what was read at `position`. Returns the piece, or undefined when more has to be read from the new `position` on. */
  over(bytes: Uint8Array, memory: MemoryPiece | undefined): Piece | undefined {
    const segment = this.#segment;
    const first = this.position;
    const starts: number[] = [];
    const baseOffsets: number[] = [];
    let lastOffset = -1;
    let at = 0;
    this.neededBytes = 0;
    while (at < bytes.length) {
      // A batch that is damaged does not take the good ones before it with it: the piece ends, and the next read meets the damage.
      const size = this.#sizeAt(bytes, at, first, starts.length > 0);
      if (size === undefined) break;
      if (batchLastOffset(bytes, at) >= this.#offset) {
        if (this.#verify && !hasGoodCrc(bytes, at)) {
          if (starts.length > 0) break;
          throw damaged(segment.log, first + at, 'the checksum of the batch is wrong');
        }
        starts.push(at);
        baseOffsets.push(batchBaseOffset(bytes, at));
      }
      lastOffset = batchLastOffset(bytes, at);
      at += size;
      this.#baseOffset = lastOffset + 1;
      this.#lastOffset = undefined;
    }
    this.position = first + at;
    if (starts.length === 0) return undefined;
    return {
      segment,
      bytes,
      starts,
      baseOffsets,
      lastOffset,
      byteLength: at,
      filePosition: this.position,
      memory,
    };
  }

  /**
   * The size of the batch at `at`, all of it checked but the CRC; undefined when it does not lie whole in `bytes`, or when there is none where good
   * batches lie before.
   */
  #sizeAt(bytes: Uint8Array, at: number, first: number, afterGood: boolean): number | undefined {
    const segment = this.#segment;
    const left = segment.written.size - first - at;
    if (bytes.length - at < RECORD_BATCH_OVERHEAD && left >= RECORD_BATCH_OVERHEAD) {
      this.neededBytes = RECORD_BATCH_OVERHEAD;
      return undefined;
    }
    const size = plausibleBatchSize(bytes, at, this.#baseOffset ?? segment.baseOffset);
    if (size === undefined || size > left || !segment.follows(this.#baseOffset, batchBaseOffset(bytes, at))) {
      if (afterGood) return undefined;
      throw damaged(segment.log, first + at, 'there is no batch');
    }
    if (this.#lastOffset !== undefined && batchLastOffset(bytes, at) !== this.#lastOffset) {
      throw damaged(segment.log, first + at, 'the index names another batch');
    }
    if (at + size > bytes.length) {
      this.neededBytes = size;
      return undefined;
    }
    return size;
  }
}

/** Held for the reader: the batches of a piece from the one that holds `offset` on, as far as the limits allow. */
export function sliceOf(
  piece: Piece,
  offset: number,
  limits: ReadLimits,
): { slice: LogSlice; complete: boolean } {
  const { starts, baseOffsets } = piece;
  let first = 0;
  let high = starts.length;
  while (first < high) {
    const middle = (first + high) >>> 1;
    if (batchLastOffset(piece.bytes, starts[middle]!) < offset) first = middle + 1;
    else high = middle;
  }
  if (first === starts.length || baseOffsets[first]! >= limits.upToOffset)
    return { slice: NOTHING, complete: false };
  const from = starts[first]!;
  let next = first;
  let end = from;
  while (next < starts.length && baseOffsets[next]! < limits.upToOffset) {
    const batchEnd = next + 1 < starts.length ? starts[next + 1]! : piece.byteLength;
    if (batchEnd - from > limits.maxBytes && !(next === first && limits.atLeastOneBatch)) break;
    end = batchEnd;
    next += 1;
  }
  if (end === from) return { slice: NOTHING, complete: false };
  piece.memory?.retain();
  const memory = piece.memory === undefined ? undefined : [piece.memory];
  return {
    slice: { buffers: [piece.bytes.subarray(from, end)], byteLength: end - from, memory },
    complete: next === starts.length,
  };
}
