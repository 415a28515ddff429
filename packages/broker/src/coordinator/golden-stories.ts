// Stories that a coordinator tells, compared with how they came out before. What is expected was compared with a real Kafka 4.3.1, which tells them word by
// word the same (kafka-*-scenarios.ts); so a change of a golden file is a change of behaviour towards clients.
//
//   ## name of the story           one after the other in the file
//   what was asked, and answered
//
// UPDATE_GOLDEN=1 writes the files anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

/** One test for each story; `tell` gives what is to stand below its name. */
export async function testStories(
  golden: URL,
  names: readonly string[],
  tell: (name: string) => Promise<string>,
): Promise<void> {
  const told = async (name: string): Promise<string> => `## ${name}\n${await tell(name)}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') {
    const stories: string[] = [];
    for (const name of names) stories.push(await told(name));
    writeFileSync(golden, stories.join('\n'));
  }
  const expected = new Map(
    readFileSync(golden, 'utf8')
      .split(/^(?=## )/m)
      .map((story) => [story.slice(3, story.indexOf('\n')), story.trimEnd()]),
  );
  for (const name of names) {
    void test(name, async () => {
      assert.equal((await told(name)).trimEnd(), expected.get(name));
    });
  }
}
