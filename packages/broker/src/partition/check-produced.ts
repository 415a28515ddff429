// What a produced record batch must be before it is appended. Only its header is looked at, unless a topic's settings are about single records
// (a bound on how old timestamps may be, keys on compacted topics): then they are decoded. Where single records are to blame they are named
// (KIP-467), so that the client can tell its user which records were wrong and which only stood beside them.
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  batchBaseOffset,
  batchMaxTimestamp,
  batchSizeInBytes,
} from '@moldau/protocol/records/batch-header.ts';
import { BATCH_FAILURE_ERRORS, checkBatch, type BatchFailure } from '@moldau/protocol/records/check-batch.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import type { TopicConfig } from '../settings/topic-config.ts';
import { recompressionOf } from './recompress.ts';

export interface ProduceProblem {
  readonly error: ErrorCode;
  readonly message: string;
  /** The records that are to blame, at most MAX_RECORD_PROBLEMS; undefined when it is the batch. */
  readonly records?: readonly RecordProblem[];
}

/** A record that may not be appended. */
export interface RecordProblem {
  /** Counted from 0 within the batch. */
  readonly index: number;
  readonly message: string;
}

/** How many records a refusal names. A batch of a few bytes, compressed, can hold millions. */
export const MAX_RECORD_PROBLEMS = 10_000;

const EXPLANATIONS: Readonly<Record<BatchFailure, string>> = {
  'too-short': 'The record batch is shorter than its header says.',
  'length-out-of-bounds': 'The length in the header of the record batch is smaller than a header.',
  'old-magic': 'The record batch has format 0 or 1; this broker takes format 2 (Kafka 0.11 or later).',
  'unknown-magic': 'The record batch has a format that is not known; this broker takes format 2.',
  'crc-mismatch': 'The CRC-32C of the record batch does not match its bytes: they were damaged on the way.',
  'unknown-codec': 'The record batch is compressed by a codec that is not known.',
  'negative-record-count': 'The record batch has a negative number of records.',
  'offset-range': 'The last offset delta of the record batch does not fit its number of records.',
  'unsafe-int64': 'The record batch holds an offset, a timestamp or a producer id beyond 2^53.',
  'no-records': 'The record batch has no records.',
  'record-count-mismatch': 'The last offset delta of the record batch is not its number of records less one.',
  'control-batch': 'Clients may not write control batches.',
  'log-append-time': 'Clients may not write batches with the timestamp type LogAppendTime.',
  'missing-sequence': 'The record batch has a producer id and no sequence.',
  'missing-producer-epoch': 'The record batch has a producer id and no producer epoch.',
  'missing-producer-id': 'The record batch is transactional and has no producer id.',
};

/** Why `records` may not be appended; undefined when it may. */
export function checkProduced(
  records: Uint8Array,
  config: TopicConfig,
  nowMs: number,
): ProduceProblem | undefined {
  if (records.length === 0)
    return {
      error: ErrorCode.INVALID_RECORD,
      message: 'The produce request holds no record batch for the partition.',
    };
  const failure = checkBatch(records, 0, records.length, 'producer');
  if (failure !== undefined)
    return { error: ErrorCode[BATCH_FAILURE_ERRORS[failure]], message: EXPLANATIONS[failure] };
  const size = batchSizeInBytes(records, 0);
  if (size !== records.length) {
    return {
      error: ErrorCode.INVALID_RECORD,
      message: 'A produce request may hold only one record batch for a partition.',
    };
  }
  const tooLarge = sizeProblem(size, config);
  if (tooLarge !== undefined) return tooLarge;
  const baseOffset = batchBaseOffset(records, 0);
  if (baseOffset !== 0) {
    return {
      error: ErrorCode.INVALID_RECORD,
      message: `The base offset of the record batch should be 0, but it is ${baseOffset}: offsets are given by the broker.`,
    };
  }
  // One that is recompressed is measured afterwards.
  if (recompressionOf(records, config) === undefined) {
    const tooLong = segmentSizeProblem(size, config);
    if (tooLong !== undefined) return tooLong;
  }
  const late = isLate(batchMaxTimestamp(records, 0), config, nowMs);
  const problem = late || needsRecords(config) ? checkRecords(records, config, nowMs) : undefined;
  if (problem === undefined && late)
    return { error: ErrorCode.INVALID_TIMESTAMP, message: tooLate(batchMaxTimestamp(records, 0), config) };
  return problem;
}

/** A batch above `max.message.bytes`. Recompression is measured before and after. */
export function sizeProblem(size: number, config: TopicConfig): ProduceProblem | undefined {
  if (size <= config.maxMessageBytes) return undefined;
  return {
    error: ErrorCode.MESSAGE_TOO_LARGE,
    message: `The record batch has ${size} bytes, more than the topic's max.message.bytes of ${config.maxMessageBytes}.`,
  };
}

/** A batch that is longer than a segment. */
export function segmentSizeProblem(size: number, config: TopicConfig): ProduceProblem | undefined {
  if (size <= config.log.segmentBytes) return undefined;
  return {
    error: ErrorCode.RECORD_LIST_TOO_LARGE,
    message: `The record batch has ${size} bytes, more than a segment of the topic (segment.bytes of ${config.log.segmentBytes}).`,
  };
}

/** The records of a batch do not decompress, or are not what its header says. */
export function unreadable(cause: CompressionError | RecordError): ProduceProblem {
  return {
    error: ErrorCode.INVALID_RECORD,
    message: `The records of the batch cannot be read: ${cause.message}`,
  };
}

function isLate(timestamp: number, config: TopicConfig, nowMs: number): boolean {
  return (
    config.messageTimestampType === 'CreateTime' && timestamp > nowMs + config.messageTimestampAfterMaxMs
  );
}

function tooLate(timestamp: number, config: TopicConfig): string {
  return `The timestamp ${timestamp} lies more than ${config.messageTimestampAfterMaxMs} ms (message.timestamp.after.max.ms) in the future.`;
}

function boundsAge(config: TopicConfig): boolean {
  return (
    config.messageTimestampType === 'CreateTime' &&
    config.messageTimestampBeforeMaxMs < Number.MAX_SAFE_INTEGER
  );
}

function needsRecords(config: TopicConfig): boolean {
  return config.log.compacts || boundsAge(config);
}

/** Looks at every record. When some are refused for their timestamp and some for something else, the timestamp is the error, as in Kafka. */
function checkRecords(records: Uint8Array, config: TopicConfig, nowMs: number): ProduceProblem | undefined {
  const oldest = boundsAge(config) ? nowMs - config.messageTimestampBeforeMaxMs : Number.NEGATIVE_INFINITY;
  const firstOffset = batchBaseOffset(records, 0);
  const problems: RecordProblem[] = [];
  let count = 0;
  let error: ErrorCode = ErrorCode.INVALID_RECORD;
  const refuse = (offset: number, message: string): void => {
    count += 1;
    if (problems.length < MAX_RECORD_PROBLEMS) problems.push({ index: offset - firstOffset, message });
  };
  try {
    const cursor = openBatch(records);
    while (cursor.next()) {
      if (config.log.compacts && !cursor.hasKey) {
        refuse(cursor.offset, 'A compacted topic takes only records with a key.');
      } else if (cursor.timestamp >= 0 && cursor.timestamp < oldest) {
        error = ErrorCode.INVALID_TIMESTAMP;
        refuse(
          cursor.offset,
          `The timestamp ${cursor.timestamp} lies more than ${config.messageTimestampBeforeMaxMs} ms (message.timestamp.before.max.ms) in the past.`,
        );
      } else if (isLate(cursor.timestamp, config, nowMs)) {
        error = ErrorCode.INVALID_TIMESTAMP;
        refuse(cursor.offset, tooLate(cursor.timestamp, config));
      }
    }
  } catch (cause) {
    if (!(cause instanceof RecordError || cause instanceof CompressionError)) throw cause;
    return unreadable(cause);
  }
  const [first] = problems;
  if (first === undefined) return undefined;
  return {
    error,
    message: `${count} of the records of the batch are refused; the first: ${first.message}`,
    records: problems,
  };
}
