import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { SimulatedScheduler } from './simulated-scheduler.ts';

describe('the simulated scheduler', () => {
  it('runs work that awaits the clock, to its result', async () => {
    const scheduler = SimulatedScheduler.fromSeed(1);
    const log: string[] = [];
    const sleep = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        scheduler.clock.setTimer(ms, resolve);
      });
    const work = async (name: string, ms: number): Promise<string> => {
      for (let turn = 0; turn < 3; turn++) {
        await sleep(ms);
        log.push(`${name}@${scheduler.clock.monotonic()}`);
      }
      return name;
    };
    const both = await scheduler.run(Promise.all([work('a', 2), work('b', 3)]));
    assert.deepEqual(both, ['a', 'b']);
    assert.deepEqual(log, ['a@2', 'b@3', 'a@4', 'b@6', 'a@6', 'b@9']);
  });

  it('lets long chains of promises settle between two callbacks', async () => {
    const scheduler = SimulatedScheduler.fromSeed(1);
    const log: string[] = [];
    scheduler.clock.setTimer(1, () => {
      void (async () => {
        for (let turn = 0; turn < 1000; turn++) {
          await Promise.resolve();
        }
        await new Promise<void>((resolve) => {
          process.nextTick(resolve);
        });
        log.push('chain');
      })();
    });
    scheduler.clock.setTimer(1, () => log.push('next'));
    await scheduler.runFor(1);
    assert.deepEqual(log, ['chain', 'next']);
  });

  it('gives back the failure of the work, and says when it cannot end', async () => {
    const scheduler = SimulatedScheduler.fromSeed(1);
    await assert.rejects(scheduler.run(Promise.reject(new Error('as planned'))), /as planned/);
    await assert.rejects(scheduler.run(new Promise(() => {}), { limitMs: 5 }), /has not settled at 5 ms/);
  });

  it('runs for a time, and until idle', async () => {
    const scheduler = SimulatedScheduler.fromSeed(1);
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      if (ticks < 20) {
        scheduler.clock.setTimer(1, tick);
      }
    };
    tick();
    await scheduler.runFor(9.5);
    assert.deepEqual([ticks, scheduler.clock.monotonic()], [10, 9.5]);
    await assert.rejects(scheduler.runUntilIdle({ limitMs: 1 }), /still 1 callbacks waiting/);
    await scheduler.runUntilIdle();
    assert.deepEqual([ticks, scheduler.clock.monotonic()], [20, 19]);
  });

  it('draws latencies within their bounds, some of them equal', async () => {
    const scheduler = SimulatedScheduler.fromSeed(1);
    const drawn = Array.from({ length: 200 }, () =>
      scheduler.schedule({ minMs: 1, maxMs: 1.5 }, scheduler.random, () => {}),
    );
    assert.ok(drawn.every((delay) => delay >= 1 && delay <= 1.5));
    assert.ok(new Set(drawn).size > 30 && new Set(drawn).size <= 51);
    await scheduler.runUntilIdle();
  });
});
