import assert from 'node:assert/strict';
import test from 'node:test';
import type { Disk, DiskFile } from '@moldau/runtime';
import { runClusterSimulation } from './cluster-simulation.ts';

const SEEDS = 16;

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`everything holds under faults, seed ${seed}`, async () => {
    const result = await runClusterSimulation(seed);
    assert.deepEqual(result.violations, []);
    assert.ok(
      result.acknowledged > 50 && result.commits > 0,
      `the run did something: ${JSON.stringify(result)}`,
    );
  });
}

test('the same seed gives the same run', async () => {
  assert.deepEqual(await runClusterSimulation(5), await runClusterSimulation(5));
});

test('records acknowledged before they are durable are noticed', async () => {
  let noticed = 0;
  for (let seed = 1; seed <= 4; seed++) {
    if ((await runClusterSimulation(seed, { wrapDisk: withoutSync })).violations.length > 0) noticed += 1;
  }
  assert.ok(noticed >= 2, `${noticed} of 4 runs noticed`);
});

/** A disk that calls records durable when they are only written. */
function withoutSync(disk: Disk): Disk {
  return new Proxy(disk, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (property !== 'open')
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      return async (...args: Parameters<Disk['open']>): Promise<DiskFile> => {
        const file = await target.open(...args);
        if (args[0].startsWith('/data/logs/'))
          file.writeDurably = (buffers, position) => file.write(buffers, position);
        return file;
      };
    },
  });
}
