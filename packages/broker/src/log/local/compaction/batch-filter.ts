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
import { codecName, type CodecName } from '@moldau/protocol/compression/codec.ts';
import { compress, compressAsync } from '@moldau/protocol/compression/compression.ts';
import type { RecordCursor } from '@moldau/protocol/records/record-reader.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from '@moldau/protocol/records/varint.ts';

import type { LastOfProducer } from '../../partition-log.ts';
import { SMALL_BYTES, cursorOver, recordsOf } from './batch-records.ts';
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
  /** Used for one batch after the other. */
  readonly scratch: Scratch;
}

/** Memory in which batches are put together: it grows to the largest. */
export class Scratch {
  bytes = new Uint8Array(0);
}

/** `keep`: as it is; `drop`: nothing; else what takes its place, in memory that the next batch may use again. */
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
  const records = await recordsOf(bytes, at);
  const flags = new Uint8Array(count);
  let kept = 0;
  let tombstones = false;
  let index = 0;
  for (const cursor = cursorOver(bytes, at, records); cursor.next(); index++) {
    if (slices.due) await slices.rest();
    if (!control && !isKept(cursor, horizon, rules)) continue;
    flags[index] = 1;
    kept += 1;
    tombstones ||= !cursor.hasValue;
  }
  if (kept === 0) return nothingLeft(bytes, at, count, rules);
  const getsHorizon = horizon === undefined && (control ? removable : tombstones);
  if (kept === count && !getsHorizon) return 'keep';
  const newHorizon = getsHorizon ? rules.nowMs + rules.deleteRetentionMs : undefined;
  return rewritten(bytes, at, cursorOver(bytes, at, records), flags, newHorizon, rules.scratch);
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

/** The batch at `at` with those of its records that have a flag, and with a delete horizon that it did not have if that is given. */
async function rewritten(
  bytes: Uint8Array,
  at: number,
  cursor: RecordCursor,
  flags: Uint8Array,
  horizon: number | undefined,
  scratch: Scratch,
): Promise<Uint8Array> {
  const records = new KeptRecords(horizon, scratch);
  for (const flag of flags) {
    cursor.next();
    if (flag === 1) records.add(cursor);
  }
  const codec = codecName(batchCodecId(bytes, at)) ?? 'none';
  const batch = codec === 'none' ? records.batch : await compressed(codec, records.bytes);
  const logAppendTime = batchTimestampType(bytes, at) === 'LogAppendTime';
  return withHeader(batch, bytes, at, {
    attributes: batchAttributes(bytes, at) | (horizon === undefined ? 0 : DELETE_HORIZON_FLAG),
    baseTimestamp: horizon ?? batchBaseTimestamp(bytes, at),
    maxTimestamp: logAppendTime ? batchMaxTimestamp(bytes, at) : records.maxTimestamp,
    recordCount: records.count,
  });
}

/** Room for a header, then the records, compressed. */
async function compressed(codec: CodecName, records: Uint8Array): Promise<Uint8Array> {
  const stored =
    records.length <= SMALL_BYTES ? compress(codec, records) : await compressAsync(codec, records);
  const batch = new Uint8Array(RECORD_BATCH_OVERHEAD + stored.length);
  batch.set(stored, RECORD_BATCH_OVERHEAD);
  return batch;
}

/** Records of one batch behind one another, as they lie in it but for the timestamp where that counts from another one now. */
class KeptRecords {
  count = 0;
  maxTimestamp = NO_TIMESTAMP;
  readonly #baseTimestamp: number | undefined;
  readonly #scratch: Scratch;
  #end = RECORD_BATCH_OVERHEAD;

  /** `baseTimestamp`: what timestamps count from now, if that changes. */
  constructor(baseTimestamp: number | undefined, scratch: Scratch) {
    this.#baseTimestamp = baseTimestamp;
    this.#scratch = scratch;
    this.#reserve(0);
  }

  /** Room for a header, then the records. */
  get batch(): Uint8Array {
    return this.#target.subarray(0, this.#end);
  }

  get bytes(): Uint8Array {
    return this.#target.subarray(RECORD_BATCH_OVERHEAD, this.#end);
  }

  get #target(): Uint8Array {
    return this.#scratch.bytes;
  }

  add(cursor: RecordCursor): void {
    if (this.#baseTimestamp === undefined) this.#copy(cursor.raw);
    else this.#moveTo(this.#baseTimestamp, cursor);
    this.maxTimestamp = Math.max(this.maxTimestamp, cursor.timestamp);
    this.count += 1;
  }

  #copy(raw: Uint8Array): void {
    this.#reserve(raw.length);
    this.#target.set(raw, this.#end);
    this.#end += raw.length;
  }

  #moveTo(baseTimestamp: number, { timestamp, rawBehindTimestamp }: RecordCursor): void {
    const size = 1 + varlongSize(timestamp - baseTimestamp) + rawBehindTimestamp.length;
    this.#reserve(varintSize(size) + size);
    let at = writeVarint(this.#target, this.#end, size);
    // Attributes: no bit of them means anything.
    this.#target[at++] = 0;
    at = writeVarlong(this.#target, at, timestamp - baseTimestamp);
    this.#target.set(rawBehindTimestamp, at);
    this.#end = at + rawBehindTimestamp.length;
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#target.length) return;
    const grown = new Uint8Array(Math.max(this.#end + size, this.#target.length * 2));
    grown.set(this.#target.subarray(0, this.#end));
    this.#scratch.bytes = grown;
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
