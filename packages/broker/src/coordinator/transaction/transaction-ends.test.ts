import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { TransactionEnds } from './transaction-ends.ts';

test('everyone who waits for an id is told of its end, nobody of another', async () => {
  const clock = new SimulatedClock();
  const ends = new TransactionEnds(clock);
  const waiting = [ends.next('a', 10), ends.next('a', 10), ends.next('b', 10)];
  ends.ended('a');
  ends.ended('nobody');
  clock.advance(10);
  assert.deepEqual(await Promise.all(waiting), [true, true, false]);
});

test('who did not want to wait does not, and whose time is up is forgotten', async () => {
  const clock = new SimulatedClock();
  const ends = new TransactionEnds(clock);
  assert.equal(await ends.next('a', 0), false);
  const early = ends.next('a', 5);
  const late = ends.next('a', 20);
  clock.advance(5);
  assert.equal(await early, false);
  ends.ended('a');
  assert.equal(await late, true);
  assert.equal(clock.pending, 0, 'no timer is left');
});
