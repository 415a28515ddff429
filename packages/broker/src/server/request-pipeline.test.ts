import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestPipeline, type Answered } from './request-pipeline.ts';

/** A pipeline whose effects are written down; requests are answered by hand. */
function transcript() {
  const lines: string[] = [];
  const answers = new Map<string, (answered: Answered | undefined) => void>();
  const pipeline = new RequestPipeline({
    start({ frame }, answer) {
      const name = frame.toString('latin1', 2);
      lines.push(`start ${name}`);
      answers.set(name, answer);
    },
    send: ({ chunks }) => lines.push(`send ${Buffer.concat(chunks).toString()}`),
    finished: (bytes) => lines.push(`free ${bytes}`),
  });
  return {
    pipeline,
    receive: (name: string) => {
      const frame = Buffer.from(`\0\0${name}`, 'latin1');
      frame.writeInt16BE(name.startsWith('p') ? 0 : 3, 0);
      pipeline.receive({ frame, memory: undefined });
    },
    answer: (name: string, text: string | undefined = name) =>
      answers.get(name)?.({ chunks: [Buffer.from(text)], sent: () => lines.push(`sent ${text}`) }),
    silent: (name: string) => answers.get(name)?.(undefined),
    take: () => lines.splice(0),
  };
}

test('produce requests overlap; answers leave in the order of the requests', () => {
  const t = transcript();
  t.receive('p1');
  t.receive('p2');
  assert.deepEqual(t.take(), ['start p1', 'start p2']);
  t.answer('p2');
  assert.deepEqual(t.take(), []);
  t.answer('p1');
  assert.deepEqual(t.take(), ['send p1', 'free 4', 'send p2', 'free 4']);
});

test('any other request waits for all before it, and holds up all behind it', () => {
  const t = transcript();
  for (const name of ['p1', 'm2', 'p3']) t.receive(name);
  assert.deepEqual(t.take(), ['start p1']);
  t.answer('p1');
  assert.deepEqual(t.take(), ['send p1', 'free 4', 'start m2']);
  t.answer('m2');
  assert.deepEqual(t.take(), ['send m2', 'free 4', 'start p3']);
});

test('a request without an answer keeps its place and sends nothing', () => {
  const t = transcript();
  t.receive('p1');
  t.receive('p2');
  t.answer('p2');
  t.silent('p1');
  assert.deepEqual(t.take(), ['start p1', 'start p2', 'free 4', 'send p2', 'free 4']);
});

test('an answer given twice counts once', () => {
  const t = transcript();
  t.receive('m1');
  t.answer('m1');
  t.answer('m1');
  assert.deepEqual(t.take(), ['start m1', 'send m1', 'free 4']);
});

test('held, it starts nothing; closed, it frees what waits and drops late answers', () => {
  const t = transcript();
  t.pipeline.hold(true);
  t.receive('m1');
  assert.deepEqual(t.take(), []);
  t.pipeline.hold(false);
  t.receive('m2');
  assert.deepEqual(t.take(), ['start m1']);
  t.pipeline.close();
  assert.deepEqual(t.take(), ['free 4']);
  t.answer('m1');
  assert.deepEqual(t.take(), ['sent m1', 'free 4']);
});
