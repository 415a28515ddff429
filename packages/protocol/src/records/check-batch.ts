// The verdict on a batch: may it be stored, or has what was stored stayed what it was? Total: it looks at nothing but the
// header and the CRC, answers for any bytes, and never throws.
//
// The checks, in this order, each relying on those before:
//
//   size     the header is there, and the length field lies within the bytes
//   magic    2
//   CRC      the bytes are what the writer wrote
//   fields   they make sense together; a producer's batch must also be as a producer may write it
//
// The rules are those by which Kafka refuses a produced batch (its LogValidator and DefaultRecordBatch), and some for
// nonsense that it lets pass: a codec that does not exist, a producer without an epoch, a transaction without a producer, int64 values
// beyond safe integers. Records are not decoded.

import {
  BATCH_BASE_OFFSET_AT,
  BATCH_BASE_TIMESTAMP_AT,
  BATCH_MAGIC,
  BATCH_MAGIC_AT,
  BATCH_MAX_TIMESTAMP_AT,
  BATCH_PRODUCER_ID_AT,
  NO_PRODUCER_ID,
  RECORD_BATCH_OVERHEAD,
  batchBaseSequence,
  batchCodecId,
  batchComputedCrc,
  batchCrc,
  batchIsControl,
  batchIsTransactional,
  batchLastOffsetDelta,
  batchMagic,
  batchNextOffset,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  batchSizeInBytes,
  batchTimestampType,
  isSafeInt64,
} from './batch-header.ts';
import { CODEC_NAMES } from '../compression/codec.ts';

/**
 * - `too-short`               fewer bytes than a header has, or than the length field says
 * - `length-out-of-bounds`    the length field says less than a header
 * - `old-magic`               format 0 or 1, which Kafka 4 does not take from producers any more
 * - `unknown-magic`           any other format
 * - `crc-mismatch`
 * - `unknown-codec`
 * - `negative-record-count`
 * - `offset-range`            last offset delta negative, or smaller than the number of records needs
 * - `unsafe-int64`            an offset, timestamp or producer id is not a safe integer
 *
 * Of producers only:
 * - `no-records`
 * - `record-count-mismatch`   last offset delta is not record count - 1
 * - `control-batch`           only the broker writes these
 * - `log-append-time`         only the broker sets this timestamp type
 * - `missing-sequence`        producer id without base sequence
 * - `missing-producer-epoch`  producer id without epoch
 * - `missing-producer-id`     a transactional batch without producer id
 */
export type BatchFailure =
  | 'too-short'
  | 'length-out-of-bounds'
  | 'old-magic'
  | 'unknown-magic'
  | 'crc-mismatch'
  | 'unknown-codec'
  | 'negative-record-count'
  | 'offset-range'
  | 'unsafe-int64'
  | 'no-records'
  | 'record-count-mismatch'
  | 'control-batch'
  | 'log-append-time'
  | 'missing-sequence'
  | 'missing-producer-epoch'
  | 'missing-producer-id';

/** The Kafka error with which a produce that holds such a batch is answered. */
export const BATCH_FAILURE_ERRORS: Readonly<
  Record<
    BatchFailure,
    'CORRUPT_MESSAGE' | 'INVALID_RECORD' | 'INVALID_TIMESTAMP' | 'UNSUPPORTED_COMPRESSION_TYPE'
  >
> = {
  // Kafka finds no whole batch in it.
  'too-short': 'INVALID_RECORD',
  'length-out-of-bounds': 'CORRUPT_MESSAGE',
  'old-magic': 'INVALID_RECORD',
  'unknown-magic': 'CORRUPT_MESSAGE',
  'crc-mismatch': 'CORRUPT_MESSAGE',
  'unknown-codec': 'UNSUPPORTED_COMPRESSION_TYPE',
  'negative-record-count': 'INVALID_RECORD',
  'offset-range': 'INVALID_RECORD',
  'unsafe-int64': 'INVALID_RECORD',
  'no-records': 'INVALID_RECORD',
  'record-count-mismatch': 'INVALID_RECORD',
  'control-batch': 'INVALID_RECORD',
  'log-append-time': 'INVALID_TIMESTAMP',
  'missing-sequence': 'INVALID_RECORD',
  'missing-producer-epoch': 'INVALID_RECORD',
  'missing-producer-id': 'INVALID_RECORD',
};

/**
 * - `producer`  as it came in a produce request: base offset still to be assigned, one offset per record
 * - `log`       as it is stored: compaction may have taken records out, and control batches are welcome
 */
export type BatchOrigin = 'producer' | 'log';

/** What is wrong with the batch at `at` in `bytes[at, end)`; undefined when nothing is. The CRC takes one pass over it. */
export function checkBatch(
  bytes: Uint8Array,
  at: number,
  end: number,
  origin: BatchOrigin,
): BatchFailure | undefined {
  return (
    checkFrame(bytes, at, end) ??
    (batchCrc(bytes, at) === batchComputedCrc(bytes, at) ? undefined : 'crc-mismatch') ??
    checkFields(bytes, at, origin)
  );
}

/** `checkBatch` without the CRC, where something else has proved that the bytes are those which were written. */
export function checkBatchHeader(
  bytes: Uint8Array,
  at: number,
  end: number,
  origin: BatchOrigin,
): BatchFailure | undefined {
  return checkFrame(bytes, at, end) ?? checkFields(bytes, at, origin);
}

function checkFrame(bytes: Uint8Array, at: number, end: number): BatchFailure | undefined {
  const available = Math.min(end, bytes.length) - at;
  // The magic byte first: a batch of an older format can be shorter than a header of this one.
  if (available > BATCH_MAGIC_AT) {
    const magic = batchMagic(bytes, at);
    if (magic === 0 || magic === 1) return 'old-magic';
    if (magic !== BATCH_MAGIC) return 'unknown-magic';
  }
  if (available < RECORD_BATCH_OVERHEAD) return 'too-short';
  const size = batchSizeInBytes(bytes, at);
  if (size < RECORD_BATCH_OVERHEAD) return 'length-out-of-bounds';
  return size > available ? 'too-short' : undefined;
}

function checkFields(bytes: Uint8Array, at: number, origin: BatchOrigin): BatchFailure | undefined {
  if (batchCodecId(bytes, at) >= CODEC_NAMES.length) return 'unknown-codec';
  const count = batchRecordCount(bytes, at);
  if (count < 0) return 'negative-record-count';
  const lastOffsetDelta = batchLastOffsetDelta(bytes, at);
  if (lastOffsetDelta < 0 || lastOffsetDelta < count - 1) return 'offset-range';
  if (
    !isSafeInt64(bytes, at + BATCH_BASE_TIMESTAMP_AT) ||
    !isSafeInt64(bytes, at + BATCH_MAX_TIMESTAMP_AT) ||
    !isSafeInt64(bytes, at + BATCH_PRODUCER_ID_AT)
  ) {
    return 'unsafe-int64';
  }
  return origin === 'producer'
    ? checkProducerFields(bytes, at, count, lastOffsetDelta)
    : checkStoredOffsets(bytes, at);
}

function checkStoredOffsets(bytes: Uint8Array, at: number): BatchFailure | undefined {
  if (!isSafeInt64(bytes, at + BATCH_BASE_OFFSET_AT)) return 'unsafe-int64';
  return Number.isSafeInteger(batchNextOffset(bytes, at)) ? undefined : 'unsafe-int64';
}

function checkProducerFields(
  bytes: Uint8Array,
  at: number,
  count: number,
  lastOffsetDelta: number,
): BatchFailure | undefined {
  if (count === 0) return 'no-records';
  if (lastOffsetDelta !== count - 1) return 'record-count-mismatch';
  if (batchIsControl(bytes, at)) return 'control-batch';
  if (batchTimestampType(bytes, at) === 'LogAppendTime') return 'log-append-time';
  if (batchProducerId(bytes, at) > NO_PRODUCER_ID) {
    if (batchBaseSequence(bytes, at) < 0) return 'missing-sequence';
    if (batchProducerEpoch(bytes, at) < 0) return 'missing-producer-epoch';
  } else if (batchIsTransactional(bytes, at)) return 'missing-producer-id';
  return undefined;
}
