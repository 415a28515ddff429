// Reading the records of one batch, one after the other, without copying: key, value and header values are views of the batch, or of
// its decompressed records. The layout is drawn in `record-writer.ts`.
//
// A cursor stands on one record at a time and allocates nothing until a field is asked for, so that compaction can look at keys only
// and a search by timestamp at none. `readRecords` gives plain objects for those who want all.
//
// Must stay true, whatever the bytes: either every record is read to its very end and the records fill the batch exactly, or
// RecordError or CompressionError is thrown; decompressed records take at most `maxDecompressedSize` bytes. The batch itself must have
// passed `checkBatch`.

import { decompress, decompressAsync, MAX_DECOMPRESSED_SIZE } from '../compression/compression.ts';
import {
  RECORD_BATCH_OVERHEAD,
  batchBaseOffset,
  batchBaseTimestamp,
  batchCodecId,
  batchLastOffset,
  batchMaxTimestamp,
  batchRecordCount,
  batchSizeInBytes,
  batchTimestampType,
} from './batch-header.ts';
import { RecordError } from './record-error.ts';
import type { RecordHeader } from './record-writer.ts';

/** A record as read. Its bytes are views: they keep the whole batch alive and change if it does. */
export interface RecordView {
  readonly offset: number;
  /** ms since 1970; -1 for none. With LogAppendTime that of the batch. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export interface ReadOptions {
  /** Default MAX_DECOMPRESSED_SIZE. */
  readonly maxDecompressedSize?: number;
}

const NO_HEADERS: readonly RecordHeader[] = [];
const decoder = new TextDecoder();

/** Stands before the first record until `next` is called. */
export class RecordCursor {
  /** Of the record stood on. */
  offset = -1;
  timestamp = -1;
  headerCount = 0;

  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #count: number;
  readonly #baseOffset: number;
  readonly #lastOffset: number;
  readonly #baseTimestamp: number;
  /** With LogAppendTime the timestamp of all records. */
  readonly #logAppendTime: number | undefined;
  #read = 0;
  /** Where to read on. */
  #at: number;
  /** Where the record stood on begins, and ends. */
  #recordAt = 0;
  #recordEnd = 0;
  #behindTimestamp = 0;
  #keyAt = 0;
  #keySize = -1;
  #valueAt = 0;
  #valueSize = -1;
  #headersAt = 0;

  /** `records`: the batch's records, decompressed, at `[recordsAt, recordsEnd)`. Use `openBatch`. */
  constructor(batch: Uint8Array, at: number, records: Uint8Array, recordsAt: number, recordsEnd: number) {
    this.#bytes = records;
    this.#at = recordsAt;
    this.#end = recordsEnd;
    this.#count = batchRecordCount(batch, at);
    this.#baseOffset = batchBaseOffset(batch, at);
    this.#lastOffset = batchLastOffset(batch, at);
    this.#baseTimestamp = batchBaseTimestamp(batch, at);
    this.#logAppendTime =
      batchTimestampType(batch, at) === 'LogAppendTime' ? batchMaxTimestamp(batch, at) : undefined;
  }

  /**
   * Moves to the next record; false behind the last.
   * @throws RecordError
   */
  next(): boolean {
    if (this.#read === this.#count) {
      if (this.#at !== this.#end) throw this.#error(`${this.#end - this.#at} bytes behind the last record`);
      return false;
    }
    this.#recordAt = this.#at;
    const size = this.#varint(this.#end);
    if (size < 0 || size > this.#end - this.#at) throw this.#error(`record size ${size}`);
    const end = this.#at + size;
    this.#recordEnd = end;
    // The attributes have no bit with a meaning: whatever they say is ignored, as by Kafka.
    if (size === 0) throw this.#error('record size 0');
    this.#at++;
    const timestamp = this.#baseTimestamp + this.#varlong(end);
    this.#behindTimestamp = this.#at;
    this.timestamp = this.#logAppendTime ?? timestamp;
    if (!Number.isSafeInteger(timestamp)) throw this.#error(`timestamp ${timestamp}`);
    const offset = this.#baseOffset + this.#varint(end);
    if (offset > this.#lastOffset || offset < this.#baseOffset || (this.#read > 0 && offset <= this.offset)) {
      throw this.#error(`offset ${offset}`);
    }
    this.offset = offset;
    this.#keySize = this.#fieldSize(end, 'key');
    this.#keyAt = this.#at;
    if (this.#keySize > 0) this.#at += this.#keySize;
    this.#valueSize = this.#fieldSize(end, 'value');
    this.#valueAt = this.#at;
    if (this.#valueSize > 0) this.#at += this.#valueSize;
    this.#skipHeaders(end);
    if (this.#at !== end) throw this.#error(`${end - this.#at} bytes behind its last header`);
    this.#read++;
    return true;
  }

  get key(): Uint8Array | null {
    return this.#keySize < 0 ? null : this.#bytes.subarray(this.#keyAt, this.#keyAt + this.#keySize);
  }

  get value(): Uint8Array | null {
    return this.#valueSize < 0 ? null : this.#bytes.subarray(this.#valueAt, this.#valueAt + this.#valueSize);
  }

  /** The record stood on as it lies there, its size in front. */
  get raw(): Uint8Array {
    return this.#bytes.subarray(this.#recordAt, this.#recordEnd);
  }

  /** Of `raw`, what follows the timestamp: offset delta, key, value, headers. */
  get rawBehindTimestamp(): Uint8Array {
    return this.#bytes.subarray(this.#behindTimestamp, this.#recordEnd);
  }

  get hasKey(): boolean {
    return this.#keySize >= 0;
  }

  get hasValue(): boolean {
    return this.#valueSize >= 0;
  }

  get headers(): readonly RecordHeader[] {
    if (this.headerCount === 0) return NO_HEADERS;
    const headers: RecordHeader[] = [];
    const resumeAt = this.#at;
    this.#at = this.#headersAt;
    for (let index = 0; index < this.headerCount; index++) {
      const key = decoder.decode(this.#field(this.#varint(this.#recordEnd)));
      const valueSize = this.#varint(this.#recordEnd);
      headers.push({ key, value: valueSize < 0 ? null : this.#field(valueSize) });
    }
    this.#at = resumeAt;
    return headers;
  }

  #field(size: number): Uint8Array {
    const at = this.#at;
    this.#at += size;
    return this.#bytes.subarray(at, at + size);
  }

  #skipHeaders(end: number): void {
    const count = this.#varint(end);
    // A header takes 2 bytes at least.
    if (count < 0 || count * 2 > end - this.#at) throw this.#error(`${count} headers`);
    this.headerCount = count;
    this.#headersAt = this.#at;
    for (let index = 0; index < count; index++) {
      const keySize = this.#fieldSize(end, 'header key');
      if (keySize < 0) throw this.#error('a header without key');
      this.#at += keySize;
      const valueSize = this.#fieldSize(end, 'header value');
      if (valueSize > 0) this.#at += valueSize;
    }
  }

  /** Size of a field that lies between here and `end`; negative for null. */
  #fieldSize(end: number, what: string): number {
    const size = this.#varint(end);
    if (size > end - this.#at) throw this.#error(`${what} of ${size} bytes where ${end - this.#at} are left`);
    return size;
  }

  #varint(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let zigzag = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw this.#error('a number that does not end');
      const byte = bytes[at++]!;
      zigzag |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift === 28 && byte > 0x0f) throw this.#error('a number beyond 32 bits');
        this.#at = at;
        return (zigzag >>> 1) ^ -(zigzag & 1);
      }
    }
    throw this.#error('a number longer than 5 bytes');
  }

  #varlong(end: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = at < end ? bytes[at++]! : -1;
    const negative = (byte & 1) === 1;
    let magnitude = (byte & 0x7f) >> 1;
    for (let scale = 64; byte >= 0x80; scale *= 128) {
      byte = at < end ? bytes[at++]! : -1;
      magnitude += (byte & 0x7f) * scale;
      if (magnitude > Number.MAX_SAFE_INTEGER) throw this.#error('a number beyond 53 bits');
      if (at - this.#at > 10) throw this.#error('a number longer than 10 bytes');
    }
    if (byte === -1) throw this.#error('a number that does not end');
    this.#at = at;
    return negative ? -magnitude - 1 : magnitude;
  }

  #error(what: string): RecordError {
    return new RecordError(
      `record ${this.#read} of ${this.#count} in the batch at offset ${this.#baseOffset}: ${what} at byte ${this.#at}`,
    );
  }
}

/** @throws CompressionError */
export function openBatch(bytes: Uint8Array, at = 0, options: ReadOptions = {}): RecordCursor {
  const end = at + batchSizeInBytes(bytes, at);
  const start = at + RECORD_BATCH_OVERHEAD;
  const codec = batchCodecId(bytes, at);
  // An empty batch may name a codec though it has nothing to decompress.
  if (codec === 0 || (start === end && batchRecordCount(bytes, at) === 0))
    return new RecordCursor(bytes, at, bytes, start, end);
  const maxSize = options.maxDecompressedSize ?? MAX_DECOMPRESSED_SIZE;
  const records = decompress(codec, bytes.subarray(start, end), maxSize);
  return new RecordCursor(bytes, at, records, 0, records.length);
}

/** `openBatch` with the decompression off the event loop. Rejects with CompressionError. */
export async function openBatchAsync(
  bytes: Uint8Array,
  at = 0,
  options: ReadOptions = {},
): Promise<RecordCursor> {
  const codec = batchCodecId(bytes, at);
  if (codec === 0 || batchRecordCount(bytes, at) === 0) return openBatch(bytes, at, options);
  const body = bytes.subarray(at + RECORD_BATCH_OVERHEAD, at + batchSizeInBytes(bytes, at));
  const records = await decompressAsync(codec, body, options.maxDecompressedSize);
  return new RecordCursor(bytes, at, records, 0, records.length);
}

/** All records of a batch as objects, read as they are asked for. @throws RecordError, CompressionError */
export function* readRecords(
  bytes: Uint8Array,
  at = 0,
  options: ReadOptions = {},
): Generator<RecordView, void, void> {
  const cursor = openBatch(bytes, at, options);
  while (cursor.next()) {
    yield {
      offset: cursor.offset,
      timestamp: cursor.timestamp,
      key: cursor.key,
      value: cursor.value,
      headers: cursor.headers,
    };
  }
}
