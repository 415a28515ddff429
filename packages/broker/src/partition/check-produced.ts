// What a produced record batch must be before it is appended. Only its header is looked at, unless a topic's settings are about single records
// (a bound on how old timestamps may be, keys on compacted topics): then they are decoded.
import { CompressionError } from '@moldau/protocol/compression/codec.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { batchMaxTimestamp, batchSizeInBytes } from '@moldau/protocol/records/batch-header.ts';
import { BATCH_FAILURE_ERRORS, checkBatch, type BatchFailure } from '@moldau/protocol/records/check-batch.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import type { TopicConfig } from '../settings/topic-config.ts';

export interface ProduceProblem {
  readonly error: ErrorCode;
  readonly message: string;
}

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
  if (size > config.maxMessageBytes) {
    return {
      error: ErrorCode.MESSAGE_TOO_LARGE,
      message: `The record batch has ${size} bytes, more than the topic's max.message.bytes of ${config.maxMessageBytes}.`,
    };
  }
  return (
    checkTimestamps(records, config, nowMs) ??
    (needsRecords(config) ? checkRecords(records, config, nowMs) : undefined)
  );
}

function checkTimestamps(
  records: Uint8Array,
  config: TopicConfig,
  nowMs: number,
): ProduceProblem | undefined {
  if (config.messageTimestampType === 'LogAppendTime') return undefined;
  const latest = batchMaxTimestamp(records, 0);
  if (latest <= nowMs + config.messageTimestampAfterMaxMs) return undefined;
  return {
    error: ErrorCode.INVALID_TIMESTAMP,
    message: `The timestamp ${latest} lies more than ${config.messageTimestampAfterMaxMs} ms (message.timestamp.after.max.ms) in the future.`,
  };
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

function checkRecords(records: Uint8Array, config: TopicConfig, nowMs: number): ProduceProblem | undefined {
  const oldest = boundsAge(config) ? nowMs - config.messageTimestampBeforeMaxMs : Number.NEGATIVE_INFINITY;
  try {
    const cursor = openBatch(records);
    while (cursor.next()) {
      if (config.log.compacts && !cursor.hasKey) {
        return {
          error: ErrorCode.INVALID_RECORD,
          message: 'A compacted topic takes only records with a key.',
        };
      }
      if (cursor.timestamp >= 0 && cursor.timestamp < oldest) {
        return {
          error: ErrorCode.INVALID_TIMESTAMP,
          message: `The timestamp ${cursor.timestamp} lies more than ${config.messageTimestampBeforeMaxMs} ms (message.timestamp.before.max.ms) in the past.`,
        };
      }
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof RecordError || error instanceof CompressionError)) throw error;
    return {
      error: ErrorCode.INVALID_RECORD,
      message: `The records of the batch cannot be read: ${error.message}`,
    };
  }
}
