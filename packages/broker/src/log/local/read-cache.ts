// What was read from segments lately, in pieces of whole batches. A consumer that reads on finds the next batches here without a
// system call; the piece behind the last one it read is fetched ahead of it.
//
// Must stay true: a piece holds whole, checked batches of one segment; all pieces together stay below `readCacheBytes` (but for the one
// just read), and those read ahead below half of it.
import { LogError } from '../partition-log.ts';
import { ReusedMemory } from '../reused-memory.ts';
import { readPiece, type Piece } from './piece.ts';
import type { Segment } from './segment.ts';
import type { Located } from './segment-indexes.ts';
import type { LocalLogSettings } from './settings.ts';

/** So many finished segments keep their indexes in memory: 5 MB each at 1 GB and the default density. */
const MAX_INDEXED_SEGMENTS = 8;

export class ReadCache {
  readonly #settings: LocalLogSettings;
  readonly #memory: ReusedMemory;
  /** Pieces read ahead and not asked for yet, at most: half as much as the cache holds. */
  readonly #maxAhead: number;
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
    this.#memory = new ReusedMemory(settings.readCacheBytes / 4);
    this.#maxAhead = Math.max(1, Math.floor(settings.readCacheBytes / settings.readAheadBytes / 2));
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

  /**
   * Reads the piece that holds `offset` (or begins behind it, where compaction left a gap); undefined when the segment ends before. It is held for
   * the caller, who releases its memory after the last look: the cache may have dropped it by then.
   */
  async load(segment: Segment, offset: number): Promise<Piece | undefined> {
    const pieces = this.#bySegment.get(segment);
    const before = pieces?.find((piece) => piece.lastOffset + 1 === offset);
    const ahead = this.#ahead.get(segment);
    if (before !== undefined && ahead?.position === before.filePosition) {
      this.#ahead.delete(segment);
      const piece = await ahead.piece;
      if (piece !== undefined && piece.lastOffset >= offset) return this.#keepForCaller(piece);
      piece?.memory?.release();
    }
    const piece =
      before === undefined
        ? await this.#search(segment, offset)
        : await this.#read(segment, behind(before), offset);
    return piece === undefined ? undefined : this.#keepForCaller(piece);
  }

  /** The piece has been read to its end: fetches what follows. */
  readAhead(piece: Piece): void {
    const { segment } = piece;
    const position = piece.filePosition;
    if (position >= segment.written.size || this.#ahead.get(segment)?.position === position) return;
    if (this.find(segment, piece.lastOffset + 1) !== undefined) return;
    const next = this.#read(segment, behind(piece), piece.lastOffset + 1).catch(() => undefined);
    this.#dropAhead(segment);
    this.#ahead.set(segment, { position, piece: next });
    // With many partitions the next piece of each would be more than the cache is for all of them.
    for (const [oldest] of this.#ahead) {
      if (this.#ahead.size <= this.#maxAhead) break;
      this.#dropAhead(oldest);
    }
  }

  /** What was read ahead of a segment is not asked for. */
  #dropAhead(segment: Segment): void {
    const ahead = this.#ahead.get(segment);
    if (ahead === undefined) return;
    this.#ahead.delete(segment);
    void ahead.piece.then((piece) => piece?.memory?.release());
  }

  forget(segment: Segment): void {
    for (const piece of this.#bySegment.get(segment) ?? []) this.#drop(piece);
    this.#dropAhead(segment);
    this.#indexed.delete(segment);
  }

  async #search(segment: Segment, offset: number): Promise<Piece | undefined> {
    const located = await segment.indexes.locate(offset);
    this.#usedIndexes(segment);
    try {
      return await this.#read(segment, located, offset);
    } catch (error) {
      if (!(error instanceof LogError) || located.position === 0) throw error;
      // The index may be what is wrong: only the .log file itself can tell. If that is, the place found first is the one to report.
      try {
        await segment.indexes.rebuild();
      } catch {
        throw error;
      }
      return this.#read(segment, await segment.indexes.locate(offset), offset);
    }
  }

  #read(segment: Segment, from: Located, offset: number): Promise<Piece | undefined> {
    return readPiece(segment, from, offset, this.#settings, this.#memory);
  }

  #keepForCaller(piece: Piece): Piece {
    piece.memory?.retain();
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
    piece.memory?.release();
    this.#bytes -= piece.bytes.length;
    const pieces = this.#bySegment.get(piece.segment)!;
    if (pieces.length === 1) this.#bySegment.delete(piece.segment);
    else pieces.splice(pieces.indexOf(piece), 1);
  }
}

/** Where the next piece begins. */
function behind(piece: Piece): Located {
  return { position: piece.filePosition, lastOffset: undefined, baseOffset: piece.lastOffset + 1 };
}
