// What was read from segments lately, in pieces of whole batches. A consumer that reads on finds the next batches here without a
// system call; the piece behind the last one it read is fetched ahead of it.
//
// Must stay true: a piece holds whole, checked batches of one segment; all pieces together stay below `readCacheBytes` (but for the one
// just read).
import { batchBaseOffset, batchLastOffset } from '@moldau/protocol/records/batch-header.ts';

import { LogError, type LogSlice, type ReadLimits } from '../partition-log.ts';
import { hasGoodCrc, plausibleBatchSize } from './batch-check.ts';
import type { Segment } from './segment.ts';
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
}

/** So many finished segments keep their indexes in memory: 5 MB each at 1 GB and the default density. */
const MAX_INDEXED_SEGMENTS = 8;

export const NOTHING: LogSlice = { buffers: [], byteLength: 0 };

export class ReadCache {
  readonly #settings: LocalLogSettings;
  /** In order of use, the least recent first. */
  readonly #pieces = new Set<Piece>();
  readonly #bySegment = new Map<Segment, Piece[]>();
  readonly #ahead = new Map<
    Segment,
    { readonly position: number; readonly piece: Promise<Piece | undefined> }
  >();
  /** Segments whose indexes are in memory because they were read, the least recent first. */
  readonly #indexed = new Set<Segment>();
  #bytes = 0;

  constructor(settings: LocalLogSettings) {
    this.#settings = settings;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The piece that holds `offset`, if it is there. */
  find(segment: Segment, offset: number): Piece | undefined {
    const pieces = this.#bySegment.get(segment);
    if (pieces === undefined) return undefined;
    for (const piece of pieces) {
      if (offset >= piece.baseOffsets[0]! && offset <= piece.lastOffset) {
        this.#pieces.delete(piece);
        this.#pieces.add(piece);
        return piece;
      }
    }
    return undefined;
  }

  /** Reads the piece that holds `offset` (or begins behind it, where compaction left a gap); undefined when the segment ends before. */
  async load(segment: Segment, offset: number): Promise<Piece | undefined> {
    const pieces = this.#bySegment.get(segment);
    const before = pieces?.find((piece) => piece.lastOffset + 1 === offset);
    const ahead = this.#ahead.get(segment);
    if (before !== undefined && ahead?.position === before.filePosition) {
      this.#ahead.delete(segment);
      const piece = await ahead.piece;
      if (piece !== undefined && piece.lastOffset >= offset) return this.#keep(piece);
    }
    const position = before?.filePosition ?? (await segment.locate(offset));
    let piece: Piece | undefined;
    try {
      piece = await this.#read(segment, position, offset);
    } catch (error) {
      if (!(error instanceof LogError) || position === 0) throw error;
      // The index may be what is wrong: only the .log file itself can tell.
      await segment.rebuildIndexes();
      piece = await this.#read(segment, await segment.locate(offset), offset);
    }
    this.#usedIndexes(segment);
    return piece === undefined ? undefined : this.#keep(piece);
  }

  /** The piece has been read to its end: fetches what follows. */
  readAhead(piece: Piece): void {
    const { segment } = piece;
    const position = piece.filePosition;
    if (position >= segment.written.size || this.#ahead.get(segment)?.position === position) return;
    if (this.find(segment, piece.lastOffset + 1) !== undefined) return;
    const next = this.#read(segment, position, piece.lastOffset + 1).catch(() => undefined);
    this.#ahead.set(segment, { position, piece: next });
  }

  forget(segment: Segment): void {
    for (const piece of this.#bySegment.get(segment) ?? []) this.#drop(piece);
    this.#ahead.delete(segment);
    this.#indexed.delete(segment);
  }

  async #read(segment: Segment, from: number, offset: number): Promise<Piece | undefined> {
    let position = from;
    let length = this.#settings.readAheadBytes;
    for (;;) {
      const end = Math.min(position + length, segment.written.size);
      if (end <= position) return undefined;
      const bytes = Buffer.allocUnsafeSlow(end - position);
      const got = await segment.log.read(bytes, position);
      if (got < bytes.length) throw damaged(segment.log, position + got, 'the file is shorter than it was');
      const parsed = this.#parse(segment, bytes, position, offset);
      if (typeof parsed !== 'number') return parsed;
      // A positive number: the first batch needs so many bytes. Otherwise all were before the offset, up to there.
      if (parsed > 0) {
        length = parsed;
      } else {
        position -= parsed;
        length = this.#settings.readAheadBytes;
      }
    }
  }

  #parse(segment: Segment, bytes: Uint8Array, position: number, offset: number): Piece | number {
    const starts: number[] = [];
    const baseOffsets: number[] = [];
    let lastOffset = -1;
    let skipped = 0;
    let at = 0;
    while (at < bytes.length) {
      const size = plausibleBatchSize(bytes, at, lastOffset + 1 || segment.baseOffset);
      if (size === undefined) {
        if (bytes.length - at < 61 && position + bytes.length < segment.written.size) break;
        throw damaged(segment.log, position + at, 'there is no batch');
      }
      if (at + size > bytes.length) {
        if (position + at + size > segment.written.size)
          throw damaged(segment.log, position + at, 'there is no batch');
        if (starts.length === 0 && skipped === at && at === 0) return size;
        break;
      }
      lastOffset = batchLastOffset(bytes, at);
      if (lastOffset >= offset) {
        if (this.#settings.verifyReads && !hasGoodCrc(bytes, at)) {
          throw damaged(segment.log, position + at, 'the checksum of the batch is wrong');
        }
        starts.push(at);
        baseOffsets.push(batchBaseOffset(bytes, at));
      } else {
        skipped = at + size;
      }
      at += size;
    }
    if (starts.length === 0) return -skipped;
    return { segment, bytes, starts, baseOffsets, lastOffset, byteLength: at, filePosition: position + at };
  }

  #keep(piece: Piece): Piece {
    this.#pieces.add(piece);
    const pieces = this.#bySegment.get(piece.segment);
    if (pieces === undefined) this.#bySegment.set(piece.segment, [piece]);
    else pieces.push(piece);
    this.#bytes += piece.bytes.length;
    for (const oldest of this.#pieces) {
      if (this.#bytes <= this.#settings.readCacheBytes || oldest === piece) break;
      this.#drop(oldest);
    }
    return piece;
  }

  #usedIndexes(segment: Segment): void {
    this.#indexed.delete(segment);
    this.#indexed.add(segment);
    for (const oldest of this.#indexed) {
      if (this.#indexed.size <= MAX_INDEXED_SEGMENTS) break;
      this.#indexed.delete(oldest);
      oldest.dropIndexes();
    }
  }

  #drop(piece: Piece): void {
    if (!this.#pieces.delete(piece)) return;
    this.#bytes -= piece.bytes.length;
    const pieces = this.#bySegment.get(piece.segment)!;
    if (pieces.length === 1) this.#bySegment.delete(piece.segment);
    else pieces.splice(pieces.indexOf(piece), 1);
  }
}

/** The batches of a piece from the one that holds `offset` on, as far as the limits allow. */
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
    const last = middle + 1 < starts.length ? baseOffsets[middle + 1]! - 1 : piece.lastOffset;
    if (last < offset) first = middle + 1;
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
  return {
    slice: { buffers: [piece.bytes.subarray(from, end)], byteLength: end - from },
    complete: next === starts.length,
  };
}
