import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppendQueue } from './append-queue.ts';

/** A queue of names: `slow ...` is prepared by hand, `bad ...` fails, all others are ready. What happens is written down. */
function transcript() {
  const lines: string[] = [];
  const slow = new Map<string, PromiseWithResolvers<string>>();
  const queue = new AppendQueue<string, string>({
    prepare(name) {
      lines.push(`prepare ${name}`);
      if (name.startsWith('bad')) throw new Error(name);
      if (!name.startsWith('slow')) return name;
      const pending = Promise.withResolvers<string>();
      slow.set(name, pending);
      return pending.promise;
    },
    finish(name, prepared) {
      lines.push('failure' in prepared ? `refuse ${name}` : `append ${prepared.result}`);
      if (name === 'again') queue.add('from within');
    },
  });
  return {
    queue,
    lines,
    settle: async (name: string, failure?: Error): Promise<void> => {
      if (failure === undefined) slow.get(name)?.resolve(name);
      else slow.get(name)?.reject(failure);
      for (let i = 0; i < 5; i += 1) await Promise.resolve();
    },
  };
}

test('what needs no time is appended at once', () => {
  const { queue, lines } = transcript();
  queue.add('a');
  queue.add('bad b');
  assert.deepEqual(lines, ['prepare a', 'append a', 'prepare bad b', 'refuse bad b']);
  assert.equal(queue.idle, true);
});

test('what comes behind a slow one waits for it, and one is prepared at a time', async () => {
  const { queue, lines, settle } = transcript();
  for (const name of ['slow a', 'b', 'slow c', 'd']) queue.add(name);
  assert.deepEqual(lines.splice(0), ['prepare slow a']);
  assert.equal(queue.idle, false);
  await settle('slow a');
  assert.deepEqual(lines.splice(0), ['append slow a', 'prepare b', 'append b', 'prepare slow c']);
  await settle('slow c', new Error('damaged'));
  assert.deepEqual(lines, ['refuse slow c', 'prepare d', 'append d']);
  assert.equal(queue.idle, true);
});

test('what is added by an answer comes after what was there', () => {
  const { queue, lines } = transcript();
  queue.add('again');
  assert.deepEqual(lines, ['prepare again', 'append again', 'prepare from within', 'append from within']);
});
