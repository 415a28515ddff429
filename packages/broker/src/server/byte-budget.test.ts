import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from './byte-budget.ts';

test('who waits goes on in order, as soon as there is room, each once', () => {
  const budget = new ByteBudget(100);
  const order: string[] = [];
  budget.take(150);
  assert.equal(budget.exhausted, true);
  budget.wait(() => {
    order.push('first');
    budget.take(80);
  });
  budget.wait(() => order.push('second'));
  budget.give(40);
  assert.deepEqual(order, []);
  budget.give(60);
  assert.deepEqual(order, ['first']);
  budget.give(130);
  assert.deepEqual(order, ['first', 'second']);
});

test('-1 means no bound', () => {
  const budget = new ByteBudget(-1);
  budget.take(Number.MAX_SAFE_INTEGER);
  assert.equal(budget.exhausted, false);
});
