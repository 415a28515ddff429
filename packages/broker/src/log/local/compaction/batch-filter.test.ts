// What is left of one batch, by the rules.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import {
  batchBaseSequence,
  batchBaseTimestamp,
  batchCodecId,
  batchDeleteHorizon,
  batchHasDeleteHorizon,
  batchIsTransactional,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchRecordCount,
} from '@moldau/protocol/records/batch-header.ts';
import { checkBatch } from '@moldau/protocol/records/check-batch.ts';
import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import { readRecords } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch, type BatchOptions, type NewRecord } from '@moldau/protocol/records/record-writer.ts';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';

import { Scratch, filterBatch, type FilterRules, type Filtered } from './batch-filter.ts';
import { KeyMap } from './key-map.ts';
import { Slices } from './slices.ts';

const NOW = 1_000_000;
const RETENTION = 5000;

/** Rules where the newest offset of each key is as given. */
function rules(newest: Record<string, number>, more: Partial<FilterRules> = {}): FilterRules {
  const keys = new KeyMap(10_000, 0.9);
  for (const [key, offset] of Object.entries(newest)) keys.put(Buffer.from(key), offset);
  return {
    keys,
    mappedTo: 1000,
    endOffset: 1000,
    nowMs: NOW,
    deleteRetentionMs: RETENTION,
    lastOfProducer: () => undefined,
    scratch: new Scratch(),
    ...more,
  };
}

function filter(bytes: Uint8Array, by: FilterRules, removable = false): Promise<Filtered> {
  return filterBatch(bytes, 0, removable, by, new Slices(new SimulatedClock(), () => Infinity));
}

function record(key: string | null, value: string | null, timestamp = 500): NewRecord {
  const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
  return {
    key: bytes(key),
    value: bytes(value),
    timestamp,
    headers: [{ key: 'h', value: Buffer.from('v') }],
  };
}

function batch(records: readonly NewRecord[], options: BatchOptions = {}): Uint8Array {
  return buildBatch({ baseOffset: 10, leaderEpoch: 3, ...options, records });
}

function contentOf(left: Filtered): unknown[] {
  assert(typeof left !== 'string', `it was rewritten, not: ${String(left)}`);
  assert.equal(checkBatch(left, 0, left.length, 'log'), undefined);
  return [...readRecords(left)].map(({ offset, timestamp, key, value, headers }) => [
    offset,
    timestamp,
    key && Buffer.from(key).toString(),
    value && Buffer.from(value).toString(),
    headers.length,
  ]);
}

describe('of a batch', () => {
  it('all is kept, byte for byte, when each record is the newest of its key', async () => {
    assert.equal(await filter(batch([record('a', '1'), record('b', '2')]), rules({ a: 10, b: 11 })), 'keep');
    assert.equal(
      await filter(batch([record('a', '1')]), rules({})),
      'keep',
      'keys that the map does not know',
    );
  });

  it('superseded records go; what stays keeps its offset, time and headers, and the batch its fields, whatever its codec', async () => {
    const records = [
      record('a', '1', 500),
      record('b', '2', 700),
      record('a', '3', 600),
      record('c', '4', 100),
    ];
    for (const [codecId, codec] of (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).entries()) {
      const options = { codec, producerId: 7, producerEpoch: 2, baseSequence: 40, transactional: true };
      const left = (await filter(batch(records, options), rules({ a: 50, b: 11, c: 13 }))) as Uint8Array;
      assert.deepEqual(contentOf(left), [
        [11, 700, 'b', '2', 1],
        [13, 100, 'c', '4', 1],
      ]);
      assert.deepEqual(
        [
          batchLastOffset(left, 0),
          batchLeaderEpoch(left, 0),
          batchCodecId(left, 0),
          batchMaxTimestamp(left, 0),
        ],
        [13, 3, codecId, 700],
      );
      assert.deepEqual(
        [
          batchProducerId(left, 0),
          batchProducerEpoch(left, 0),
          batchBaseSequence(left, 0),
          batchIsTransactional(left, 0),
        ],
        [7, 2, 40, true],
      );
    }
  });

  it('nothing is kept when every record is superseded or has no key', async () => {
    assert.equal(await filter(batch([record('a', '1'), record(null, '2')]), rules({ a: 50 })), 'drop');
  });

  it('records beyond what the map has seen are kept', async () => {
    const bytes = batch([record('a', '1'), record('a', '2'), record(null, '3')]);
    assert.deepEqual(contentOf(await filter(bytes, rules({ a: 50 }, { mappedTo: 11 }))), [
      [11, 500, 'a', '2', 1],
      [12, 500, null, '3', 1],
    ]);
  });

  it('a tombstone gets its horizon with the first compaction, stays until then, and goes', async () => {
    const bytes = batch([record('a', null, 400), record('b', '2', 700)]);
    const first = (await filter(bytes, rules({ a: 10, b: 11 }))) as Uint8Array;
    assert.equal(batchDeleteHorizon(first, 0), NOW + RETENTION);
    const both = [
      [10, 400, 'a', null, 1],
      [11, 700, 'b', '2', 1],
    ];
    assert.deepEqual(contentOf(first), both);
    assert.equal(batchMaxTimestamp(first, 0), 700);
    const later = (nowMs: number) => filter(first, rules({ a: 10, b: 11 }, { nowMs }));
    assert.equal(await later(NOW + RETENTION - 1), 'keep');
    const last = (await later(NOW + RETENTION)) as Uint8Array;
    assert.deepEqual(contentOf(last), both.slice(1));
    assert.equal(batchDeleteHorizon(last, 0), NOW + RETENTION, 'the base timestamp stays what it was');
  });

  it('timestamps survive a horizon where the broker sets them, too', async () => {
    const bytes = batch([record('a', null, 400), record('b', '2', 700)], { logAppendTime: 9000 });
    const left = (await filter(bytes, rules({}))) as Uint8Array;
    assert.deepEqual(
      [...readRecords(left)].map(({ timestamp }) => timestamp),
      [9000, 9000],
    );
    assert.equal(batchMaxTimestamp(left, 0), 9000);
  });

  it('the header stays of the last batch of an active producer', async () => {
    const bytes = batch([record('a', '1')], {
      producerId: 7,
      producerEpoch: 2,
      baseSequence: 40,
      codec: 'gzip',
    });
    const last = (lastDataOffset: number, epoch = 2) =>
      rules({ a: 50 }, { lastOfProducer: () => ({ lastDataOffset, epoch }) });
    assert.equal(await filter(bytes, last(99)), 'drop');
    const left = (await filter(bytes, last(10))) as Uint8Array;
    assert.deepEqual(contentOf(left), []);
    assert.deepEqual(
      [
        batchRecordCount(left, 0),
        left.length,
        batchLastOffset(left, 0),
        batchBaseSequence(left, 0),
        batchProducerEpoch(left, 0),
      ],
      [0, 61, 10, 40, 2],
    );
    assert.deepEqual(
      [batchMaxTimestamp(left, 0), batchBaseTimestamp(left, 0), batchCodecId(left, 0)],
      [500, -1, 0],
    );
    assert.equal(await filter(left, last(10)), 'keep', 'and again');
    assert.equal(await filter(left, last(99)), 'drop', 'until there is a newer one');
  });

  it('the header stays of the last batch of all that is compacted', async () => {
    const left = (await filter(batch([record('a', '1')]), rules({ a: 50 }, { endOffset: 11 }))) as Uint8Array;
    assert.equal(batchRecordCount(left, 0), 0);
  });

  it('of an aborted transaction nothing is kept', async () => {
    assert.equal(await filter(batch([record('a', '1')]), rules({ a: 10 }), true), 'drop');
  });
});

describe('of a marker', () => {
  const marker = (): Uint8Array =>
    buildEndTransactionBatch({
      type: 'commit',
      coordinatorEpoch: 1,
      producerId: 7,
      producerEpoch: 2,
      timestamp: 500,
      baseOffset: 10,
    });

  it('all is kept while there is data before it', async () => {
    assert.equal(await filter(marker(), rules({})), 'keep');
  });

  it('all is kept for delete.retention.ms more, then nothing', async () => {
    const left = (await filter(marker(), rules({}), true)) as Uint8Array;
    assert.equal(batchRecordCount(left, 0), 1);
    assert.equal(batchDeleteHorizon(left, 0), NOW + RETENTION);
    assert.equal(await filter(left, rules({}, { nowMs: NOW + RETENTION - 1 }), true), 'keep');
    assert.equal(await filter(left, rules({}, { nowMs: NOW + RETENTION }), true), 'drop');
    assert.equal(
      await filter(left, rules({}, { nowMs: NOW + RETENTION }), false),
      'keep',
      'data before it after all',
    );
  });

  it('the header stays when nothing else tells the epoch of the producer', async () => {
    const left = (await filter(marker(), rules({}), true)) as Uint8Array;
    const later = { nowMs: NOW + RETENTION, lastOfProducer: () => ({ lastDataOffset: -1, epoch: 2 }) };
    const header = (await filter(left, rules({}, later), true)) as Uint8Array;
    assert.equal(batchRecordCount(header, 0), 0);
    assert(!batchHasDeleteHorizon(header, 0));
  });
});
