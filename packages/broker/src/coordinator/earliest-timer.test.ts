import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { EarliestTimer } from './earliest-timer.ts';

test('the earliest deadline counts; a later one waits until it is set again', () => {
  const clock = new SimulatedClock();
  const start = clock.monotonic();
  const came: number[] = [];
  const timer = new EarliestTimer(clock, () => came.push(clock.monotonic() - start));
  timer.setTo(start + 50);
  timer.setTo(start + 20);
  timer.setTo(start + 80);
  timer.setTo(Infinity);
  clock.advance(100);
  assert.deepEqual(came, [20]);
  timer.setTo(start + 90);
  clock.advance(0);
  assert.deepEqual(came, [20, 100], 'a deadline that has passed is due at once');
});

test('a cancelled timer does not come, and may be set later than before', () => {
  const clock = new SimulatedClock();
  const start = clock.monotonic();
  let came = 0;
  const timer = new EarliestTimer(clock, () => (came += 1));
  timer.setTo(start + 10);
  timer.cancel();
  timer.setTo(start + 30);
  clock.advance(20);
  assert.equal(came, 0);
  clock.advance(10);
  assert.equal(came, 1);
});
