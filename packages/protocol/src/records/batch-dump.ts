// A batch as text, one line for its header and one for each record: to look at logs, and to compare what two programs read.
//
//   batch 5..6 size=93 epoch=0 crc=739585175 codec=none time=CreateTime transactional=false control=false horizon=none
//         max=1700000000000 producer=-1/-1 sequence=-1..-1 count=2                                                        (one line)
//   record 5 1700000000000 "6b6579" null 6b6f7066="76"     offset, timestamp, key, value, headers; bytes in hex, and when they
//                                                          are many, as their number and CRC-32C: 3600#1b2c3d4e

import { codecName } from '../compression/codec.ts';
import { crc32c } from '../crc32c.ts';
import {
  batchBaseOffset,
  batchBaseSequence,
  batchCodecId,
  batchCrc,
  batchDeleteHorizon,
  batchIsControl,
  batchIsTransactional,
  batchLastOffset,
  batchLastSequence,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  batchSizeInBytes,
  batchTimestampType,
} from './batch-header.ts';
import { readRecords } from './record-reader.ts';
import type { ReadOptions, RecordView } from './record-reader.ts';

/** More bytes than this are not printed but summed up. */
const LONGEST_HEX = 200;
const encoder = new TextEncoder();

/** The lines of the batch at `at`, which must have passed `checkBatch`. @throws RecordError, CompressionError */
export function dumpBatch(bytes: Uint8Array, at = 0, options: ReadOptions = {}): string[] {
  return [dumpHeader(bytes, at), ...Array.from(readRecords(bytes, at, options), dumpRecord)];
}

/** The line of one record. */
export function dumpRecord(record: RecordView): string {
  const parts = ['record', record.offset, record.timestamp, dumpBytes(record.key), dumpBytes(record.value)];
  for (const { key, value } of record.headers)
    parts.push(`${hexOf(encoder.encode(key))}=${dumpBytes(value)}`);
  return parts.join(' ');
}

function dumpHeader(bytes: Uint8Array, at: number): string {
  const codec = batchCodecId(bytes, at);
  return [
    `batch ${batchBaseOffset(bytes, at)}..${batchLastOffset(bytes, at)}`,
    `size=${batchSizeInBytes(bytes, at)}`,
    `epoch=${batchLeaderEpoch(bytes, at)}`,
    `crc=${batchCrc(bytes, at)}`,
    `codec=${codecName(codec) ?? codec}`,
    `time=${batchTimestampType(bytes, at)}`,
    `transactional=${batchIsTransactional(bytes, at)}`,
    `control=${batchIsControl(bytes, at)}`,
    `horizon=${batchDeleteHorizon(bytes, at) ?? 'none'}`,
    `max=${batchMaxTimestamp(bytes, at)}`,
    `producer=${batchProducerId(bytes, at)}/${batchProducerEpoch(bytes, at)}`,
    `sequence=${batchBaseSequence(bytes, at)}..${batchLastSequence(bytes, at)}`,
    `count=${batchRecordCount(bytes, at)}`,
  ].join(' ');
}

function dumpBytes(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  if (bytes.length > LONGEST_HEX) return `${bytes.length}#${crc32c(bytes).toString(16)}`;
  return `"${hexOf(bytes)}"`;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
