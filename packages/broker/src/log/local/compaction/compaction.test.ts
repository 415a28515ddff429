// When logs are compacted, and how that goes together with everything else that happens to them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { LogConfig, PartitionLog } from '../../partition-log.ts';
import { KB, OTHER_TOPIC_ID, basesOf, batchAt, type LogWorld } from '../log-fixture.ts';
import { COMPACTED, compactedWorld, KeyedWriter, readContent, tableOf } from './compaction-fixture.ts';

const RETENTION = COMPACTED.deleteRetentionMs;

/** One record a batch, of some hundred bytes; the clock goes on by a millisecond with each. */
async function fill(world: LogWorld, writer: KeyedWriter, count: number, keys: number): Promise<void> {
  for (let i = 0; i < count; i++) writer.write({ records: [[`key-${i % keys}`, `${i} ${'.'.repeat(60)}`]] });
  await world.settle(50);
}

async function compact(world: LogWorld, log: PartitionLog) {
  const nowMs = world.scheduler.clock.now();
  return { nowMs, ...(await world.run(log.compact(nowMs))) };
}

async function segments(world: LogWorld, folder = 'topic-0'): Promise<number[]> {
  return (await world.names(folder))
    .filter((name) => name.endsWith('.log'))
    .map((name) => Number(name.slice(0, 20)));
}

/** A moment of the world's time. */
function pause(world: LogWorld): Promise<void> {
  return new Promise((resolve) => world.scheduler.clock.setTimer(0.05, resolve));
}

describe('compaction', () => {
  it('leaves the newest record of each key, at its offset, in fewer segments', async () => {
    const { world, log, writer } = await compactedWorld();
    await fill(world, writer, 80, 4);
    const before = await segments(world);
    const sizeBefore = log.sizeInBytes;
    const result = await compact(world, log);
    assert.equal(result.cleanedTo, before.at(-1), 'up to the active segment');
    assert.equal(result.passes, 1);
    assert.deepEqual(
      (await readContent(world, log)).records,
      writer.compacted(result.cleanedTo, result.nowMs, RETENTION),
    );
    assert.deepEqual(await segments(world), [0, result.cleanedTo]);
    assert.equal(sizeBefore - log.sizeInBytes, result.bytesBefore - result.bytesAfter);
    await world.settle(50);
    assert.deepEqual(
      (await world.names('topic-0')).filter((name) => name.includes('deleted')),
      [],
    );
    assert.equal((await compact(world, log)).compacted, false, 'there is nothing more to do');
  });

  it('knows after a restart how far it has come, whether the last checkpoint says so or not', async () => {
    for (const way of ['reopen', 'powerCut'] as const) {
      const { world, log, writer } = await compactedWorld();
      await fill(world, writer, 80, 4);
      const { cleanedTo, nowMs } = await compact(world, log);
      await world[way]();
      const again = await world.open(0, COMPACTED);
      assert.deepEqual(
        (await readContent(world, again)).records,
        writer.compacted(cleanedTo, nowMs, RETENTION),
      );
      assert.equal((await compact(world, again)).compacted, way === 'powerCut');
      assert.equal(
        again.sizeInBytes,
        (await content(world, 'topic-0')).reduce((sum, size) => sum + size, 0),
      );
    }
  });

  it('finds what is durable and has not been written to a segment yet', async () => {
    const { world, log, writer } = await compactedWorld(COMPACTED, 1, {});
    await fill(world, writer, 80, 4);
    assert.deepEqual(await segments(world), []);
    const result = await compact(world, log);
    assert(result.cleanedTo > 70);
    assert.deepEqual(
      (await readContent(world, log)).records,
      writer.compacted(result.cleanedTo, result.nowMs, RETENTION),
    );
  });

  it('is recovered from a write-ahead log that points into segments which are gone', async () => {
    const config = { ...COMPACTED, segmentBytes: 4 * KB };
    for (const way of ['kill', 'powerCut'] as const) {
      const { world, log, writer } = await compactedWorld(config, 1, {
        tailMaxBytes: 0,
        directMinBytes: 1,
      });
      // Another partition holds on to all frames.
      (await world.open(1)).append([batchAt(0)]);
      for (let i = 0; i < 50; i++) await fill(world, writer, 2, 3);
      assert(world.count('writeDurably /data/log/topic-0/') > 3, 'batches went straight to the segments');
      const result = await compact(world, log);
      const expected = writer.compacted(result.cleanedTo, result.nowMs, RETENTION);
      await fill(world, writer, 3, 3);
      await world[way]();
      const again = await world.open(0, config);
      assert.deepEqual((await readContent(world, again)).records.slice(0, expected.length), expected);
      assert.equal((await readContent(world, again)).records.length, expected.length + 3);
    }
  });

  it('touches nothing at or above the last stable offset', async () => {
    const { world, log, writer } = await compactedWorld();
    await fill(world, writer, 30, 2);
    writer.write({ records: [['t', '1']], producerId: 9, transactional: true });
    const stable = log.endOffset - 1;
    await fill(world, writer, 30, 2);
    const result = await compact(world, log);
    assert(result.cleanedTo <= stable && result.cleanedTo > stable - 10, `${result.cleanedTo} of ${stable}`);
    writer.end(9, 'commit');
    await world.settle(50);
    assert((await compact(world, log)).cleanedTo > stable);
  });

  it('leaves records that are younger than min.compaction.lag.ms', async () => {
    const { world, log, writer } = await compactedWorld({ ...COMPACTED, minCompactionLagMs: 500 });
    await fill(world, writer, 40, 2);
    // Timestamps are 1000 and the offset.
    const result = await world.run(log.compact(1520));
    // The segment of 14 to 20 is just old enough.
    assert.equal(result.cleanedTo, 21);
  });

  it('takes several passes when the keys do not fit into the memory that is set', async () => {
    const { world, log, writer } = await compactedWorld();
    world.cleaner = { ...world.cleaner, dedupeBufferBytes: 24 * 10 };
    await fill(world, writer, 120, 40);
    const result = await compact(world, log);
    assert(result.passes > 3, String(result.passes));
    assert.deepEqual(
      (await readContent(world, log)).records,
      writer.compacted(result.cleanedTo, result.nowMs, RETENTION),
    );
  });

  it('forgets an aborted transaction once its records and its marker are gone', async () => {
    const config = { ...COMPACTED, deleteRetentionMs: 1000 };
    const { world, log, writer } = await compactedWorld(config);
    writer.write({ records: [['a', 'never']], producerId: 9, transactional: true });
    writer.end(9, 'abort');
    writer.write({ records: [['a', 'yes']], producerId: 9, transactional: true });
    writer.end(9, 'commit');
    const aborted = async () =>
      (await world.run(Promise.resolve(log.abortedTransactions(0, log.endOffset)))).length;
    const markers = async () =>
      (await readContent(world, log)).batches.filter(({ control }) => control).length;
    const next = async (): Promise<void> => {
      await fill(world, writer, 20, 2);
      await compact(world, log);
    };
    await next();
    assert.deepEqual([await aborted(), await markers()], [1, 2], 'readers may be in the middle of it');
    await next();
    assert.deepEqual([await aborted(), await markers()], [0, 2]);
    await world.settle(1001);
    await next();
    assert.deepEqual([await aborted(), await markers()], [0, 1], 'the commit has data still');
    assert.deepEqual(tableOf((await readContent(world, log)).committed), writer.table());
  });

  it('may leave nothing: then the segment stays, empty, until it is put together with a neighbour', async () => {
    const { world, log, writer } = await compactedWorld({
      ...COMPACTED,
      deleteRetentionMs: 0,
      segmentBytes: 400,
    });
    for (let i = 0; i < 12; i++) writer.write({ records: [[`key-${i}`, `${i} ${'.'.repeat(60)}`]] });
    for (let i = 0; i < 12; i++) writer.write({ records: [[`key-${i}`, null]] });
    await fill(world, writer, 8, 2);
    await compact(world, log);
    await fill(world, writer, 8, 2);
    await compact(world, log);
    const content = await readContent(world, log);
    assert.deepEqual(
      content.records.filter(({ value }) => value === null),
      [],
    );
    assert.deepEqual(tableOf(content.records), writer.table());
    assert((await segments(world)).length < 8);
  });
});

async function content(world: LogWorld, folder: string): Promise<number[]> {
  const sizes: number[] = [];
  for (const name of await world.names(folder))
    if (name.endsWith('.log')) sizes.push((await world.content(`${folder}/${name}`)).length);
  return sizes;
}

describe('while a log is compacted', () => {
  it('readers see all of it, wherever they are, however soon the old files go', async () => {
    for (const fileDeleteDelayMs of [0, 10]) {
      const { world, log, writer } = await compactedWorld({ ...COMPACTED, fileDeleteDelayMs });
      for (let round = 0; round < 3; round++) {
        await fill(world, writer, 60, 5);
        const state = { running: true };
        const compacting = compact(world, log).finally(() => {
          state.running = false;
        });
        // Four readers, each from its place on, round and round.
        const readers = [0, 13, 37, 55].map(async (start) => {
          for (let offset = start; state.running;) {
            const slice = await log.read(offset, {
              maxBytes: 300,
              atLeastOneBatch: true,
              upToOffset: Infinity,
            });
            const bases = basesOf(slice);
            assert(bases.length > 0 || offset >= log.endOffset, `nothing at ${offset} of ${log.endOffset}`);
            assert(
              bases.every((base) => base >= offset),
              `${bases.join()} at ${offset}`,
            );
            if (start === 13) assert((await log.findByTimestamp(1000 + offset)) !== undefined);
            if (start === 37) assert((await log.findMaxTimestamp()) !== undefined);
            await pause(world);
            offset = bases.length === 0 || bases.at(-1)! + 1 >= log.endOffset ? start : bases.at(-1)! + 1;
          }
        });
        const result = await compacting;
        assert(result.compacted);
        await world.run(Promise.all(readers));
        assert.deepEqual(
          (await readContent(world, log)).records,
          writer.compacted(result.cleanedTo, result.nowMs, RETENTION),
        );
      }
      assert.deepEqual(world.warnings, []);
    }
  });

  it('batches are appended, and become durable', async () => {
    const { world, log, writer } = await compactedWorld();
    await fill(world, writer, 60, 5);
    const state = { running: true };
    const compacting = compact(world, log).finally(() => {
      state.running = false;
    });
    const appending = (async () => {
      let appended = 0;
      while (state.running) {
        const end = log.endOffset;
        writer.write({ records: [['k', 'v']] });
        appended += 1;
        while (log.durableEndOffset <= end)
          await new Promise<void>((resolve) => world.scheduler.clock.setTimer(0.1, resolve));
      }
      return appended;
    })();
    const result = await compacting;
    assert((await world.run(appending)) > 10);
    assert.deepEqual(
      (await readContent(world, log)).records,
      writer.compacted(result.cleanedTo, result.nowMs, RETENTION),
    );
  });

  it('it can be shortened, removed, or closed', async () => {
    for (const [what, act] of [
      ['shortened', (log: PartitionLog) => log.deleteBefore(33)],
      ['removed', (log: PartitionLog, world: LogWorld) => world.store.remove(log.id)],
      ['closed', (_log: PartitionLog, world: LogWorld) => world.store.close()],
    ] as const) {
      for (let delay = 0; delay < 12; delay += 0.7) {
        const { world, log, writer } = await compactedWorld();
        await fill(world, writer, 60, 5);
        const compacting = log.compact(world.scheduler.clock.now());
        await world.settle(delay);
        await world.run(act(log, world));
        const result = await world.run(compacting);
        assert.deepEqual([world.fatal, world.warnings], [[], []], what);
        if (what === 'removed') {
          const next = await world.open(0, COMPACTED, OTHER_TOPIC_ID);
          assert.equal(next.endOffset, 0);
        } else {
          if (what === 'closed') {
            world.disk.processCrash();
            world.disk = world.disk.restart();
            await world.openStore();
          }
          const again = what === 'closed' ? await world.open(0, COMPACTED) : log;
          if (what === 'shortened') await compact(world, again);
          const { records } = await readContent(world, again);
          assert.deepEqual(
            tableOf(records),
            tableOf(writer.left().filter(({ offset }) => offset >= again.startOffset)),
            `${what} after ${delay} ms: ${JSON.stringify(result)}`,
          );
        }
      }
    }
  });

  it('a fetch within a gap gets the batch behind it, even when that is only in memory', async () => {
    const { world, log, writer } = await compactedWorld(COMPACTED, 1, {
      flushBytes: 0,
      tailMaxBytes: 8 * KB,
    });
    await fill(world, writer, 40, 2);
    const { cleanedTo } = await compact(world, log);
    const { batches } = await readContent(world, log);
    for (let offset = 0; offset < log.endOffset; offset++) {
      const slice = await world.run(
        Promise.resolve(log.read(offset, { maxBytes: 1, atLeastOneBatch: true, upToOffset: Infinity })),
      );
      assert.equal(basesOf(slice)[0], batches.find(({ lastOffset }) => lastOffset >= offset)!.baseOffset);
    }
    assert(
      batches.some(({ lastOffset }) => lastOffset === cleanedTo - 1),
      'the last batch keeps its header',
    );
  });
});

describe('in the background', () => {
  async function logs(
    configs: readonly LogConfig[],
  ): Promise<{ world: LogWorld; logs: PartitionLog[]; writers: KeyedWriter[] }> {
    const { world, log, writer } = await compactedWorld(configs[0]);
    world.cleaner = { backoffMs: 1000 };
    const opened = [log];
    const writers = [writer];
    for (const [i, config] of configs.entries()) {
      if (i === 0) continue;
      opened.push(await world.open(i, config));
      writers.push(new KeyedWriter(opened[i]!, world.witnesses[i]!));
    }
    // The first wait was set before: a new store looks at the backoff of now.
    await world.reopen();
    for (const [i, config] of configs.entries()) {
      opened[i] = await world.open(i, config);
      writers[i]!.reopened(opened[i], world.witnesses[i]!);
    }
    return { world, logs: opened, writers };
  }

  async function isCompacted(world: LogWorld, log: PartitionLog, writer: KeyedWriter): Promise<boolean> {
    return (await readContent(world, log)).records.length < writer.left().length;
  }

  it('logs are compacted when more than min.cleanable.dirty.ratio of them is dirty, or a record is older than max.compaction.lag.ms', async () => {
    const {
      world,
      logs: all,
      writers,
    } = await logs([
      COMPACTED,
      { ...COMPACTED, minCleanableDirtyRatio: 1 },
      { ...COMPACTED, minCleanableDirtyRatio: 1 },
      { ...COMPACTED, deletes: true, compacts: false },
    ]);
    // Timestamps begin at 1000: too old in 2500 ms.
    const maxCompactionLagMs = world.scheduler.clock.now() + 1500;
    all[2]!.configure({ ...COMPACTED, minCleanableDirtyRatio: 1, maxCompactionLagMs });
    for (const writer of writers) await fill(world, writer, 40, 2);
    const compacted = () => Promise.all(all.map((log, i) => isCompacted(world, log, writers[i]!)));
    assert.deepEqual(await compacted(), [false, false, false, false], 'not before the backoff');
    await world.settle(1000);
    assert.deepEqual(await compacted(), [true, false, false, false]);
    await world.settle(3000);
    assert.deepEqual(await compacted(), [true, false, true, false]);
  });

  it('changed settings count from the next look on', async () => {
    const {
      world,
      logs: [log],
      writers: [writer],
    } = await logs([{ ...COMPACTED, compacts: false }]);
    await fill(world, writer!, 40, 2);
    await world.settle(2000);
    assert.equal(await isCompacted(world, log!, writer!), false);
    log!.configure(COMPACTED);
    world.cleaner = { backoffMs: 1000, enabled: false };
    await world.settle(2000);
    assert.equal(await isCompacted(world, log!, writer!), false, 'log.cleaner.enable');
    world.cleaner = { backoffMs: 1000 };
    await world.settle(2000);
    assert.equal(await isCompacted(world, log!, writer!), true);
  });

  it('a log that is damaged is told once and left alone; the others go on', async () => {
    const { world, logs: all, writers } = await logs([COMPACTED, COMPACTED]);
    for (const writer of writers) await fill(world, writer, 40, 2);
    await world.overwrite('topic-0/00000000000000000000.log', 150, Buffer.from('damaged'));
    await world.settle(5000);
    assert.equal(await isCompacted(world, all[1]!, writers[1]!), true);
    assert.equal(world.warnings.length, 1, world.warnings.join('\n'));
    assert.match(world.warnings[0]!, /^Compaction failed; .*00000000000000000000.log is damaged at byte/);
    assert.deepEqual(world.fatal, []);
    await fill(world, writers[0]!, 40, 2);
    await world.settle(5000);
    assert.equal(world.warnings.length, 1);
  });

  it('with cleanup.policy=compact,delete old segments go, too', async () => {
    const config = { ...COMPACTED, deletes: true, retentionMs: 300_000 };
    const {
      world,
      logs: [log],
      writers: [writer],
    } = await logs([config]);
    await fill(world, writer!, 40, 4);
    await world.settle(2000);
    assert.equal(await isCompacted(world, log!, writer!), true);
    const { startOffset } = log!;
    await world.settle(700_000);
    assert.equal(startOffset, 0);
    assert(log!.startOffset > 30, String(log!.startOffset));
  });

  it('reads no faster than log.cleaner.io.max.bytes.per.second', async () => {
    const { world, log, writer } = await compactedWorld();
    world.cleaner = { ...world.cleaner, ioBytesPerSecond: 10_000 };
    await fill(world, writer, 60, 5);
    const begun = world.scheduler.clock.now();
    const { bytesBefore } = await compact(world, log);
    const took = world.scheduler.clock.now() - begun;
    // Read twice: for the keys, then to be written.
    assert(
      took > (bytesBefore * 2) / 10 - 100 && took < bytesBefore * 0.3,
      `${took} ms for ${bytesBefore} bytes`,
    );
  });
});

describe('on a failing disk', () => {
  it('a log stays as it is when there is no room, and is compacted later', async () => {
    const { world, log, writer } = await compactedWorld();
    await fill(world, writer, 60, 50);
    world.disk.faults.fail({ operation: 'write', path: '.log.cleaned', code: 'NO_SPACE' });
    await assert.rejects(compact(world, log), { name: 'LogError', code: 'NO_SPACE' });
    assert.deepEqual((await readContent(world, log)).records, writer.left());
    assert.deepEqual(
      (await world.names('topic-0')).filter((name) => name.includes('cleaned')),
      [],
    );
    assert.equal((await compact(world, log)).compacted, true);
    assert.deepEqual(world.fatal, []);
  });

  it('the engine stops when a swap fails half-way, and the next start finishes it', async () => {
    for (let after = 0; after < 12; after++) {
      const { world, log, writer } = await compactedWorld();
      await fill(world, writer, 60, 5);
      let seen = false;
      world.onCall = () => {
        if (seen || !world.calls.at(-1)!.includes('.swap.tmp')) return;
        seen = true;
        world.disk.faults.fail({ operation: 'metadata', path: '/topic-0', code: 'NO_SPACE', after });
      };
      const failed = await compact(world, log).then(
        () => false,
        () => true,
      );
      if (failed) {
        await world.powerCut();
        world.disk.faults.clear();
        const again = await world.open(0, COMPACTED);
        assert.deepEqual(tableOf((await readContent(world, again)).records), writer.table());
        const result = await compact(world, again);
        const expected = writer.compacted(again.endOffset, result.nowMs, RETENTION);
        assert.equal((await readContent(world, again)).records.length >= expected.length, true);
      } else {
        assert(after > 5, `${after}`);
      }
    }
  });
});
