// Segments: when they begin, what is read from them, how they go.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { KB, LogWorld, TEST_CONFIG, appendMany, basesOf, batchAt, range, readAll } from './log-fixture.ts';

/** Everything goes to the segments at once and leaves memory: reads come from files. */
const FILES_ONLY = { flushBytes: 0, tailMaxBytes: 0 };

async function segmentNames(world: LogWorld): Promise<string[]> {
  return (await world.names('topic-0'))
    .filter((name) => name.endsWith('.log'))
    .map((name) => String(Number(name.slice(0, 20))));
}

describe('a new segment begins', () => {
  it('when the batch does not fit into segment.bytes', async () => {
    const world = await LogWorld.start(FILES_ONLY);
    const log = await world.open(0, { ...TEST_CONFIG, segmentBytes: 1000 });
    appendMany(log, 12);
    await world.settle(50);
    assert.deepEqual(await segmentNames(world), ['0', '5', '10']);
  });

  it('when its timestamp is segment.ms after the first one', async () => {
    const world = await LogWorld.start(FILES_ONLY);
    const log = await world.open(0, { ...TEST_CONFIG, segmentMs: 100 });
    for (const timestamp of [5000, 5100, 5050, 5101, 5102])
      log.append([batchAt(log.endOffset, { timestamp })]);
    await world.settle(50);
    assert.deepEqual(await segmentNames(world), ['0', '3']);
  });

  it('when the offset index is full', async () => {
    const world = await LogWorld.start(FILES_ONLY);
    const log = await world.open(0, { ...TEST_CONFIG, indexIntervalBytes: 0, segmentIndexBytes: 3 * 8 });
    appendMany(log, 6);
    await world.settle(50);
    assert.deepEqual(await segmentNames(world), ['0', '4']);
  });

  it('when the offset is too far from the base for 32 bits', async () => {
    const world = await LogWorld.start(FILES_ONLY);
    const log = await world.open();
    log.append([batchAt(0, { records: 2 ** 31 - 1, timestamp: 5 })]);
    log.append([batchAt(2 ** 31 - 1, { timestamp: 5 })]);
    log.append([batchAt(2 ** 31, { timestamp: 5 })]);
    await world.settle(50);
    assert.deepEqual(await segmentNames(world), ['0', String(2 ** 31)]);
  });
});

describe('reads', () => {
  it('give whole batches within the limits, the first one whatever its size, from memory and from files alike', async () => {
    for (const settings of [{}, FILES_ONLY]) {
      const world = await LogWorld.start(settings);
      const log = await world.open();
      appendMany(log, 10);
      for (let i = 0; i < 10; i++) log.append([batchAt(log.endOffset, { records: 2 })]);
      await world.settle(30);
      const read = async (offset: number, maxBytes: number, atLeastOneBatch: boolean, upToOffset: number) =>
        basesOf(
          await world.run(Promise.resolve(log.read(offset, { maxBytes, atLeastOneBatch, upToOffset }))),
        );
      const first = log.endOffset - 20;
      assert.deepEqual(await read(first + 1, 600, false, Infinity), [first, first + 2, first + 4]);
      assert.deepEqual(await read(first + 1, 599, false, Infinity), [first, first + 2]);
      assert.deepEqual(await read(first, 1, true, Infinity), [first]);
      assert.deepEqual(await read(first, 1, false, Infinity), []);
      assert.deepEqual(await read(first, 10_000, false, first + 3), [first, first + 2], 'by base offset');
      assert.deepEqual(await read(log.endOffset, 10_000, true, Infinity), []);
    }
  });

  it('find any offset, in any order, with any layout', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          batches: fc.array(
            fc.record({ records: fc.integer({ min: 1, max: 4 }), size: fc.integer({ min: 61, max: 3000 }) }),
            { minLength: 1, maxLength: 60 },
          ),
          segmentBytes: fc.integer({ min: 500, max: 20_000 }),
          readAheadBytes: fc.integer({ min: 61, max: 5000 }),
          tailMaxBytes: fc.integer({ min: 0, max: 20_000 }),
          indexIntervalBytes: fc.integer({ min: 0, max: 5000 }),
          reopen: fc.boolean(),
        }),
        async ({ batches, segmentBytes, readAheadBytes, tailMaxBytes, indexIntervalBytes, reopen }) => {
          const world = await LogWorld.start({
            readAheadBytes,
            tailMaxBytes,
            flushBytes: 0,
            readCacheBytes: 4000,
          });
          const config = { ...TEST_CONFIG, segmentBytes, indexIntervalBytes };
          let log = await world.open(0, config);
          const bases: number[] = [];
          for (const { records, size } of batches) {
            bases.push(log.endOffset);
            log.append([batchAt(log.endOffset, { records, size })]);
          }
          await world.settle(30);
          if (reopen) {
            await world.reopen();
            log = await world.open(0, config);
          }
          assert.deepEqual(await readAll(world, log), bases);
          for (let offset = log.endOffset - 1; offset >= 0; offset -= 3) {
            const [first] = basesOf(
              await world.run(
                Promise.resolve(
                  log.read(offset, { maxBytes: 1, atLeastOneBatch: true, upToOffset: Infinity }),
                ),
              ),
            );
            assert.equal(
              first,
              bases.findLast((base) => base <= offset),
            );
          }
        },
      ),
      { numRuns: 40, endOnFailure: true },
    );
  });

  it('find the first batch of a time, and the largest', async () => {
    for (const settings of [{}, FILES_ONLY]) {
      const world = await LogWorld.start(settings);
      const log = await world.open(0, { ...TEST_CONFIG, segmentBytes: 2000, indexIntervalBytes: 300 });
      const timestamps = [10, 30, 20, 40, 40, 35, 90, 50, 60, 90, 70, 80];
      for (const timestamp of timestamps) log.append([batchAt(log.endOffset, { timestamp })]);
      await world.settle(30);
      for (const wanted of [0, 10, 11, 31, 40, 41, 90]) {
        const found = await world.run(log.findByTimestamp(wanted));
        assert.equal(
          found?.baseOffset,
          timestamps.findIndex((timestamp) => timestamp >= wanted),
          `timestamp ${wanted}`,
        );
      }
      assert.equal(await world.run(log.findByTimestamp(91)), undefined);
      assert.equal((await world.run(log.findMaxTimestamp()))?.baseOffset, 6);
    }
  });

  it('go on in a segment that retention takes away', async () => {
    const world = await LogWorld.start({ ...FILES_ONLY, readAheadBytes: 100 });
    const log = await world.open(0, { ...TEST_CONFIG, segmentBytes: 1000, fileDeleteDelayMs: 1000 });
    appendMany(log, 20);
    await world.settle(30);
    const reading = Promise.all(
      range(0, 10).map(async (offset) =>
        log.read(offset, { maxBytes: 1, atLeastOneBatch: true, upToOffset: Infinity }),
      ),
    );
    await world.run(log.deleteBefore(15));
    const slices = await world.run(reading);
    for (const [offset, slice] of slices.entries())
      assert(slice.byteLength === 0 || basesOf(slice)[0] === offset);
    await world.settle(2000);
    assert.deepEqual(await segmentNames(world), ['15']);
  });
});

describe('retention', () => {
  async function fourSegments(config: Partial<typeof TEST_CONFIG>) {
    const world = await LogWorld.start(FILES_ONLY);
    const log = await world.open(0, {
      ...TEST_CONFIG,
      segmentBytes: 1000,
      fileDeleteDelayMs: 100,
      ...config,
    });
    appendMany(log, 20);
    await world.settle(50);
    world.witnesses[0]!.take();
    return { world, log };
  }

  it('by size drops whole segments while what is left is not below the limit', async () => {
    const { world, log } = await fourSegments({ retentionBytes: 2100 });
    assert.equal(await world.run(log.applyRetention(0)), 1);
    assert.deepEqual([log.startOffset, log.sizeInBytes], [5, 3000]);
    assert.deepEqual(
      world.witnesses[0]!.take().filter((event) => event.startsWith('start')),
      ['start 5'],
    );
    assert.deepEqual(await segmentNames(world), ['5', '10', '15']);
    assert((await world.names('topic-0')).includes('00000000000000000000.log.deleted'));
    await world.settle(200);
    assert.deepEqual(
      (await world.names('topic-0')).filter((name) => name.endsWith('.deleted')),
      [],
    );
  });

  it('by time drops what is older, the active segment too, and goes on at the same offset', async () => {
    const { world, log } = await fourSegments({ retentionMs: 100 });
    assert.equal(
      await world.run(log.applyRetention(1000 + 9 + 101)),
      2,
      'the largest timestamp of a segment counts',
    );
    assert.equal(log.startOffset, 10);
    assert.equal(await world.run(log.applyRetention(10_000)), 2);
    assert.deepEqual([log.startOffset, log.endOffset, log.sizeInBytes], [20, 20, 0]);
    appendMany(log, 2, { timestamp: 20_000 });
    await world.settle(20);
    assert.deepEqual(await readAll(world, log), [20, 21]);
    await world.powerCut();
    const again = await world.open();
    assert.deepEqual([again.startOffset, again.endOffset], [20, 22]);
    assert.deepEqual(await readAll(world, again), [20, 21]);
  });

  it('keeps a segment whose largest timestamp lies in the future', async () => {
    const { world, log } = await fourSegments({ retentionMs: 100 });
    assert.equal(await world.run(log.applyRetention(500)), 0);
  });

  it('runs by itself, and not where the policy is only to compact', async () => {
    const world = await LogWorld.start({ ...FILES_ONLY, retentionCheckIntervalMs: 1000 });
    const config = { ...TEST_CONFIG, segmentBytes: 1000, retentionBytes: 1000 };
    const [deletes, compacts] = [
      await world.open(0, config),
      await world.open(1, { ...config, deletes: false, compacts: true }),
    ];
    appendMany(deletes, 20);
    appendMany(compacts, 20);
    await world.settle(1500);
    assert.deepEqual([deletes.startOffset, compacts.startOffset], [15, 0]);
  });

  it('deleteBefore moves the start durably before it says so', async () => {
    const { world, log } = await fourSegments({});
    await world.run(log.deleteBefore(7));
    assert.equal(world.witnesses[0]!.take()[0], 'start 7');
    await world.powerCut();
    const again = await world.open();
    assert.equal(again.startOffset, 7);
    assert.deepEqual((await readAll(world, again))[0], 7);
  });
});

describe('large groups', () => {
  it('go straight to the segment and are written once', async () => {
    const world = await LogWorld.start({
      directMinBytes: 20 * KB,
      directMaxPartitions: 2,
      flushBytes: 10 * KB,
    });
    const log = await world.open();
    appendMany(log, 12, { size: KB });
    await world.settle(20);
    appendMany(log, 30, { size: KB });
    await world.settle(20);
    const before = world.count('write /data/log/topic-0');
    appendMany(log, 30, { size: KB });
    await world.settle(20);
    assert.equal(world.count('write /data/log/topic-0') - before, 1);
    assert.equal(log.durableEndOffset, 72);
    for (let seed = 0; seed < 3; seed++) {
      await world.powerCut();
      assert.deepEqual(await readAll(world, await world.open()), range(0, 72));
    }
  });
});
