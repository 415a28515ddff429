// Adoption over a simulated disk: what an interruption leaves, and that no bytes in the source do harm.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { KAFKA, KafkaFolder, batchAt, contentBelow } from '../testing/kafka-folder.ts';
import { AdoptError } from './adopt-error.ts';
import { adopt } from './adopt.ts';
import { DATA, optionsFor, run, imageOf, batchesOf } from '../testing/adoptions.ts';

describe('an adoption that is interrupted', () => {
  const filled = async (seed: number): Promise<SimulatedDisk> => {
    const disk = new SimulatedDisk({ random: new SeededRandom(seed) });
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders', { partitions: 2 });
    kafka.segment('orders-0', 0, [batchAt(0, 5)]);
    kafka.segment('orders-0', 5, [batchAt(5, 5)], 10);
    kafka.segment('orders-1', 0, [batchAt(0, 2)], 2);
    kafka.topic('other');
    kafka.segment('other-0', 0, [batchAt(0, 3)], 3);
    await kafka.write();
    return disk;
  };

  it('leaves all topics or none, at whatever moment the power goes, and can be done again', async () => {
    let none = 0;
    let all = 0;
    for (let seed = 0; seed < 120; seed++) {
      const disk = await filled(seed);
      const before = disk.operations;
      const adoption = { done: false };
      void adopt(optionsFor(disk, { link: seed % 2 === 0 })).then(
        () => (adoption.done = true),
        (error) => assert.fail(error as Error),
      );
      const stopAfter = before + 5 + seed * 3;
      while (!adoption.done && disk.operations < stopAfter) await Promise.resolve();
      if (seed % 3 === 0) disk.processCrash();
      else disk.powerCut();
      const next = disk.restart();
      const { topics } = (await next.exists(`${DATA}/metadata`))
        ? await imageOf(next)
        : { topics: new Map() };
      assert.ok(topics.size === 0 || topics.size === 2, `seed ${seed}: ${topics.size} topics`);
      if (topics.size === 0) {
        none += 1;
        await adopt(optionsFor(next));
      } else {
        all += 1;
      }
      assert.deepEqual(await batchesOf(next, 'orders', 0), ['0-4', '5-9'], `seed ${seed}`);
      assert.deepEqual(await batchesOf(next, 'orders', 1), ['0-1'], `seed ${seed}`);
      assert.deepEqual(await batchesOf(next, 'other'), ['0-2'], `seed ${seed}`);
    }
    assert.ok(none > 20 && all > 5, `the moments are spread: ${none} before, ${all} after`);
  });

  it('leaves the target as it was when a write fails', async () => {
    for (const operation of ['write', 'sync', 'metadata'] as const) {
      for (let after = 0; after < 40; after += 3) {
        const disk = await filled(1);
        disk.faults.fail({ operation, code: 'NO_SPACE', path: DATA, after });
        const failed = await adopt(optionsFor(disk)).then(
          () => false,
          () => true,
        );
        const { topics } = (await disk.exists(`${DATA}/metadata`))
          ? await imageOf(disk)
          : { topics: new Map() };
        if (failed) assert.equal(topics.size, 0, `${operation} number ${after}`);
      }
    }
  });
});

describe('any bytes in the source', () => {
  it('end in a clear refusal, or in an adoption that can be read; never in anything else', async () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 150; round++) {
      const disk = new SimulatedDisk();
      const kafka = new KafkaFolder(disk);
      kafka.topic('orders');
      kafka.segment('orders-0', 0, [batchAt(0, 5), batchAt(5, 5)], 10);
      kafka.file('orders-0/00000000000000000000.txnindex', Buffer.alloc(34, round));
      kafka.file('orders-0/00000000000000000010.snapshot', Buffer.alloc(60, round));
      await kafka.write(round % 2 === 0);
      const files = [...(await contentBelow(disk, KAFKA)).keys()].filter((path) => !path.endsWith('/'));
      const path = files[random.integer(files.length)]!;
      const file = await disk.open(path, { mode: 'write' });
      const size = await file.size();
      if (random.chance(0.3)) await file.truncate(random.integer(size + 1));
      else await file.write([random.bytes(1 + random.integer(4))], random.integer(size + 1));
      await file.close();
      try {
        await run(disk);
        await batchesOf(disk, 'orders').catch((error: unknown) => {
          // The name of the topic, or its id, may be what was changed.
          assert.match(path, /metadata/, String(error));
        });
      } catch (error) {
        assert.ok(error instanceof AdoptError, `${path}: ${(error as Error).stack}`);
      }
    }
  });
});
