import assert from 'node:assert/strict';
import test from 'node:test';
import { runClusterSimulation } from './cluster-simulation.ts';
import { withoutSync } from './simulation/without-sync.ts';

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
  // In seed 3 batches are recompressed that a real process would leave to another thread.
  for (const seed of [3, 5])
    assert.deepEqual(await runClusterSimulation(seed), await runClusterSimulation(seed));
});

test('records acknowledged before they are durable are noticed', async () => {
  let noticed = 0;
  for (let seed = 1; seed <= 4; seed++) {
    if ((await runClusterSimulation(seed, { wrapDisk: withoutSync })).violations.length > 0) noticed += 1;
  }
  assert.ok(noticed >= 2, `${noticed} of 4 runs noticed`);
});
