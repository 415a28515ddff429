// The header of a record batch (format v2, "magic 2") as it lies in bytes: reading its fields and patching them in place.
// This is all that the produce and fetch paths ever know of records. Big-endian; positions from the start of the batch:
//
//    0  int64   base offset              offset of the first record; 0 from producers, assigned by the broker
//    8  int32   length                   bytes after this field: the batch takes 12 + length
//   12  int32   partition leader epoch   assigned by the broker
//   16  int8    magic                    2 (0 and 1 are older formats with the magic in this very place)
//   17  uint32  CRC-32C                  of all bytes from the attributes to the end of the batch
//   21  int16   attributes               bits 0-2 codec, 3 timestamp type, 4 transactional, 5 control, 6 delete horizon
//   23  int32   last offset delta        last offset - base offset; kept when compaction removes records
//   27  int64   base timestamp           ms; record timestamps are deltas to it. The delete horizon if that bit is set
//   35  int64   max timestamp            ms; with LogAppendTime the timestamp of every record
//   43  int64   producer id              -1: neither idempotent nor transactional
//   51  int16   producer epoch
//   53  int32   base sequence            sequence of the first record; wraps from 2^31-1 to 0
//   57  int32   record count
//   61          records, compressed as one piece if the codec says so
//
// Base offset and leader epoch lie outside the CRC, so that a broker can assign them without touching it.
//
// The functions take (bytes, at): the batch begins at `at` and the caller has made sure that its 61 bytes are there
// (`checkBatch`, `batchEnd`). They do not allocate. Int64 fields come as numbers; `checkBatch` refuses batches
// in which they are not safe integers.

import { crc32c } from '../crc32c.ts';

/** Bytes before `length` starts to count: base offset and the length itself. */
export const LOG_OVERHEAD = 12;
/** Size of the header, in bytes: the smallest batch there is. */
export const RECORD_BATCH_OVERHEAD = 61;

export const BATCH_BASE_OFFSET_AT = 0;
export const BATCH_LENGTH_AT = 8;
export const BATCH_LEADER_EPOCH_AT = 12;
export const BATCH_MAGIC_AT = 16;
export const BATCH_CRC_AT = 17;
export const BATCH_ATTRIBUTES_AT = 21;
export const BATCH_LAST_OFFSET_DELTA_AT = 23;
export const BATCH_BASE_TIMESTAMP_AT = 27;
export const BATCH_MAX_TIMESTAMP_AT = 35;
export const BATCH_PRODUCER_ID_AT = 43;
export const BATCH_PRODUCER_EPOCH_AT = 51;
export const BATCH_BASE_SEQUENCE_AT = 53;
export const BATCH_RECORD_COUNT_AT = 57;

export const BATCH_MAGIC = 2;

export const NO_TIMESTAMP = -1;
export const NO_PRODUCER_ID = -1;
export const NO_PRODUCER_EPOCH = -1;
export const NO_SEQUENCE = -1;
export const NO_LEADER_EPOCH = -1;

export const CODEC_MASK = 0x07;
export const LOG_APPEND_TIME_FLAG = 0x08;
export const TRANSACTIONAL_FLAG = 0x10;
export const CONTROL_FLAG = 0x20;
export const DELETE_HORIZON_FLAG = 0x40;

/** Who sets the timestamps: the producer, or the broker as it appends. */
export type TimestampType = 'CreateTime' | 'LogAppendTime';

const TWO_TO_32 = 2 ** 32;

function int16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** The nearest number; exact for safe integers. */
function int64(bytes: Uint8Array, at: number): number {
  return int32(bytes, at) * TWO_TO_32 + (int32(bytes, at + 4) >>> 0);
}

function setInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

function setInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

function setInt64(bytes: Uint8Array, at: number, value: number): void {
  if (!Number.isSafeInteger(value))
    throw new RangeError(`int64 field of a batch header: ${value} is not a safe integer`);
  setInt32(bytes, at, Math.floor(value / TWO_TO_32));
  setInt32(bytes, at + 4, value >>> 0);
}

export function batchBaseOffset(bytes: Uint8Array, at: number): number {
  return int64(bytes, at + BATCH_BASE_OFFSET_AT);
}

/** Size of the whole batch as its length field says, header included; not checked against the bytes there are. */
export function batchSizeInBytes(bytes: Uint8Array, at: number): number {
  return LOG_OVERHEAD + int32(bytes, at + BATCH_LENGTH_AT);
}

/** -1 where the writer did not know it (producers). */
export function batchLeaderEpoch(bytes: Uint8Array, at: number): number {
  return int32(bytes, at + BATCH_LEADER_EPOCH_AT);
}

export function batchMagic(bytes: Uint8Array, at: number): number {
  return (bytes[at + BATCH_MAGIC_AT]! << 24) >> 24;
}

/** The stored checksum, as an unsigned number. */
export function batchCrc(bytes: Uint8Array, at: number): number {
  return int32(bytes, at + BATCH_CRC_AT) >>> 0;
}

/** The checksum that the batch should have. */
export function batchComputedCrc(bytes: Uint8Array, at: number): number {
  return crc32c(bytes, at + BATCH_ATTRIBUTES_AT, at + batchSizeInBytes(bytes, at));
}

export function batchAttributes(bytes: Uint8Array, at: number): number {
  return int16(bytes, at + BATCH_ATTRIBUTES_AT);
}

/** The codec's id: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd; 5 to 7 mean nothing (yet). */
export function batchCodecId(bytes: Uint8Array, at: number): number {
  return bytes[at + BATCH_ATTRIBUTES_AT + 1]! & CODEC_MASK;
}

export function batchTimestampType(bytes: Uint8Array, at: number): TimestampType {
  return (bytes[at + BATCH_ATTRIBUTES_AT + 1]! & LOG_APPEND_TIME_FLAG) === 0 ? 'CreateTime' : 'LogAppendTime';
}

export function batchIsTransactional(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + BATCH_ATTRIBUTES_AT + 1]! & TRANSACTIONAL_FLAG) !== 0;
}

/** Its records are markers of a transaction's end, not for applications. */
export function batchIsControl(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + BATCH_ATTRIBUTES_AT + 1]! & CONTROL_FLAG) !== 0;
}

/** The base timestamp is a delete horizon (KIP-534). */
export function batchHasDeleteHorizon(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + BATCH_ATTRIBUTES_AT + 1]! & DELETE_HORIZON_FLAG) !== 0;
}

/** When (ms) compaction may drop the tombstones and markers of this batch; undefined when it has not been set. */
export function batchDeleteHorizon(bytes: Uint8Array, at: number): number | undefined {
  return batchHasDeleteHorizon(bytes, at) ? batchBaseTimestamp(bytes, at) : undefined;
}

export function batchLastOffsetDelta(bytes: Uint8Array, at: number): number {
  return int32(bytes, at + BATCH_LAST_OFFSET_DELTA_AT);
}

export function batchLastOffset(bytes: Uint8Array, at: number): number {
  return batchBaseOffset(bytes, at) + batchLastOffsetDelta(bytes, at);
}

/** The offset after this batch: where the next one may begin. */
export function batchNextOffset(bytes: Uint8Array, at: number): number {
  return batchLastOffset(bytes, at) + 1;
}

export function batchBaseTimestamp(bytes: Uint8Array, at: number): number {
  return int64(bytes, at + BATCH_BASE_TIMESTAMP_AT);
}

export function batchMaxTimestamp(bytes: Uint8Array, at: number): number {
  return int64(bytes, at + BATCH_MAX_TIMESTAMP_AT);
}

export function batchProducerId(bytes: Uint8Array, at: number): number {
  return int64(bytes, at + BATCH_PRODUCER_ID_AT);
}

export function batchProducerEpoch(bytes: Uint8Array, at: number): number {
  return int16(bytes, at + BATCH_PRODUCER_EPOCH_AT);
}

export function batchBaseSequence(bytes: Uint8Array, at: number): number {
  return int32(bytes, at + BATCH_BASE_SEQUENCE_AT);
}

/** The sequence of the last record, wrapped; -1 when the batch has none. */
export function batchLastSequence(bytes: Uint8Array, at: number): number {
  const base = batchBaseSequence(bytes, at);
  return base === NO_SEQUENCE ? NO_SEQUENCE : addToSequence(base, batchLastOffsetDelta(bytes, at));
}

export function batchRecordCount(bytes: Uint8Array, at: number): number {
  return int32(bytes, at + BATCH_RECORD_COUNT_AT);
}

/** Sequences count from 0 to 2^31-1 and then from 0 again. */
export function addToSequence(sequence: number, increment: number): number {
  return (sequence + increment) % 2 ** 31;
}

/** Outside the CRC. */
export function setBatchBaseOffset(bytes: Uint8Array, at: number, offset: number): void {
  setInt64(bytes, at + BATCH_BASE_OFFSET_AT, offset);
}

/** Outside the CRC. */
export function setBatchLeaderEpoch(bytes: Uint8Array, at: number, epoch: number): void {
  setInt32(bytes, at + BATCH_LEADER_EPOCH_AT, epoch);
}

/** Sets timestamp type and max timestamp and, if that changes anything, the CRC (which takes a pass over the batch). */
export function setBatchMaxTimestamp(
  bytes: Uint8Array,
  at: number,
  type: TimestampType,
  timestamp: number,
): void {
  if (batchTimestampType(bytes, at) === type && batchMaxTimestamp(bytes, at) === timestamp) return;
  const attributes = batchAttributes(bytes, at) & ~LOG_APPEND_TIME_FLAG;
  const flag = type === 'LogAppendTime' ? LOG_APPEND_TIME_FLAG : 0;
  setInt16(bytes, at + BATCH_ATTRIBUTES_AT, attributes | flag);
  setInt64(bytes, at + BATCH_MAX_TIMESTAMP_AT, timestamp);
  setInt32(bytes, at + BATCH_CRC_AT, batchComputedCrc(bytes, at));
}

/** All fields of a header, for `writeBatchHeader`. */
export interface BatchHeader {
  readonly baseOffset: number;
  /** Of the whole batch: header and (compressed) records. */
  readonly sizeInBytes: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

/**
 * Writes the header of a batch whose records already lie behind it, and computes its CRC.
 * @throws RangeError when an int64 is not a safe integer or the batch would end beyond the bytes
 */
export function writeBatchHeader(bytes: Uint8Array, at: number, header: BatchHeader): void {
  if (at + header.sizeInBytes > bytes.length) throw new RangeError('the batch ends beyond its bytes');
  setInt64(bytes, at + BATCH_BASE_OFFSET_AT, header.baseOffset);
  setInt32(bytes, at + BATCH_LENGTH_AT, header.sizeInBytes - LOG_OVERHEAD);
  setInt32(bytes, at + BATCH_LEADER_EPOCH_AT, header.leaderEpoch);
  bytes[at + BATCH_MAGIC_AT] = BATCH_MAGIC;
  setInt16(bytes, at + BATCH_ATTRIBUTES_AT, header.attributes);
  setInt32(bytes, at + BATCH_LAST_OFFSET_DELTA_AT, header.lastOffsetDelta);
  setInt64(bytes, at + BATCH_BASE_TIMESTAMP_AT, header.baseTimestamp);
  setInt64(bytes, at + BATCH_MAX_TIMESTAMP_AT, header.maxTimestamp);
  setInt64(bytes, at + BATCH_PRODUCER_ID_AT, header.producerId);
  setInt16(bytes, at + BATCH_PRODUCER_EPOCH_AT, header.producerEpoch);
  setInt32(bytes, at + BATCH_BASE_SEQUENCE_AT, header.baseSequence);
  setInt32(bytes, at + BATCH_RECORD_COUNT_AT, header.recordCount);
  setInt32(bytes, at + BATCH_CRC_AT, batchComputedCrc(bytes, at));
}

/** True when the int64 field at `at` fits a safe integer. */
export function isSafeInt64(bytes: Uint8Array, at: number): boolean {
  return Number.isSafeInteger(int64(bytes, at));
}
