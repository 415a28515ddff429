import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions, UsageError } from './options.ts';

test('without flags everything is measured in three rounds', () => {
  const options = parseOptions([]);
  assert.equal(options.rounds, 3);
  assert.equal(options.scale, 1);
  assert.deepEqual(options.systems, ['moldau', 'kafka', 'kafka-fsync']);
});

test('what is not known is refused with what is', () => {
  assert.throws(() => parseOptions(['--only', 'produce,speed']), /choose from produce, consume, durable/);
  assert.throws(() => parseOptions(['--rounds', '0']), UsageError);
  assert.throws(() => parseOptions(['--scale', 'x']), UsageError);
  assert.throws(() => parseOptions(['--fast']), UsageError);
  assert.throws(() => parseOptions(['--name', '../x']), UsageError);
});
