// What a start finds after the last run ended well, badly, or with damage.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { LogError } from '../partition-log.ts';
import {
  FOLDER,
  KB,
  LogWorld,
  OTHER_TOPIC_ID,
  TEST_CONFIG,
  appendMany,
  range,
  readAll,
} from './log-fixture.ts';

describe('a start', () => {
  it('after a power cut has all that was acknowledged, and nothing half', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = await LogWorld.start({}, seed);
      const log = await world.open();
      appendMany(log, 10);
      await world.settle();
      appendMany(log, 30, { size: 3 * KB });
      world.scheduler.clock.runOne();
      await world.powerCut();
      const again = await world.open();
      assert(
        [10, 40].includes(again.endOffset),
        `seed ${seed}: a commit is there wholly or not at all, not up to ${again.endOffset}`,
      );
      assert.deepEqual(await readAll(world, again), range(0, again.endOffset));
    }
  });

  it('goes on where the last run ended, again and again', async () => {
    const world = await LogWorld.start();
    for (let round = 0; round < 6; round++) {
      const log = await world.open();
      assert.deepEqual(await readAll(world, log), range(0, round * 25));
      appendMany(log, 25, { size: 5 * KB });
      await world.settle(20);
      if (round % 3 === 0) await world.powerCut();
      else if (round % 3 === 1) await world.kill();
      else await world.reopen();
    }
    assert.deepEqual(await readAll(world, await world.open()), range(0, 150));
  });

  it('after an orderly end looks at no partition, however many there are', async () => {
    const operations: number[] = [];
    for (const partitions of [10, 100]) {
      const world = await LogWorld.start();
      for (let i = 0; i < partitions; i++) appendMany(await world.open(i), 1);
      await world.settle(20);
      await world.run(world.store.close());
      world.disk.processCrash();
      world.disk = world.disk.restart();
      const before = world.disk.operations;
      await world.openStore();
      const ends = new Set<number>();
      for (let i = 0; i < partitions; i++) ends.add((await world.open(i)).endOffset);
      assert.deepEqual([...ends], [1]);
      operations.push(world.disk.operations - before);
      assert.equal((await world.run(world.store.stored())).length, partitions);
    }
    assert.equal(operations[0], operations[1]);
  });

  it('has everything when the stop had no time to bring it into segments', async () => {
    const world = await LogWorld.start({ closeBudgetMs: 0 });
    for (let i = 0; i < 20; i++) appendMany(await world.open(i), 5);
    await world.settle(20);
    await world.reopen();
    for (let i = 0; i < 20; i++) assert.deepEqual(await readAll(world, await world.open(i)), range(0, 5));
  });

  it('hands the observer its newest snapshot and the batches behind it', async () => {
    const world = await LogWorld.start();
    const log = await world.open(0, { ...TEST_CONFIG, segmentBytes: 1000 });
    world.witnesses[0]!.snapshot = Buffer.from('state');
    appendMany(log, 7);
    await world.settle(20);
    const told = world.witnesses[0]!.take();
    assert.deepEqual(
      told.filter((event) => event.startsWith('snapshot')),
      ['snapshot 5'],
      'taken when the segment begins, before its first batch',
    );
    await world.reopen();
    const again = await world.open();
    assert.deepEqual(
      world.witnesses[0]!.take(),
      ['restore state at 7'],
      'an orderly end leaves nothing to replay',
    );
    appendMany(again, 3);
    await world.settle();
    await world.powerCut();
    await world.open();
    assert.deepEqual(world.witnesses[0]!.take(), ['restore state at 7', 'replay 7', 'replay 8', 'replay 9']);
  });
});

describe('damage to the write-ahead log', () => {
  /** Two frames of ten batches; the second is durable beyond doubt when the store has been idle. */
  async function twoFrames(idle: boolean): Promise<LogWorld> {
    const world = await LogWorld.start({ idleMarkMs: 10 });
    const log = await world.open();
    appendMany(log, 10);
    await world.settle();
    appendMany(log, 10);
    await world.settle(idle ? 50 : 3);
    return world;
  }

  async function damageAndRestart(world: LogWorld, position: number): Promise<void> {
    world.disk.processCrash();
    world.disk = world.disk.restart();
    await world.overwrite('wal/00000001.wal', position, Buffer.from([0xee]));
    await world.openStore();
  }

  it('at its very end is a torn write, and is cut', async () => {
    const world = await twoFrames(false);
    await damageAndRestart(world, 4096 + 1000);
    const log = await world.open();
    assert.equal(log.endOffset, 10);
    appendMany(log, 5);
    await world.settle();
    await world.powerCut();
    assert.deepEqual(await readAll(world, await world.open()), range(0, 15));
  });

  for (const [what, idle, position] of [
    ['in the body of an earlier frame', false, 1000],
    ['in the header of an earlier frame', false, 20],
    ['in the last frame, once it is known to be durable', true, 4096 + 1000],
  ] as const) {
    it(`${what} is reported, with the place, and nothing is changed`, async () => {
      const world = await twoFrames(idle);
      const frame = position < 4096 ? 0 : 4096;
      await assert.rejects(damageAndRestart(world, position), (error) => {
        assert(error instanceof LogError);
        assert.equal(error.code, 'CORRUPT');
        assert.match(
          error.message,
          new RegExp(
            `/data/log/wal/00000001.wal at byte ${frame}: .*copy is in ${FOLDER}/quarantine/wal-00000001.wal`,
            's',
          ),
        );
        return true;
      });
      assert.deepEqual(
        await world.content('quarantine/wal-00000001.wal'),
        await world.content('wal/00000001.wal'),
      );
      await assert.rejects(
        world.openStore(),
        { code: 'CORRUPT' },
        'it stays so until someone has seen to it',
      );
    });
  }
});

describe('damage to a segment', () => {
  async function storedAndDamaged(path: string, position: number, bytes: Uint8Array): Promise<LogWorld> {
    const world = await LogWorld.start();
    appendMany(await world.open(), 100, { size: KB });
    await world.settle(20);
    await world.run(world.store.close());
    world.disk.processCrash();
    world.disk = world.disk.restart();
    await world.overwrite(path, position, bytes);
    await world.openStore();
    return world;
  }

  for (const [what, offsetInBatch] of [
    ['a record', 500],
    ['the base offset', 7],
    ['the length', 10],
  ] as const) {
    it(`${what}: the batch is not served, the others are`, async () => {
      const world = await storedAndDamaged(
        'topic-0/00000000000000000000.log',
        50 * KB + offsetInBatch,
        Buffer.from([0x77]),
      );
      const log = await world.open();
      await assert.rejects(readAll(world, log, 50), (error) => {
        assert(error instanceof LogError);
        assert.equal(error.code, 'CORRUPT');
        assert.match(error.message, /topic-0\/00000000000000000000.log is damaged at byte 51200/);
        return true;
      });
    });
  }

  it('in the index costs nothing but making it again', async () => {
    const world = await storedAndDamaged(
      'topic-0/00000000000000000000.index',
      8 * 5 + 3,
      Buffer.from([0x55]),
    );
    const log = await world.open();
    for (const offset of [30, 99, 0, 55]) assert.equal((await readAll(world, log, offset))[0], offset);
  });

  it('in the checkpoint stops the start', async () => {
    await assert.rejects(storedAndDamaged('checkpoint', 60, Buffer.from([0x55])), { code: 'CORRUPT' });
  });
});

describe('a topic created anew under the same name', () => {
  it('never sees the old data, whenever the power goes', async () => {
    for (let seed = 1; seed <= 15; seed++) {
      const world = await LogWorld.start({ flushBytes: 2 * KB }, seed);
      appendMany(await world.open(), 20, { size: KB });
      await world.settle(10);
      await world.run(world.store.remove({ topic: 'topic', topicId: TOPIC, partition: 0 }));
      const anew = await world.open(0, TEST_CONFIG, OTHER_TOPIC_ID);
      assert.equal(anew.endOffset, 0);
      appendMany(anew, 3, { fill: 9 });
      await world.settle(seed % 5);
      await world.powerCut();
      const again = await world.open(0, TEST_CONFIG, OTHER_TOPIC_ID);
      assert([0, 3].includes(again.endOffset));
      assert.deepEqual(await readAll(world, again), range(0, again.endOffset));
      const old = await world.run(world.store.stored());
      assert(old.every((id) => id.topicId === OTHER_TOPIC_ID));
    }
  });

  it('starts at 0 when nothing was ever written to the store before', async () => {
    const world = await LogWorld.start();
    await world.open();
    await world.run(world.store.remove({ topic: 'topic', topicId: TOPIC, partition: 0 }));
    await world.settle(20);
    assert.deepEqual(world.fatal, []);
    appendMany(await world.open(0, TEST_CONFIG, OTHER_TOPIC_ID), 3);
    await world.settle(20);
    await world.powerCut();
    assert.equal((await world.open(0, TEST_CONFIG, OTHER_TOPIC_ID)).endOffset, 3);
  });

  it('makes a namesake go that nobody had removed', async () => {
    const world = await LogWorld.start();
    appendMany(await world.open(), 5);
    await world.settle(10);
    await world.reopen();
    const anew = await world.open(0, TEST_CONFIG, OTHER_TOPIC_ID);
    assert.deepEqual([anew.endOffset, anew.sizeInBytes], [0, 0]);
    await world.settle(20);
    assert.deepEqual(
      (await world.names()).filter((name) => name.startsWith('topic-0')),
      [],
    );
  });
});

const TOPIC = 'AAAAAAAAAAAAAAAAAAAAAQ';
