import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collidingTopic, topicNameProblem } from './topic-rules.ts';

describe('the name of a topic', () => {
  for (const name of ['a', 'A-z_0.9', '...', '_', '__consumer_offsets', 'x'.repeat(249)]) {
    it(`can be '${name.slice(0, 20)}'`, () => assert.equal(topicNameProblem(name), undefined));
  }
  for (const name of ['', '.', '..', 'x'.repeat(250), 'a b', 'a/b', '../a', 'ä', 'a\n', 'a\0']) {
    it(`cannot be ${JSON.stringify(name).slice(0, 20)}`, () =>
      assert.ok(topicNameProblem(name)?.startsWith('Topic name is invalid: ')));
  }

  it('collides with one that differs only in . and _', () => {
    const topics = ['a.b', 'c'];
    assert.equal(collidingTopic('a_b', topics), 'a.b');
    assert.equal(collidingTopic('a.b', topics), undefined);
    assert.equal(collidingTopic('a-b', topics), undefined);
    assert.equal(collidingTopic('a_b.', topics), undefined);
  });
});
