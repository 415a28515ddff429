// One frame of the write-ahead log: what one group commit makes durable, of all its partitions.
//
//    0  uint32   magic "MWF1"
//    4  uint32   CRC-32C of the header from byte 8 to its end
//    8  uint32   header length: all of this table, sections included
//   12  uint32   body length: the batches' bytes, which follow the header without a gap
//   16  uint64   sequence: grows by one with each frame, over all files
//   24  uint64   durable sequence: every frame up to this one was durable when this one was written
//   32  uint32   epoch of the file: given anew each time a file is reused, so that what it held before is not taken for new
//   36  uint32   number of sections
//   40  uint64   reserved, 0
//   48  sections, each:
//         uint8    kind: 1 batches, 2 start offset, 3 batches in a segment
//         uint8    1: the partition is defined here (its first mention in this file)
//         uint16   length of the topic's name, 0 when not defined here
//         uint32   the partition's number: compact, of this process run
//         defined: int32 partition, 16 bytes topic id, the topic's name (UTF-8)
//         kind 1:  uint32 number of batches, then of each
//                    uint64 base offset, int32 last offset delta, uint32 length, int32 leader epoch,
//                    uint32 CRC of the batch,
//                    uint8 flags (1: begins a new segment), 3 bytes 0
//         kind 2:  uint64 log start offset
//         kind 3:  uint64 base offset of the segment, uint64 position in it, then as kind 1; the bytes are there and not in the body
//   then  body, then zeros up to the next multiple of 4,096
//
// The header's CRC covers the table; a batch's own CRC (held against the table) covers its bytes from the attributes on; and the 21 bytes before
// those are held against the table field by field. So each byte is protected, and checksummed once, by whoever received it.
//
// All numbers are big-endian. Frames begin at multiples of 4,096 so that writing one never touches a disk sector of another, and so
// that a scan can look for the next one behind a damaged one.
import assert from 'node:assert/strict';

import { crc32c } from '@moldau/protocol/crc32c.ts';
import { RECORD_BATCH_OVERHEAD, batchCrc } from '@moldau/protocol/records/batch-header.ts';

import type { AppendedBatch, PartitionId } from '../partition-log.ts';

export const WAL_ALIGNMENT = 4096;
export const FRAME_FIXED_BYTES = 48;
const FRAME_MAGIC = 0x4d574631;
const SECTION_FIXED_BYTES = 8;
const DEFINITION_FIXED_BYTES = 20;
const BATCH_ENTRY_BYTES = 28;
const TWO_TO_32 = 2 ** 32;

/** Longest header a scan believes in: a frame of a million small batches needs 28 MB. */
export const MAX_HEADER_BYTES = 64 * 1024 * 1024;

const KIND_BATCHES = 1;
const KIND_START = 2;
const KIND_SEGMENT = 3;
const FLAG_DEFINED = 1;
const FLAG_BEGINS_SEGMENT = 1;

/** A partition as the write-ahead log knows it. */
export interface WalPartition {
  readonly id: PartitionId;
  readonly walNumber: number;
  /** The epoch of the file that has this partition's definition; changed by the writer. */
  definedInEpoch: number;
}

export interface FrameBatchEntry {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly length: number;
  readonly leaderEpoch: number;
  readonly crc: number;
  readonly beginsSegment: boolean;
}

export type FrameSection =
  | { readonly kind: 'batches'; readonly number: number; readonly batches: readonly FrameBatchEntry[] }
  | { readonly kind: 'start'; readonly number: number; readonly startOffset: number }
  | {
      readonly kind: 'segment';
      readonly number: number;
      readonly segmentBase: number;
      readonly position: number;
      readonly batches: readonly FrameBatchEntry[];
    };

export interface FrameHeader {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly sequence: number;
  readonly durableSequence: number;
  readonly epoch: number;
  readonly definitions: ReadonlyMap<number, PartitionId>;
  readonly sections: readonly FrameSection[];
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / WAL_ALIGNMENT) * WAL_ALIGNMENT;
}

/** At most so many header bytes for a section that mentions `id` with `batches` batches. */
export function sectionBytesBound(id: PartitionId, batches: number): number {
  return (
    SECTION_FIXED_BYTES + DEFINITION_FIXED_BYTES + id.topic.length * 3 + 20 + batches * BATCH_ENTRY_BYTES
  );
}

const ZEROS = new Uint8Array(WAL_ALIGNMENT);

/**
 * Builds frames one at a time. The header's buffer is used again for the next frame: a frame must have been written before the next `begin`.
 */
export class FrameWriter {
  #header = Buffer.allocUnsafeSlow(16 * 1024);
  #at = 0;
  #epoch = 0;
  #sections = 0;
  #bodyBytes = 0;
  #countAt = 0;
  #count = 0;
  #buffers: Uint8Array[] = [];

  begin(sequence: number, durableSequence: number, epoch: number): void {
    this.#epoch = epoch;
    this.#sections = 0;
    this.#bodyBytes = 0;
    this.#buffers = [this.#header];
    const header = this.#header;
    header.fill(0, 0, FRAME_FIXED_BYTES);
    header.writeUInt32BE(FRAME_MAGIC, 0);
    putUint64(header, 16, sequence);
    putUint64(header, 24, durableSequence);
    header.writeUInt32BE(epoch, 32);
    this.#at = FRAME_FIXED_BYTES;
  }

  startOffset(partition: WalPartition, offset: number): void {
    this.#section(KIND_START, partition);
    this.#at = putUint64(this.#header, this.#at, offset);
  }

  /** Begins a section of batches; `batch` for each of them follows. */
  batches(partition: WalPartition): void {
    this.#section(KIND_BATCHES, partition);
    this.#beginBatches();
  }

  /** Begins a section of batches that lie in a segment; `batchInSegment` for each of them follows. */
  segmentBatches(partition: WalPartition, segmentBase: number, position: number): void {
    this.#section(KIND_SEGMENT, partition);
    this.#room(16);
    this.#at = putUint64(this.#header, this.#at, segmentBase);
    this.#at = putUint64(this.#header, this.#at, position);
    this.#beginBatches();
  }

  batch(batch: AppendedBatch, beginsSegment: boolean): void {
    this.batchInSegment(batch, beginsSegment);
    this.#buffers.push(batch.bytes);
    this.#bodyBytes += batch.bytes.length;
  }

  batchInSegment(batch: AppendedBatch, beginsSegment: boolean): void {
    this.#room(BATCH_ENTRY_BYTES);
    const header = this.#header;
    let at = putUint64(header, this.#at, batch.baseOffset);
    at = header.writeInt32BE(batch.lastOffset - batch.baseOffset, at);
    at = header.writeUInt32BE(batch.bytes.length, at);
    at = header.writeInt32BE(batch.leaderEpoch, at);
    at = header.writeUInt32BE(batchCrc(batch.bytes, 0), at);
    this.#at = header.writeUInt32BE(beginsSegment ? FLAG_BEGINS_SEGMENT * 0x1000000 : 0, at);
    this.#count += 1;
    header.writeUInt32BE(this.#count, this.#countAt);
  }

  /** The finished frame, padded: what to write, and how long it is. */
  finish(): { readonly buffers: readonly Uint8Array[]; readonly byteLength: number } {
    const header = this.#header;
    header.writeUInt32BE(this.#at, 8);
    header.writeUInt32BE(this.#bodyBytes, 12);
    header.writeUInt32BE(this.#sections, 36);
    header.writeUInt32BE(crc32c(header, 8, this.#at), 4);
    this.#buffers[0] = header.subarray(0, this.#at);
    const length = this.#at + this.#bodyBytes;
    const padded = alignUp(length);
    if (padded > length) {
      this.#buffers.push(ZEROS.subarray(0, padded - length));
    }
    const buffers = this.#buffers;
    this.#buffers = [];
    return { buffers, byteLength: padded };
  }

  #beginBatches(): void {
    this.#room(4);
    this.#countAt = this.#at;
    this.#count = 0;
    this.#at = this.#header.writeUInt32BE(0, this.#at);
  }

  #section(kind: number, partition: WalPartition): void {
    const defines = partition.definedInEpoch !== this.#epoch;
    this.#room(sectionBytesBound(partition.id, 0));
    const header = this.#header;
    const from = this.#at;
    header.writeUInt8(kind, from);
    header.writeUInt8(defines ? FLAG_DEFINED : 0, from + 1);
    header.writeUInt16BE(0, from + 2);
    header.writeUInt32BE(partition.walNumber, from + 4);
    this.#at = from + SECTION_FIXED_BYTES;
    if (defines) {
      header.writeInt32BE(partition.id.partition, this.#at);
      const idBytes = Buffer.from(partition.id.topicId, 'base64url');
      assert.equal(idBytes.length, 16, `topic id ${partition.id.topicId} is not 16 bytes`);
      idBytes.copy(header, this.#at + 4);
      const nameBytes = header.write(partition.id.topic, this.#at + DEFINITION_FIXED_BYTES, 'utf8');
      header.writeUInt16BE(nameBytes, from + 2);
      this.#at += DEFINITION_FIXED_BYTES + nameBytes;
      partition.definedInEpoch = this.#epoch;
    }
    this.#sections += 1;
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#header.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#header.length * 2, this.#at + bytes));
      this.#header.copy(larger, 0, 0, this.#at);
      this.#header = larger;
    }
  }
}

/** What the first 48 bytes say, before the rest of the header has been read: undefined when no frame can begin here. */
export function peekFrame(
  bytes: Uint8Array,
): { headerBytes: number; bodyBytes: number; sequence: number; epoch: number } | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < FRAME_FIXED_BYTES || view.readUInt32BE(0) !== FRAME_MAGIC) {
    return undefined;
  }
  const headerBytes = view.readUInt32BE(8);
  if (headerBytes < FRAME_FIXED_BYTES || headerBytes > MAX_HEADER_BYTES) {
    return undefined;
  }
  return {
    headerBytes,
    bodyBytes: view.readUInt32BE(12),
    sequence: getUint64(view, 16),
    epoch: view.readUInt32BE(32),
  };
}

/** Reads a header that lies whole in `bytes`; undefined when it is not one, damaged, or not as this code writes it. */
export function decodeFrameHeader(bytes: Uint8Array): FrameHeader | undefined {
  const peeked = peekFrame(bytes);
  if (peeked === undefined || peeked.headerBytes > bytes.length) {
    return undefined;
  }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, peeked.headerBytes);
  if (view.readUInt32BE(4) !== crc32c(view, 8, view.length)) {
    return undefined;
  }
  const reader = new SectionReader(view);
  const count = view.readUInt32BE(36);
  for (let i = 0; i < count; i++) {
    if (!reader.section()) {
      return undefined;
    }
  }
  if (reader.at !== view.length || reader.bodyBytes !== peeked.bodyBytes) {
    return undefined;
  }
  return {
    ...peeked,
    durableSequence: getUint64(view, 24),
    definitions: reader.definitions,
    sections: reader.sections,
  };
}

class SectionReader {
  readonly definitions = new Map<number, PartitionId>();
  readonly sections: FrameSection[] = [];
  at = FRAME_FIXED_BYTES;
  bodyBytes = 0;
  readonly #view: Buffer;

  constructor(view: Buffer) {
    this.#view = view;
  }

  /** Reads one section; false when it does not fit or means nothing. */
  section(): boolean {
    const view = this.#view;
    if (!this.#has(SECTION_FIXED_BYTES)) return false;
    const kind = view.readUInt8(this.at);
    const defined = view.readUInt8(this.at + 1) === FLAG_DEFINED;
    const nameBytes = view.readUInt16BE(this.at + 2);
    const number = view.readUInt32BE(this.at + 4);
    this.at += SECTION_FIXED_BYTES;
    if (defined) {
      if (!this.#has(DEFINITION_FIXED_BYTES + nameBytes)) return false;
      const partition = view.readInt32BE(this.at);
      const topicId = view.toString('base64url', this.at + 4, this.at + 20);
      const topic = view.toString(
        'utf8',
        this.at + DEFINITION_FIXED_BYTES,
        this.at + DEFINITION_FIXED_BYTES + nameBytes,
      );
      this.definitions.set(number, { topic, topicId, partition });
      this.at += DEFINITION_FIXED_BYTES + nameBytes;
    }
    switch (kind) {
      case KIND_BATCHES: {
        const batches = this.#batches();
        if (batches === undefined) return false;
        for (const batch of batches) this.bodyBytes += batch.length;
        this.sections.push({ kind: 'batches', number, batches });
        return true;
      }
      case KIND_START: {
        if (!this.#has(8)) return false;
        this.sections.push({ kind: 'start', number, startOffset: getUint64(view, this.at) });
        this.at += 8;
        return true;
      }
      case KIND_SEGMENT: {
        if (!this.#has(16)) return false;
        const segmentBase = getUint64(view, this.at);
        const position = getUint64(view, this.at + 8);
        this.at += 16;
        const batches = this.#batches();
        if (batches === undefined) return false;
        this.sections.push({ kind: 'segment', number, segmentBase, position, batches });
        return true;
      }
      default:
        return false;
    }
  }

  #batches(): FrameBatchEntry[] | undefined {
    const view = this.#view;
    if (!this.#has(4)) return undefined;
    const count = view.readUInt32BE(this.at);
    this.at += 4;
    if (!this.#has(count * BATCH_ENTRY_BYTES)) return undefined;
    const batches: FrameBatchEntry[] = [];
    for (let i = 0; i < count; i++) {
      const at = this.at;
      const baseOffset = getUint64(view, at);
      const length = view.readUInt32BE(at + 12);
      if (length < RECORD_BATCH_OVERHEAD) return undefined;
      batches.push({
        baseOffset,
        lastOffset: baseOffset + view.readInt32BE(at + 8),
        length,
        leaderEpoch: view.readInt32BE(at + 16),
        crc: view.readUInt32BE(at + 20),
        beginsSegment: view.readUInt8(at + 24) === FLAG_BEGINS_SEGMENT,
      });
      this.at += BATCH_ENTRY_BYTES;
    }
    return batches;
  }

  #has(bytes: number): boolean {
    return this.at + bytes <= this.#view.length;
  }
}

function putUint64(target: Buffer, at: number, value: number): number {
  assert(Number.isSafeInteger(value) && value >= 0, `uint64 ${value}`);
  target.writeUInt32BE(Math.floor(value / TWO_TO_32), at);
  return target.writeUInt32BE(value % TWO_TO_32, at + 4);
}

function getUint64(view: Buffer, at: number): number {
  return view.readUInt32BE(at) * TWO_TO_32 + view.readUInt32BE(at + 4);
}
