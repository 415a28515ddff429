// The stories of transaction-scenarios.ts and how they come out. What is expected was compared with a real Kafka 4.3.1, which tells them word by word
// the same (kafka-transaction-scenarios.ts); so a change of the golden file is a change of behaviour towards clients.
//
// UPDATE_GOLDEN=1 writes the file anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { SCENARIOS, SCENARIO_SETTINGS } from './transaction-scenarios.ts';
import { TransactionTranscript } from './transaction-transcript.ts';
import { TransactionWorld } from './transaction-world.ts';

const GOLDEN = new URL('transaction-scenarios.golden.txt', import.meta.url);

async function play(name: string): Promise<string> {
  const world = await TransactionWorld.start(SCENARIO_SETTINGS);
  const transcript = new TransactionTranscript(world.stage());
  await SCENARIOS[name]?.(transcript);
  assert.deepEqual(world.errors, []);
  return `## ${name}\n${transcript.read()}\n`;
}

if (process.env['UPDATE_GOLDEN'] === '1') {
  const stories: string[] = [];
  for (const name of Object.keys(SCENARIOS)) stories.push(await play(name));
  writeFileSync(GOLDEN, stories.join('\n'));
}

const golden = new Map(
  readFileSync(GOLDEN, 'utf8')
    .split(/^(?=## )/m)
    .map((story) => [story.slice(3, story.indexOf('\n')), story.trimEnd()]),
);

for (const name of Object.keys(SCENARIOS)) {
  void test(name, async () => {
    assert.equal((await play(name)).trimEnd(), golden.get(name));
  });
}
