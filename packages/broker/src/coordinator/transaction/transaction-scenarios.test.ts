// The stories of transaction-scenarios.ts and how they come out: transaction-scenarios.golden.txt.
import assert from 'node:assert/strict';
import { testStories } from '../golden-stories.ts';
import { TransactionWorld } from './transaction-world.ts';
import { SCENARIOS, SCENARIO_SETTINGS } from './transaction-scenarios.ts';
import { TransactionTranscript } from './transaction-transcript.ts';

const GOLDEN = new URL('transaction-scenarios.golden.txt', import.meta.url);

await testStories(GOLDEN, Object.keys(SCENARIOS), async (name) => {
  const world = await TransactionWorld.start(SCENARIO_SETTINGS);
  const transcript = new TransactionTranscript(world.stage());
  await SCENARIOS[name]?.(transcript);
  assert.deepEqual(world.errors, []);
  return transcript.read();
});
