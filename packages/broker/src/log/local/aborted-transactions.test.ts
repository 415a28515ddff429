import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AbortedTransaction } from '../aborted-transaction.ts';
import type { PartitionLog } from '../partition-log.ts';
import { FOLDER, KB, LogWorld, TEST_CONFIG, batchAt } from './log-fixture.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import { ABORTED_ENTRY_BYTES, decodeAborted, encodeAborted } from './transaction-index.ts';

/** Appends a batch and, for all the log knows, the marker that aborts it. */
function abort(log: PartitionLog, producerId = 1): AbortedTransaction {
  const firstOffset = log.endOffset;
  log.append([batchAt(firstOffset)]);
  const lastOffset = log.endOffset;
  log.append([batchAt(lastOffset)]);
  const aborted = { producerId, firstOffset, lastOffset, lastStableOffset: lastOffset + 1 };
  log.noteAborted(aborted);
  return aborted;
}

function find(
  world: LogWorld,
  log: PartitionLog,
  from: number,
  upTo: number,
): Promise<readonly AbortedTransaction[]> {
  return world.run(Promise.resolve(log.abortedTransactions(from, upTo)));
}

const settle = (world: LogWorld, log: PartitionLog): Promise<void> =>
  world.run((log as LocalPartitionLog).context.checkpointed(log as LocalPartitionLog));

test("the file is Kafka's: 34 bytes for each abort marker", () => {
  const entry = { producerId: 4000, firstOffset: 5, lastOffset: 300, lastStableOffset: 299 };
  assert.equal(
    Buffer.from(encodeAborted([entry])).toString('hex'),
    ['0000', '0000000000000fa0', '0000000000000005', '000000000000012c', '000000000000012b'].join(''),
  );
});

test('what a reader has to know is found in files and in memory, near the end without a file', async () => {
  const world = await LogWorld.start();
  const log = await world.open(0, { ...TEST_CONFIG, segmentBytes: 250 * KB });
  const all: AbortedTransaction[] = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 400; i++) all.push(abort(log, i));
    await world.settle();
    if (round < 2) await settle(world, log);
  }
  const segments = (await world.names('topic-0')).filter((name) => name.endsWith('.txnindex'));
  assert(segments.length > 1, segments.join());
  const end = log.endOffset;
  for (const [from, upTo] of [
    [0, end],
    [0, 1],
    [1199, 1201],
    [1200, 1200],
    [end - 1, end],
    [end - 1000, end - 990],
  ] as const) {
    const expected = all.filter(({ firstOffset, lastOffset }) => lastOffset >= from && firstOffset < upTo);
    assert.deepEqual(await find(world, log, from, upTo), expected, `from ${from} to ${upTo}`);
  }
  assert.deepEqual(log.abortedTransactions(end - 100, end), all.slice(-50));
  await world.reopen();
  const again = await world.open(0, { ...TEST_CONFIG, segmentBytes: 250 * KB });
  assert.deepEqual(await find(world, again, 0, end), all);
});

test('a transaction that began long before the end of what is read, and one that began behind it', async () => {
  const world = await LogWorld.start();
  const log = await world.open();
  for (let i = 0; i < 10; i++) log.append([batchAt(log.endOffset)]);
  log.noteAborted({ producerId: 2, firstOffset: 6, lastOffset: 8, lastStableOffset: 1 });
  log.noteAborted({ producerId: 1, firstOffset: 1, lastOffset: 9, lastStableOffset: 10 });
  await world.settle();
  const producers = async (from: number, upTo: number): Promise<number[]> =>
    (await find(world, log, from, upTo)).map(({ producerId }) => producerId);
  assert.deepEqual(await producers(0, 3), [1], 'it ends behind one that began later');
  assert.deepEqual(await producers(0, 1), []);
  assert.deepEqual(await producers(7, 8), [2, 1]);
  assert.deepEqual(await producers(9, 10), [1]);
});

test('an index goes with its segment', async () => {
  const world = await LogWorld.start();
  const config = { ...TEST_CONFIG, segmentBytes: 20 * KB };
  const log = await world.open(0, config);
  for (let i = 0; i < 200; i++) abort(log, i);
  await world.settle();
  await settle(world, log);
  const indexes = async () => (await world.names('topic-0')).filter((name) => name.includes('.txnindex'));
  const before = await indexes();
  await world.run(log.deleteBefore(log.endOffset - 10));
  await world.settle(50);
  const dropped = (await indexes()).filter((name) => name.endsWith('.deleted'));
  assert.equal(dropped.length, before.length - 1);
  await world.settle(config.fileDeleteDelayMs + 100);
  assert.deepEqual(await indexes(), before.slice(-1));
  assert.deepEqual(
    (await find(world, log, log.startOffset, log.endOffset)).map(({ producerId }) => producerId),
    [195, 196, 197, 198, 199],
  );
});

test('entries of a failed commit are gone', async () => {
  const world = await LogWorld.start({ diskFullProbeMs: 50, diskFullReserveBytes: 1 });
  const log = await world.open();
  const kept = abort(log, 1);
  await world.settle();
  world.disk.faults.fail({ operation: 'write', path: `${FOLDER}/wal/`, code: 'NO_SPACE', times: Infinity });
  abort(log, 2);
  await world.settle(20);
  world.disk.faults.clear();
  await world.settle(200);
  const next = abort(log, 3);
  await world.settle();
  assert.deepEqual(await find(world, log, 0, log.endOffset), [kept, next]);
});

test('bytes of any kind are an entry that can be right, or none', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, from) => {
      const entry = decodeAborted(bytes, 0, from);
      if (entry === undefined) return;
      assert(entry.firstOffset < entry.lastOffset && entry.lastOffset >= from);
      assert.deepEqual(
        Buffer.from(encodeAborted([entry])),
        Buffer.from(bytes.subarray(0, ABORTED_ENTRY_BYTES)),
      );
    }),
  );
  const entry = { producerId: 1, firstOffset: 2, lastOffset: 3, lastStableOffset: 4 };
  const bytes = encodeAborted([entry]);
  assert.deepEqual(decodeAborted(bytes, 0, 3), entry);
  assert.equal(decodeAborted(bytes, 0, 4), undefined, 'not in order');
  assert.equal(decodeAborted(bytes.subarray(0, 33), 0, 0), undefined, 'cut short');
  for (const at of [1, 2, 10, 18, 26])
    assert.equal(decodeAborted(bytes.with(at, 0xff), 0, 0), undefined, `damaged at byte ${at}`);
});
