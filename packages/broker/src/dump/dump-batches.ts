// Prints record batches: of a segment, of a snapshot of the controllers' log, of a frame of the write-ahead log.
import { DecodeError, Reader } from '@moldau/protocol';
import { CompressionError, codecName } from '@moldau/protocol/compression/codec.ts';
import { kRaftVersionRecord } from '@moldau/protocol/generated/records/kraft-version-record.ts';
import { leaderChangeMessage } from '@moldau/protocol/generated/records/leader-change-message.ts';
import { snapshotFooterRecord } from '@moldau/protocol/generated/records/snapshot-footer-record.ts';
import { snapshotHeaderRecord } from '@moldau/protocol/generated/records/snapshot-header-record.ts';
import { votersRecord } from '@moldau/protocol/generated/records/voters-record.ts';
import {
  batchBaseOffset,
  batchBaseSequence,
  batchCodecId,
  batchCrc,
  batchDeleteHorizon,
  batchIsControl,
  batchIsTransactional,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  batchSizeInBytes,
  batchTimestampType,
} from '@moldau/protocol/records/batch-header.ts';
import { RecordError } from '@moldau/protocol/records/record-error.ts';
import { readRecords, type RecordView } from '@moldau/protocol/records/record-reader.ts';
import type { DumpRow, DumpSink, DumpValue } from './dump-row.ts';
import { decodeRecord, type RecordDecoder } from './record-decoders.ts';

export interface BatchDumpOptions {
  /** Print the records too. */
  readonly records: boolean;
  readonly decoder: RecordDecoder;
}

/** Prints a batch that has passed `checkBatch`. Returns what is wrong with its records, if anything is. */
export async function dumpBatch(
  bytes: Uint8Array,
  at: number,
  position: number,
  options: BatchDumpOptions,
  sink: DumpSink,
): Promise<string | undefined> {
  await sink(headerRow(bytes, at, position));
  if (!options.records) return undefined;
  try {
    const control = batchIsControl(bytes, at);
    for (const record of readRecords(bytes, at)) {
      await sink(control ? controlRow(record) : recordRow(record, options.decoder));
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof RecordError || error instanceof CompressionError)) throw error;
    return error.message;
  }
}

function headerRow(bytes: Uint8Array, at: number, position: number): DumpRow {
  const codec = batchCodecId(bytes, at);
  return {
    row: 'batch',
    position,
    size: batchSizeInBytes(bytes, at),
    baseOffset: batchBaseOffset(bytes, at),
    lastOffset: batchLastOffset(bytes, at),
    count: batchRecordCount(bytes, at),
    leaderEpoch: batchLeaderEpoch(bytes, at),
    codec: codecName(codec) ?? codec,
    timestampType: batchTimestampType(bytes, at),
    maxTimestamp: batchMaxTimestamp(bytes, at),
    producerId: batchProducerId(bytes, at),
    producerEpoch: batchProducerEpoch(bytes, at),
    baseSequence: batchBaseSequence(bytes, at),
    transactional: batchIsTransactional(bytes, at),
    control: batchIsControl(bytes, at),
    crc: batchCrc(bytes, at),
    deleteHorizon: batchDeleteHorizon(bytes, at),
  };
}

function recordRow(record: RecordView, decoder: RecordDecoder): DumpRow {
  const { offset, timestamp, key, value } = record;
  const row = { row: 'record', offset, timestamp };
  const headers: DumpValue | undefined =
    record.headers.length === 0
      ? undefined
      : record.headers.map((header) => ({ key: header.key, value: header.value }));
  if (decoder !== 'none') {
    const decoded = decodeRecord(decoder, key, value);
    if ('type' in decoded)
      return { ...row, type: decoded.type, key: decoded.key, value: decoded.value, headers };
    return { ...row, undecoded: decoded.problem, key, value, headers };
  }
  return { ...row, key, value, headers };
}

const CONTROL_TYPES: readonly string[] = [
  'abort',
  'commit',
  'leader-change',
  'snapshot-header',
  'snapshot-footer',
  'kraft-version',
  'voters',
];

/** Messages of the controllers' log by control type; those without a version in front read the first. */
const CONTROL_MESSAGES = {
  'leader-change': leaderChangeMessage,
  'snapshot-header': snapshotHeaderRecord,
  'snapshot-footer': snapshotFooterRecord,
  'kraft-version': kRaftVersionRecord,
  voters: votersRecord,
} as const;

function controlRow({ offset, timestamp, key, value }: RecordView): DumpRow {
  const row = { row: 'control', offset, timestamp };
  if (key === null || key.length < 4) return { ...row, undecoded: 'its key is too short', key, value };
  const typeId = new DataView(key.buffer, key.byteOffset, key.byteLength).getInt16(2);
  const type = CONTROL_TYPES[typeId] ?? `type ${typeId}`;
  if (value === null) return { ...row, type, value };
  try {
    if (type === 'abort' || type === 'commit') {
      const reader = new Reader(value);
      reader.int16('version');
      return { ...row, type, coordinatorEpoch: reader.int32('coordinatorEpoch') };
    }
    const codec = CONTROL_MESSAGES[type as keyof typeof CONTROL_MESSAGES];
    if (codec === undefined) return { ...row, type, value };
    // The first field of each is its version.
    const version = new Reader(value).int16('version');
    const message = codec.decode(new Reader(value), Math.min(version, codec.highestVersion));
    return { ...row, type, value: JSON.parse(JSON.stringify(message, hexOfBytes)) as DumpValue };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { ...row, type, undecoded: error.message, value };
  }
}

function hexOfBytes(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
