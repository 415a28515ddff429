// For tests of compaction: a log of small segments on the simulated disk, a writer of keyed records and transactions that remembers what it wrote, and what
// compaction must leave of that.
import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import type { CodecName } from '@moldau/protocol/compression/codec.ts';
import {
  batchBaseOffset,
  batchBaseSequence,
  batchIsControl,
  batchIsTransactional,
  batchLastOffset,
  batchMaxTimestamp,
  batchProducerId,
  batchRecordCount,
  batchSizeInBytes,
} from '@moldau/protocol/records/batch-header.ts';
import { checkBatch } from '@moldau/protocol/records/check-batch.ts';
import { loggedMarker } from '../../logged-marker.ts';
import { readRecords } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';

import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';

import type { AbortedTransaction } from '../../aborted-transaction.ts';
import type { LogConfig, PartitionLog } from '../../partition-log.ts';
import { recordsMaxTimestamp } from '../batch-check.ts';
import { KB, LogWorld, TEST_CONFIG, type Witness } from '../log-fixture.ts';

/** Everything goes to the segments at once and leaves memory: reads come from files. */
export const FILES_ONLY = { flushBytes: 0, tailMaxBytes: 0 };

export const COMPACTED: LogConfig = {
  ...TEST_CONFIG,
  segmentBytes: KB,
  indexIntervalBytes: 200,
  deletes: false,
  compacts: true,
  fileDeleteDelayMs: 10,
  deleteRetentionMs: 1_000_000,
};

export interface WrittenRecord {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}

interface WrittenBatch {
  readonly baseOffset: number;
  readonly records: readonly WrittenRecord[];
  readonly producerId: number;
  readonly transactional: boolean;
  aborted: boolean;
  /** When compaction may drop its tombstones. */
  horizon: number | undefined;
  /** Records that the last compaction has left. */
  left: readonly WrittenRecord[];
}

export interface BatchSpec {
  /** Keys and values; null: a tombstone. */
  readonly records: readonly (readonly [key: string, value: string | null])[];
  readonly codec?: CodecName;
  readonly producerId?: number;
  readonly transactional?: boolean;
}

/** Appends to a log, and knows what has to be there. */
export class KeyedWriter {
  log: PartitionLog;
  witness: Witness;
  readonly batches: WrittenBatch[] = [];
  readonly #sequences = new Map<number, number>();
  readonly #open = new Map<number, { first: number; batches: WrittenBatch[] }>();
  readonly #aborted: AbortedTransaction[] = [];

  constructor(log: PartitionLog, witness: Witness) {
    this.log = log;
    this.witness = witness;
  }

  write(spec: BatchSpec): WrittenBatch {
    const { producerId = -1, transactional = false } = spec;
    const baseOffset = this.log.endOffset;
    const timestamp = 1000 + baseOffset;
    const records = spec.records.map(([key, value], i) => ({
      offset: baseOffset + i,
      key,
      value,
      timestamp: timestamp + i,
    }));
    const sequence = this.#sequences.get(producerId) ?? 0;
    if (producerId >= 0) this.#sequences.set(producerId, sequence + records.length);
    const options: BatchOptions =
      producerId < 0 ? {} : { producerId, producerEpoch: 0, baseSequence: sequence, transactional };
    const bytes = buildBatch({
      ...options,
      baseOffset,
      leaderEpoch: 0,
      codec: spec.codec ?? 'none',
      records: records.map(({ key, value, timestamp }) => ({
        timestamp,
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: [{ key: 'h', value: Buffer.from(key) }],
      })),
    });
    this.#append(bytes);
    const batch: WrittenBatch = {
      baseOffset,
      records,
      producerId,
      transactional,
      aborted: false,
      horizon: undefined,
      left: records,
    };
    this.batches.push(batch);
    if (producerId >= 0) {
      this.witness.lastOfProducers.set(producerId, { lastDataOffset: this.log.endOffset - 1, epoch: 0 });
      if (transactional) {
        const open = this.#open.get(producerId) ?? { first: baseOffset, batches: [] };
        open.batches.push(batch);
        this.#open.set(producerId, open);
        this.#stable();
      }
    }
    return batch;
  }

  get openTransactions(): number[] {
    return [...this.#open.keys()];
  }

  end(producerId: number, type: 'commit' | 'abort'): void {
    const offset = this.log.endOffset;
    const open = this.#open.get(producerId);
    this.#append(
      buildEndTransactionBatch({
        type,
        coordinatorEpoch: 0,
        producerId,
        producerEpoch: 0,
        timestamp: 1000 + offset,
        baseOffset: offset,
        leaderEpoch: 0,
      }),
    );
    this.#open.delete(producerId);
    this.#stable();
    if (type === 'abort' && open !== undefined) {
      for (const batch of open.batches) batch.aborted = true;
      const aborted = {
        producerId,
        firstOffset: open.first,
        lastOffset: offset,
        lastStableOffset: Math.min(this.witness.stableEnd, offset + 1),
      };
      this.#aborted.push(aborted);
      this.log.noteAborted(aborted);
    }
  }

  /** The log has been opened anew: what a partition does at its replay. */
  reopened(log: PartitionLog, witness: Witness): void {
    const restored = witness.events.findLast((event) => event.startsWith('restore'))!;
    const from = Number(restored.slice(restored.lastIndexOf(' ')));
    for (const [producerId, last] of this.witness.lastOfProducers)
      witness.lastOfProducers.set(producerId, last);
    witness.stableEnd = this.witness.stableEnd;
    this.witness = witness;
    this.log = log;
    for (const aborted of this.#aborted) if (aborted.lastOffset >= from) log.noteAborted(aborted);
  }

  #stable(): void {
    this.witness.stableEnd = Math.min(Infinity, ...[...this.#open.values()].map(({ first }) => first));
  }

  #append(bytes: Uint8Array): void {
    this.log.append([
      {
        bytes,
        baseOffset: batchBaseOffset(bytes, 0),
        lastOffset: batchLastOffset(bytes, 0),
        leaderEpoch: 0,
        maxTimestamp: batchMaxTimestamp(bytes, 0),
      },
    ]);
  }

  /** What a compaction at `nowMs` of all below `cleanedTo` leaves, by the rules; remembers it. */
  compacted(cleanedTo: number, nowMs: number, deleteRetentionMs: number): WrittenRecord[] {
    const newest = new Map<string, number>();
    for (const batch of this.batches) {
      if (batch.aborted) continue;
      for (const { key, offset } of batch.records) if (offset < cleanedTo) newest.set(key, offset);
    }
    for (const batch of this.batches) {
      if (batch.baseOffset >= cleanedTo) continue;
      const { horizon } = batch;
      batch.left = batch.left.filter(
        ({ key, value, offset }) =>
          offset >= cleanedTo ||
          (!batch.aborted &&
            newest.get(key) === offset &&
            (value !== null || horizon === undefined || nowMs < horizon)),
      );
      if (horizon === undefined && batch.left.some(({ value }) => value === null))
        batch.horizon = nowMs + deleteRetentionMs;
    }
    return this.left();
  }

  left(): WrittenRecord[] {
    return this.batches.flatMap(({ left }) => left);
  }

  /** What read_committed readers must make of it all: the newest value of each key. */
  table(): Map<string, string> {
    return tableOf(this.batches.filter(({ aborted }) => !aborted).flatMap(({ records }) => records));
  }
}

export function tableOf(records: readonly WrittenRecord[]): Map<string, string> {
  const table = new Map<string, string>();
  for (const { key, value } of records) {
    if (value === null) table.delete(key);
    else table.set(key, value);
  }
  return new Map([...table].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export interface StoredBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly producerId: number;
  readonly baseSequence: number;
  readonly records: number;
  readonly control: boolean;
  /** Of its records; -1 when there are none. */
  readonly maxTimestamp: number;
}

export interface LogContent {
  readonly batches: readonly StoredBatch[];
  /** What any reader sees. */
  readonly records: readonly WrittenRecord[];
  /** What a read_committed reader makes of it: a consumer's own way, with the aborted transactions it is told of. */
  readonly committed: readonly WrittenRecord[];
}

/** Reads all of the log as consumers do, a small piece at a time, checking each batch. */
export async function readContent(world: LogWorld, log: PartitionLog): Promise<LogContent> {
  const batches: StoredBatch[] = [];
  const records: WrittenRecord[] = [];
  const committed: WrittenRecord[] = [];
  const aborting = new Set<number>();
  for (let offset = log.startOffset; offset < log.durableEndOffset;) {
    const limits = { maxBytes: 600, atLeastOneBatch: true, upToOffset: Infinity };
    const slice = await world.run(Promise.resolve(log.read(offset, limits)));
    if (slice.byteLength === 0)
      throw new Error(`nothing to read at ${offset}, the log ends at ${log.durableEndOffset}`);
    const bytes = Buffer.concat(slice.buffers);
    for (let at = 0; at < bytes.length; at += batchSizeInBytes(bytes, at)) {
      const problem = checkBatch(bytes, at, bytes.length, 'log');
      if (problem !== undefined) throw new Error(`the batch read at ${offset} is bad: ${problem}`);
      const baseOffset = batchBaseOffset(bytes, at);
      const lastOffset = batchLastOffset(bytes, at);
      if (lastOffset < offset || (batches.at(-1)?.lastOffset ?? -1) >= baseOffset)
        throw new Error(`offsets ${baseOffset} to ${lastOffset} read at ${offset}`);
      const producerId = batchProducerId(bytes, at);
      const control = batchIsControl(bytes, at);
      batches.push({
        baseOffset,
        lastOffset,
        producerId,
        baseSequence: batchBaseSequence(bytes, at),
        records: batchRecordCount(bytes, at),
        control,
        maxTimestamp: recordsMaxTimestamp(bytes, at),
      });
      for (const { producerId, firstOffset, lastOffset: marker } of await world.run(
        Promise.resolve(log.abortedTransactions(baseOffset, lastOffset + 1)),
      )) {
        if (firstOffset <= lastOffset && marker >= baseOffset) aborting.add(producerId);
      }
      if (control) {
        if (loggedMarker(bytes, at)?.committed === false) aborting.delete(producerId);
      } else {
        const found = [...readRecords(bytes, at)].map(({ offset, timestamp, key, value, headers }) => {
          if (Buffer.compare(headers[0]!.value!, key!) !== 0) throw new Error('headers were changed');
          return {
            offset,
            key: Buffer.from(key!).toString(),
            value: value === null ? null : Buffer.from(value).toString(),
            timestamp,
          };
        });
        records.push(...found);
        if (!(batchIsTransactional(bytes, at) && aborting.has(producerId))) committed.push(...found);
      }
      offset = lastOffset + 1;
    }
  }
  return { batches, records, committed };
}

export async function compactedWorld(
  config: LogConfig = COMPACTED,
  seed = 1,
  settings: Parameters<typeof LogWorld.start>[0] = FILES_ONLY,
): Promise<{ world: LogWorld; log: PartitionLog; writer: KeyedWriter }> {
  // Only what a test starts itself runs.
  const world = await LogWorld.start(settings, seed, { backoffMs: 1e12 });
  const log = await world.open(0, config);
  return { world, log, writer: new KeyedWriter(log, world.witnesses[0]!) };
}

const KEYS = 12;
const CODECS: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const IDEMPOTENT = [1, 2];
const TRANSACTIONAL = [10, 11, 12];

/** Writes `steps` things of all kinds: batches of every codec, of idempotent producers, transactions that end in either way or not yet. */
export function writeRandomly(writer: KeyedWriter, random: SeededRandom, steps: number): void {
  for (let step = 0; step < steps; step++) {
    const kind = random.integer(10);
    const open = writer.openTransactions;
    if (kind < 2 && open.length > 0) {
      writer.end(open[random.integer(open.length)]!, random.chance(0.5) ? 'commit' : 'abort');
      continue;
    }
    const records = Array.from({ length: 1 + random.integer(4) }, () => {
      const value = random.chance(0.25) ? null : `${random.integer(1e6)} ${'.'.repeat(random.integer(80))}`;
      return [`key-${random.integer(KEYS)}`, value] as const;
    });
    const codec = random.chance(0.5) ? 'none' : CODECS[random.integer(CODECS.length)]!;
    if (kind < 6) writer.write({ records, codec });
    else if (kind < 8) writer.write({ records, codec, producerId: IDEMPOTENT[random.integer(2)]! });
    else writer.write({ records, codec, producerId: TRANSACTIONAL[random.integer(3)]!, transactional: true });
  }
}
