// The stories of group-scenarios.ts and how they come out: group-scenarios.golden.txt.
import assert from 'node:assert/strict';
import { testStories } from '../golden-stories.ts';
import { CoordinatorWorld } from './coordinator-world.ts';
import { SCENARIOS, SCENARIO_SETTINGS } from './group-scenarios.ts';
import { GroupTranscript } from './group-transcript.ts';

const GOLDEN = new URL('group-scenarios.golden.txt', import.meta.url);

await testStories(GOLDEN, Object.keys(SCENARIOS), async (name) => {
  const world = await CoordinatorWorld.start(SCENARIO_SETTINGS);
  const transcript = new GroupTranscript(world.stage());
  await SCENARIOS[name]?.(transcript);
  assert.deepEqual(world.errors, []);
  return transcript.read();
});
