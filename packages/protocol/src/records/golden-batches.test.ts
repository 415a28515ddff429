// Batches written by Kafka's own Java classes, with what those read from them: fixtures/java-batches.txt, which
// test/interop/java-records/RecordsTool.java prints (`write 1`). Each is read here, and written again from what was read.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codecName } from '../compression/codec.ts';
import { dumpBatch } from './batch-dump.ts';
import {
  RECORD_BATCH_OVERHEAD,
  batchBaseOffset,
  batchBaseSequence,
  batchCodecId,
  batchIsControl,
  batchIsTransactional,
  batchLastOffset,
  batchLeaderEpoch,
  batchMaxTimestamp,
  batchProducerEpoch,
  batchProducerId,
  batchTimestampType,
} from './batch-header.ts';
import { checkBatch } from './check-batch.ts';
import { buildEndTransactionBatch, readEndTransactionMarker } from './control-record.ts';
import { readRecords } from './record-reader.ts';
import { buildBatch } from './record-writer.ts';
import type { BatchOptions, NewRecord } from './record-writer.ts';

interface Golden {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly dump: readonly string[];
}

function goldenBatches(): Golden[] {
  const text = readFileSync(new URL('../../fixtures/java-batches.txt', import.meta.url), 'utf8');
  return text
    .split(/^# /m)
    .slice(1)
    .map((section) => {
      const [name = '', hex = '', ...dump] = section.trimEnd().split('\n');
      return { name, bytes: Buffer.from(hex.replace(/^hex /, ''), 'hex'), dump };
    });
}

const golden = goldenBatches();

/** What to ask `buildBatch` for to get the same batch. */
function optionsOf(bytes: Uint8Array): BatchOptions & { records: NewRecord[] } {
  const logAppendTime =
    batchTimestampType(bytes, 0) === 'LogAppendTime' ? batchMaxTimestamp(bytes, 0) : undefined;
  return {
    baseOffset: batchBaseOffset(bytes, 0),
    lastOffset: batchLastOffset(bytes, 0),
    leaderEpoch: batchLeaderEpoch(bytes, 0),
    codec: codecName(batchCodecId(bytes, 0)) ?? 'none',
    producerId: batchProducerId(bytes, 0),
    producerEpoch: batchProducerEpoch(bytes, 0),
    baseSequence: batchBaseSequence(bytes, 0),
    transactional: batchIsTransactional(bytes, 0),
    control: batchIsControl(bytes, 0),
    maxTimestamp: batchMaxTimestamp(bytes, 0),
    ...(logAppendTime === undefined ? {} : { logAppendTime }),
    records: [...readRecords(bytes)],
  };
}

test('there are golden batches in every codec', () => {
  assert.equal(golden.length, 22);
  assert.deepEqual(new Set(golden.map(({ bytes }) => batchCodecId(bytes, 0))), new Set([0, 1, 2, 3, 4]));
});

for (const { name, bytes, dump } of golden) {
  test(`Java's batch is read as Java reads it: ${name}`, () => {
    assert.equal(checkBatch(bytes, 0, bytes.length, 'log'), undefined);
    assert.deepEqual(dumpBatch(bytes), dump);
  });

  test(`what was read is written again to the same content: ${name}`, () => {
    const rebuilt = buildBatch(optionsOf(bytes));
    assert.equal(checkBatch(rebuilt, 0, rebuilt.length, 'log'), undefined);
    assert.deepEqual(dumpBatch(rebuilt).slice(1), dump.slice(1));
    // With LogAppendTime the producer's own timestamps are gone for the reader, so the deltas differ.
    if (batchCodecId(bytes, 0) === 0 && batchTimestampType(bytes, 0) === 'CreateTime') {
      assert.deepEqual(Buffer.from(rebuilt), bytes);
    }
  });
}

for (const type of ['commit', 'abort'] as const) {
  test(`a marker is what Java writes: ${type}`, () => {
    const expected = golden.find(({ name }) => name === `marker ${type}`)?.bytes;
    assert.ok(expected);
    const built = buildEndTransactionBatch({
      type,
      coordinatorEpoch: 17,
      producerId: 4711,
      producerEpoch: 3,
      timestamp: 1_700_000_000_000,
      baseOffset: 99,
      leaderEpoch: 5,
    });
    assert.deepEqual(Buffer.from(built), expected);
    const [record] = [...readRecords(expected)];
    assert.ok(record);
    assert.deepEqual(readEndTransactionMarker(record.key, record.value), { type, coordinatorEpoch: 17 });
    assert.equal(checkBatch(expected, 0, expected.length, 'producer'), 'control-batch');
  });
}

test('a batch emptied by compaction is nothing but a header', () => {
  const empty = golden.find(({ name }) => name === 'emptied by compaction')?.bytes;
  assert.ok(empty);
  assert.equal(empty.length, RECORD_BATCH_OVERHEAD);
  assert.deepEqual([...readRecords(empty)], []);
});
