// Building a record batch: records are appended one by one in their final layout, then the batch is finished by compressing
// them (if asked) and putting the header in front.
//
//   record:  varint   size of all that follows
//            int8     attributes, none defined
//            varlong  timestamp - base timestamp
//            varint   offset - base offset
//            varint   key size, -1 for null;    key
//            varint   value size, -1 for null;  value
//            varint   number of headers;  each: varint key size, key (UTF-8), varint value size (-1 for null), value
//
// The buffer begins with room for the header, so an uncompressed batch is finished where it was built.

import type { CodecName } from '../compression/codec.ts';
import { codecId } from '../compression/codec.ts';
import { compress, compressAsync } from '../compression/compression.ts';
import {
  CONTROL_FLAG,
  DELETE_HORIZON_FLAG,
  LOG_APPEND_TIME_FLAG,
  NO_LEADER_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  NO_TIMESTAMP,
  RECORD_BATCH_OVERHEAD,
  TRANSACTIONAL_FLAG,
  writeBatchHeader,
} from './batch-header.ts';
import { utf8Size, writeUtf8 } from './utf8.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts';

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** One record to be written. */
export interface NewRecord {
  /** ms since 1970; -1, the default, for none. */
  readonly timestamp?: number;
  readonly key?: Uint8Array | null;
  readonly value?: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
  /** The offset behind that of the record before, unless said otherwise (compaction leaves gaps). */
  readonly offset?: number;
}

export interface BatchOptions {
  /** Default 0, as producers send it. */
  readonly baseOffset?: number;
  /** Default: the offset of the last record. Compaction keeps that of the original batch. */
  readonly lastOffset?: number;
  /** Default -1. */
  readonly leaderEpoch?: number;
  /** Default `none`. */
  readonly codec?: CodecName;
  /** Of the codec; default: the codec's own. */
  readonly level?: number;
  /** Default -1 each: not idempotent. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  /** Default false. */
  readonly transactional?: boolean;
  readonly control?: boolean;
  /** The timestamp of every record with timestamp type LogAppendTime. Default: CreateTime. */
  readonly logAppendTime?: number;
  /** Default: that of the records. What an empty batch says, since compaction keeps it. */
  readonly maxTimestamp?: number;
  /** When compaction may drop tombstones and markers (KIP-534). Default: not set. */
  readonly deleteHorizon?: number;
}

const INITIAL_CAPACITY = 512;
/** Up to this many bytes, a loop is faster than a call of `set`. */
const SHORT_FIELD = 24;
const NO_HEADERS: readonly RecordHeader[] = [];
const MAX_INT32 = 2 ** 31 - 1;

/** A batch under construction. Append records, look at `sizeInBytes` to know when to stop, then call `build` once. */
export class BatchBuilder {
  readonly #options: BatchOptions;
  readonly #baseOffset: number;
  #bytes: Uint8Array;
  #end = RECORD_BATCH_OVERHEAD;
  #count = 0;
  #lastOffset: number;
  #baseTimestamp: number;
  #maxTimestamp = NO_TIMESTAMP;
  #built = false;

  /** `capacity`: bytes to begin with, when the caller can guess the size. The buffer grows as needed. */
  constructor(options: BatchOptions = {}, capacity = INITIAL_CAPACITY) {
    this.#options = options;
    this.#baseOffset = options.baseOffset ?? 0;
    this.#lastOffset = this.#baseOffset - 1;
    this.#baseTimestamp = options.deleteHorizon ?? NO_TIMESTAMP;
    this.#bytes = new Uint8Array(Math.max(capacity, RECORD_BATCH_OVERHEAD));
  }

  /** Size of the batch so far, header included, before compression. */
  get sizeInBytes(): number {
    return this.#end;
  }

  get recordCount(): number {
    return this.#count;
  }

  /**
   * Adds a record; the bytes are copied. Its offset is the one behind the last, or `offset`, which must be beyond the last.
   * @throws RangeError for an offset or timestamp that the format cannot carry
   */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
    offset: number = this.#lastOffset + 1,
  ): void {
    if (this.#built) throw new Error('the batch has been built: no record can be added');
    const first = this.#count === 0;
    const baseTimestamp =
      first && this.#options.deleteHorizon === undefined ? timestamp : this.#baseTimestamp;
    const timestampDelta = timestamp - baseTimestamp;
    const offsetDelta = offset - this.#baseOffset;
    checkDeltas(timestamp, timestampDelta, offsetDelta, offset > this.#lastOffset);

    const bodySize =
      1 +
      varlongSize(timestampDelta) +
      varintSize(offsetDelta) +
      fieldSize(key) +
      fieldSize(value) +
      headersSize(headers);
    this.#reserve(varintSize(bodySize) + bodySize);
    const bytes = this.#bytes;
    let at = writeVarint(bytes, this.#end, bodySize);
    bytes[at++] = 0;
    at = writeVarlong(bytes, at, timestampDelta);
    at = writeVarint(bytes, at, offsetDelta);
    at = writeField(bytes, at, key);
    at = writeField(bytes, at, value);
    this.#end = writeHeaders(bytes, at, headers);

    this.#baseTimestamp = baseTimestamp;
    this.#maxTimestamp = first ? timestamp : Math.max(this.#maxTimestamp, timestamp);
    this.#lastOffset = offset;
    this.#count++;
  }

  /** The finished batch. @throws CompressionError when this build has no such codec */
  build(): Uint8Array {
    const codec = this.#finish();
    if (codec === 'none') return this.#withHeader(codec, this.#bytes, this.#end);
    return this.#compressed(codec, compress(codec, this.#records(), this.#options.level));
  }

  /** `build` with the compression off the event loop. */
  async buildAsync(): Promise<Uint8Array> {
    const codec = this.#finish();
    if (codec === 'none') return this.#withHeader(codec, this.#bytes, this.#end);
    return this.#compressed(codec, await compressAsync(codec, this.#records(), this.#options.level));
  }

  #finish(): CodecName {
    if (this.#built) throw new Error('the batch has been built already');
    this.#built = true;
    // Without records there is nothing to compress, and readers expect nothing.
    return this.#count === 0 ? 'none' : (this.#options.codec ?? 'none');
  }

  #records(): Uint8Array {
    return this.#bytes.subarray(RECORD_BATCH_OVERHEAD, this.#end);
  }

  #compressed(codec: CodecName, records: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(RECORD_BATCH_OVERHEAD + records.length);
    bytes.set(records, RECORD_BATCH_OVERHEAD);
    return this.#withHeader(codec, bytes, bytes.length);
  }

  #withHeader(codec: CodecName, bytes: Uint8Array, sizeInBytes: number): Uint8Array {
    const options = this.#options;
    writeBatchHeader(bytes, 0, {
      baseOffset: this.#baseOffset,
      sizeInBytes,
      leaderEpoch: options.leaderEpoch ?? NO_LEADER_EPOCH,
      attributes: attributesOf(options, codec),
      lastOffsetDelta: (options.lastOffset ?? this.#lastOffset) - this.#baseOffset,
      baseTimestamp: this.#baseTimestamp,
      maxTimestamp: options.logAppendTime ?? options.maxTimestamp ?? this.#maxTimestamp,
      producerId: options.producerId ?? NO_PRODUCER_ID,
      producerEpoch: options.producerEpoch ?? NO_PRODUCER_EPOCH,
      baseSequence: options.baseSequence ?? NO_SEQUENCE,
      recordCount: this.#count,
    });
    // What is kept must not hold much more memory than it needs.
    const waste = bytes.length - sizeInBytes;
    return waste > sizeInBytes / 4 ? bytes.slice(0, sizeInBytes) : bytes.subarray(0, sizeInBytes);
  }

  #reserve(size: number): void {
    const needed = this.#end + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = grown;
  }
}

/** A batch of all `records`. @throws RangeError, CompressionError as `BatchBuilder` does */
export function buildBatch(options: BatchOptions & { readonly records: readonly NewRecord[] }): Uint8Array {
  const builder = new BatchBuilder(options);
  for (const {
    timestamp = NO_TIMESTAMP,
    key = null,
    value = null,
    headers = NO_HEADERS,
    offset,
  } of options.records) {
    builder.append(timestamp, key, value, headers, offset);
  }
  return builder.build();
}

function attributesOf(options: BatchOptions, codec: CodecName): number {
  return (
    codecId(codec) |
    (options.logAppendTime === undefined ? 0 : LOG_APPEND_TIME_FLAG) |
    (options.transactional === true ? TRANSACTIONAL_FLAG : 0) |
    (options.control === true ? CONTROL_FLAG : 0) |
    (options.deleteHorizon === undefined ? 0 : DELETE_HORIZON_FLAG)
  );
}

function checkDeltas(
  timestamp: number,
  timestampDelta: number,
  offsetDelta: number,
  beyondLast: boolean,
): void {
  if (!Number.isSafeInteger(timestamp) || !Number.isSafeInteger(timestampDelta)) {
    throw new RangeError(
      `timestamp ${timestamp} of a record, or its distance from the first, is not a safe integer`,
    );
  }
  if (!beyondLast || !Number.isInteger(offsetDelta) || offsetDelta > MAX_INT32) {
    throw new RangeError(`a record cannot have offset delta ${offsetDelta} here`);
  }
}

function fieldSize(field: Uint8Array | null): number {
  return field === null ? 1 : varintSize(field.length) + field.length;
}

function headersSize(headers: readonly RecordHeader[]): number {
  let size = varintSize(headers.length);
  for (const { key, value } of headers) {
    const keySize = utf8Size(key);
    size += varintSize(keySize) + keySize + fieldSize(value);
  }
  return size;
}

function writeField(bytes: Uint8Array, at: number, field: Uint8Array | null): number {
  if (field === null) return writeVarint(bytes, at, -1);
  const size = field.length;
  const start = writeVarint(bytes, at, size);
  if (size > SHORT_FIELD) bytes.set(field, start);
  else for (let index = 0; index < size; index++) bytes[start + index] = field[index]!;
  return start + size;
}

function writeHeaders(bytes: Uint8Array, at: number, headers: readonly RecordHeader[]): number {
  let end = writeVarint(bytes, at, headers.length);
  for (const { key, value } of headers) {
    end = writeUtf8(bytes, writeVarint(bytes, end, utf8Size(key)), key);
    end = writeField(bytes, end, value);
  }
  return end;
}
