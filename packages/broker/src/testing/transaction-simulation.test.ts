import assert from 'node:assert/strict';
import test from 'node:test';
import { withoutSync } from './simulation/without-sync.ts';
import { runTransactionSimulation } from './transaction-simulation.ts';

/** Among them 8 and 23: a clock set back before a restart kept transactions open; 56: a frame of the metadata log whose sync had failed was trusted. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 23, 56];

for (const seed of SEEDS) {
  test(`what is copied in transactions is there exactly once, seed ${seed}`, async () => {
    const result = await runTransactionSimulation(seed);
    assert.deepEqual(result.violations, []);
    assert.ok(result.committed > 10, `the run did something: ${JSON.stringify(result)}`);
  });
}

test('the same seed gives the same run', async () => {
  assert.deepEqual(await runTransactionSimulation(2), await runTransactionSimulation(2));
});

test('transactions that are acknowledged before they are durable are noticed', async () => {
  let noticed = 0;
  for (let seed = 1; seed <= 6; seed++) {
    const { violations } = await runTransactionSimulation(seed, { wrapDisk: withoutSync });
    if (violations.length > 0) noticed += 1;
  }
  assert.ok(noticed >= 2, `${noticed} of 6 runs noticed`);
});
