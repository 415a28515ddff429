// Group commit, as transcripts of what observers are told and what the disk is asked to do.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LogError } from '../partition-log.ts';
import { KB, LogWorld, appendMany, batchAt, basesOf, range, readAll } from './log-fixture.ts';

const ALL = { maxBytes: 1e9, atLeastOneBatch: true, upToOffset: Infinity };

describe('group commit', () => {
  it('tells nothing before the write has resolved, and shows nothing', async () => {
    const world = await LogWorld.start();
    const log = await world.open();
    world.witnesses[0]!.take();
    log.append([batchAt(0, { records: 3 })]);
    assert.deepEqual([log.endOffset, log.durableEndOffset], [3, 0]);
    assert.deepEqual(basesOf(await log.read(0, ALL)), []);
    assert.deepEqual(world.witnesses[0]!.take(), []);
    await world.settle();
    assert.deepEqual(world.witnesses[0]!.take(), ['durable 3']);
    assert.deepEqual(basesOf(await log.read(1, ALL)), [0], 'the batch that holds the offset, whole');
  });

  it('is one durable write for all partitions and appends of a turn', async () => {
    const world = await LogWorld.start();
    const logs = [];
    for (let i = 0; i < 1000; i++) logs.push(await world.open(i));
    logs[0]!.append([batchAt(0)]);
    await world.settle();
    assert.deepEqual(await world.names(), ['wal'], 'empty partitions have nothing on the disk');
    const before = world.count('writeDurably');
    for (const log of logs) appendMany(log, 2);
    await world.settle();
    assert.equal(world.count('writeDurably') - before, 1);
    assert(logs.every((log) => log.durableEndOffset === log.endOffset));
  });

  it('takes what comes during a write into the next one', async () => {
    const world = await LogWorld.start();
    const log = await world.open();
    appendMany(log, 1);
    await world.settle();
    const before = world.count('writeDurably');
    world.witnesses[0]!.take();
    appendMany(log, 1);
    world.scheduler.clock.runOne();
    appendMany(log, 5);
    await world.settle();
    assert.deepEqual(world.witnesses[0]!.take(), ['durable 2', 'durable 7']);
    assert.equal(world.count('writeDurably') - before, 2);
  });

  it('with os durability never syncs, and survives a killed process', async () => {
    const world = await LogWorld.start({ durability: 'os' });
    const log = await world.open();
    appendMany(log, 50);
    await world.settle(100);
    assert.equal(log.durableEndOffset, 50);
    assert.equal(world.count('writeDurably'), 0);
    await world.kill();
    assert.deepEqual(await readAll(world, await world.open()), range(0, 50));
  });
});

describe('a failed sync', () => {
  it('fails everything that waits, of every partition, and stops the store', async () => {
    const world = await LogWorld.start();
    const [a, b] = [await world.open(0), await world.open(1)];
    appendMany(a, 2);
    await world.settle();
    for (const witness of world.witnesses) witness.take();
    world.disk.faults.fail({ operation: 'sync', path: 'wal' });
    appendMany(a, 1);
    world.scheduler.clock.runOne();
    appendMany(b, 1);
    await world.settle();
    assert.deepEqual(world.witnesses[0]!.take(), ['discarded 2 FAILED']);
    assert.deepEqual(world.witnesses[1]!.take(), ['discarded 0 FAILED']);
    assert.deepEqual([a.endOffset, b.endOffset], [2, 0]);
    assert.equal(world.fatal.length, 1);
    assert.match(world.fatal[0]!.message, /Writing to \/data\/log failed: .*sync/);
    assert.throws(() => a.append([batchAt(2)]), { code: 'FAILED' });
    await world.run(world.store.close());
    await world.powerCut();
    assert.deepEqual((await readAll(world, await world.open(0))).slice(0, 2), [0, 1]);
  });
});

describe('a full disk', () => {
  it('fails the group, refuses quickly, and takes again once there is space', async () => {
    const world = await LogWorld.start({ diskFullProbeMs: 100, diskFullReserveBytes: 512 * KB });
    const log = await world.open();
    world.disk.setCapacity(100 * KB);
    appendMany(log, 2);
    await world.settle();
    assert.deepEqual(world.witnesses[0]!.take(), ['restore nothing at 0', 'discarded 0 NO_SPACE']);
    assert.equal(log.endOffset, 0);
    assert.throws(
      () => log.append([batchAt(0)]),
      (error) => error instanceof LogError && error.code === 'NO_SPACE' && /full/.test(error.message),
    );
    await world.settle(500);
    assert.throws(() => log.append([batchAt(0)]), { code: 'NO_SPACE' });
    world.disk.setCapacity(10_000 * KB);
    await world.settle(200);
    appendMany(log, 2);
    await world.settle();
    assert.deepEqual(world.witnesses[0]!.take(), ['durable 2']);
    assert.deepEqual(world.fatal, []);
  });
});

describe('back-pressure', () => {
  it('says so when segments do not keep up, refuses beyond the limit, and lets go', async () => {
    const world = await LogWorld.start({
      pressureBytes: 20 * KB,
      flushBytes: 10 * KB,
      unwrittenMaxBytes: 40 * KB,
      tailMaxBytes: 20 * KB,
    });
    const log = await world.open();
    const changes: boolean[] = [];
    world.store.onPressure((pressure) => changes.push(pressure));
    appendMany(log, 21, { size: KB });
    assert.equal(world.store.pressure, true);
    appendMany(log, 20, { size: KB });
    assert.throws(() => log.append([batchAt(log.endOffset)]), { code: 'NO_SPACE' });
    await world.settle(50);
    assert.equal(world.store.pressure, false);
    assert.deepEqual(changes, [true, false]);
    assert(world.store.memoryUse.tails <= 20 * KB, `${world.store.memoryUse.tails} bytes are held`);
    assert.deepEqual(await readAll(world, log), range(0, 41));
  });
});
