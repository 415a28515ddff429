// What compaction leaves of one batch: all of it as it is, some of its records, its header alone, or nothing.
//
//   record kept    it is the newest of its key as far as the key map knows, and either has a value or is a tombstone whose time is not over
//   record gone    an older one of its key; a tombstone whose time is over; any of an aborted transaction; one without a key
//   header kept    of the last batch of an active producer (its sequence and epoch), and of the last batch of all that is compacted (the
//                  end of what is known); offsets, sequences and timestamps in it stay
//
// The time of a tombstone, and of a marker whose transaction is gone, begins with the first compaction that meets it: that one writes the end of the time
// (the delete horizon, KIP-534) into the batch, in place of the base timestamp.
//
//   batch       | base timestamp | ... | record: size, attributes, timestamp delta | offset delta, key, value, headers |
//                 ^ the horizon                       ^ taken from there then        ^ never touched
//
// Must stay true: base offset, last offset, leader epoch, producer fields and codec of a batch never change; a kept record keeps offset, timestamp and every
// byte of its content; a batch of which all is kept stays byte for byte, unless it gets its horizon.
import {
  CODEC_MASK,
  DELETE_HORIZON_FLAG,
  NO_TIMESTAMP,
  RECORD_BATCH_OVERHEAD,
  batchAttributes,
  batchBaseOffset,
  batchBaseSequence,
  batchBaseTimestamp,
  batchCodecId,
  batchDeleteHorizon,
  batchIsControl,
  batchLastOffset,
  batchLastOffsetDelta,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
  batchTimestampType,
  writeBatchHeader,
} from '@moldau/protocol/records/batch-header.ts';
import { codecName } from '@moldau/protocol/compression/codec.ts';
import { compressAsync } from '@moldau/protocol/compression/compression.ts';
import { openBatchAsync, type RecordCursor } from '@moldau/protocol/records/record-reader.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from '@moldau/protocol/records/varint.ts';

import type { LastOfProducer } from '../../partition-log.ts';
import type { KeyMap } from './key-map.ts';
import type { Slices } from './slices.ts';

export interface FilterRules {
  readonly keys: KeyMap;
  /** The key map knows every record below; those from here on are kept. */
  readonly mappedTo: number;
  /** Where this compaction ends, whatever the key map could take: the batch that ends there is kept. */
  readonly endOffset: number;
  readonly nowMs: number;
  readonly deleteRetentionMs: number;
  lastOfProducer(producerId: number): LastOfProducer | undefined;
}

/** `keep`: as it is; `drop`: nothing; else what takes its place. */
export type Filtered = 'keep' | 'drop' | Uint8Array;

/**
 * Decides over the batch at `at`. `removable`: data of an aborted transaction, or a marker without any before it.
 * Rejects with RecordError or CompressionError for records that cannot be read.
 */
export async function filterBatch(
  bytes: Uint8Array,
  at: number,
  removable: boolean,
  rules: FilterRules,
  slices: Slices,
): Promise<Filtered> {
  const control = batchIsControl(bytes, at);
  const horizon = batchDeleteHorizon(bytes, at);
  const allGone = removable && (!control || (horizon !== undefined && horizon <= rules.nowMs));
  const count = batchRecordCount(bytes, at);
  if (allGone || count === 0) return nothingLeft(bytes, at, count, rules);
  const kept = new KeptRecords();
  const cursor = await openBatchAsync(bytes, at);
  while (cursor.next()) {
    if (slices.due) await slices.rest();
    if (control || isKept(cursor, horizon, rules)) kept.add(cursor);
  }
  if (kept.count === 0) return nothingLeft(bytes, at, count, rules);
  const getsHorizon = horizon === undefined && (kept.tombstones || (control && removable));
  if (kept.count === count && !getsHorizon) return 'keep';
  return kept.build(bytes, at, getsHorizon ? rules.nowMs + rules.deleteRetentionMs : undefined);
}

function isKept(cursor: RecordCursor, horizon: number | undefined, rules: FilterRules): boolean {
  if (cursor.offset >= rules.mappedTo) return true;
  const { key } = cursor;
  if (key === null || cursor.offset < rules.keys.get(key)) return false;
  return cursor.hasValue || horizon === undefined || rules.nowMs < horizon;
}

function nothingLeft(bytes: Uint8Array, at: number, count: number, rules: FilterRules): Filtered {
  if (!headerStays(bytes, at, rules)) return 'drop';
  return count === 0 ? 'keep' : emptied(bytes, at);
}

function headerStays(bytes: Uint8Array, at: number, rules: FilterRules): boolean {
  const lastOffset = batchLastOffset(bytes, at);
  if (lastOffset + 1 === rules.endOffset) return true;
  const producerId = batchProducerId(bytes, at);
  const last = producerId < 0 ? undefined : rules.lastOfProducer(producerId);
  if (last === undefined) return false;
  return last.lastDataOffset >= 0
    ? last.lastDataOffset === lastOffset
    : batchIsControl(bytes, at) && batchProducerEpoch(bytes, at) === last.epoch;
}

/** The batch without records: what a producer's sequence and epoch, and the offsets, are read from. */
function emptied(bytes: Uint8Array, at: number): Uint8Array {
  return withHeader(new Uint8Array(RECORD_BATCH_OVERHEAD), bytes, at, {
    attributes: batchAttributes(bytes, at) & ~(CODEC_MASK | DELETE_HORIZON_FLAG),
    baseTimestamp: NO_TIMESTAMP,
    maxTimestamp: batchMaxTimestamp(bytes, at),
    recordCount: 0,
  });
}

/** The records of a batch that stay, as they lie in it. */
class KeptRecords {
  count = 0;
  tombstones = false;
  readonly #records: { raw: Uint8Array; timestamp: number; behindTimestamp: Uint8Array }[] = [];
  #bytes = 0;
  #maxTimestamp = NO_TIMESTAMP;

  add(cursor: RecordCursor): void {
    const { raw, timestamp, rawBehindTimestamp: behindTimestamp } = cursor;
    this.#records.push({ raw, timestamp, behindTimestamp });
    this.#bytes += raw.length;
    this.#maxTimestamp = Math.max(this.#maxTimestamp, timestamp);
    this.tombstones ||= !cursor.hasValue;
    this.count += 1;
  }

  /** The batch at `at` with these records only, with a delete horizon that it did not have if that is given. */
  async build(bytes: Uint8Array, at: number, horizon: number | undefined): Promise<Uint8Array> {
    const records = horizon === undefined ? this.#copied() : this.#movedTo(horizon);
    const codec = codecName(batchCodecId(bytes, at)) ?? 'none';
    const stored = await compressAsync(codec, records);
    const batch = new Uint8Array(RECORD_BATCH_OVERHEAD + stored.length);
    batch.set(stored, RECORD_BATCH_OVERHEAD);
    const logAppendTime = batchTimestampType(bytes, at) === 'LogAppendTime';
    return withHeader(batch, bytes, at, {
      attributes: batchAttributes(bytes, at) | (horizon === undefined ? 0 : DELETE_HORIZON_FLAG),
      baseTimestamp: horizon ?? batchBaseTimestamp(bytes, at),
      maxTimestamp: logAppendTime ? batchMaxTimestamp(bytes, at) : this.#maxTimestamp,
      recordCount: this.count,
    });
  }

  #copied(): Uint8Array {
    const target = new Uint8Array(this.#bytes);
    let end = 0;
    for (const { raw } of this.#records) {
      target.set(raw, end);
      end += raw.length;
    }
    return target;
  }

  /** Timestamps count from `baseTimestamp` now. */
  #movedTo(baseTimestamp: number): Uint8Array {
    const size = (record: { timestamp: number; behindTimestamp: Uint8Array }): number =>
      1 + varlongSize(record.timestamp - baseTimestamp) + record.behindTimestamp.length;
    let bytes = 0;
    for (const record of this.#records) bytes += varintSize(size(record)) + size(record);
    const target = new Uint8Array(bytes);
    let end = 0;
    for (const record of this.#records) {
      end = writeVarint(target, end, size(record));
      // Attributes: no bit of them means anything.
      target[end++] = 0;
      end = writeVarlong(target, end, record.timestamp - baseTimestamp);
      target.set(record.behindTimestamp, end);
      end += record.behindTimestamp.length;
    }
    return target;
  }
}

interface ChangedFields {
  readonly attributes: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly recordCount: number;
}

/** Puts a header in front of the records in `batch`: that of the batch at `at` in `bytes` but for the fields given. */
function withHeader(batch: Uint8Array, bytes: Uint8Array, at: number, fields: ChangedFields): Uint8Array {
  writeBatchHeader(batch, 0, {
    baseOffset: batchBaseOffset(bytes, at),
    sizeInBytes: batch.length,
    leaderEpoch: batchLeaderEpoch(bytes, at),
    lastOffsetDelta: batchLastOffsetDelta(bytes, at),
    producerId: batchProducerId(bytes, at),
    producerEpoch: batchProducerEpoch(bytes, at),
    baseSequence: batchBaseSequence(bytes, at),
    ...fields,
  });
  return batch;
}
