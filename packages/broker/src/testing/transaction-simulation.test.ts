import assert from 'node:assert/strict';
import test from 'node:test';
import { runTransactionSimulation } from './transaction-simulation.ts';

const SEEDS = 12;

for (let seed = 1; seed <= SEEDS; seed++) {
  test(`what is copied in transactions is there exactly once, seed ${seed}`, async () => {
    const result = await runTransactionSimulation(seed);
    assert.deepEqual(result.violations, []);
    assert.ok(result.committed > 10, `the run did something: ${JSON.stringify(result)}`);
  });
}

test('the same seed gives the same run', async () => {
  assert.deepEqual(await runTransactionSimulation(2), await runTransactionSimulation(2));
});
