import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import fc from 'fast-check';

import { SimulatedClock } from './simulated-clock.ts';

describe('the simulated clock', () => {
  it('stands still until moved', () => {
    const clock = new SimulatedClock({ startMs: 1000 });
    assert.deepEqual([clock.now(), clock.monotonic()], [1000, 0]);
    clock.advance(2.5);
    assert.deepEqual([clock.now(), clock.monotonic()], [1002, 2.5]);
    clock.jump(-500);
    assert.deepEqual([clock.now(), clock.monotonic()], [502, 2.5]);
  });

  it('runs timers by due time, then creation, each at its time, and what is deferred behind them', () => {
    const clock = new SimulatedClock();
    const log: string[] = [];
    const note = (name: string) => () => log.push(`${name}@${clock.monotonic()}`);
    clock.setTimer(5, note('a'));
    clock.setTimer(3, note('b'));
    clock.setTimer(5, note('c'));
    clock.defer(note('d'));
    clock.setTimer(0, note('e'));
    clock.setTimer(-1, note('f'));
    clock.setTimer(6, note('late'));
    clock.advance(5);
    assert.deepEqual(log, ['e@0', 'f@0', 'd@0', 'b@3', 'a@5', 'c@5']);
    assert.equal(clock.nextDue, 6);
  });

  it('runs what callbacks add, in the same advance when it becomes due in it', () => {
    const clock = new SimulatedClock();
    const log: string[] = [];
    clock.setTimer(1, () => {
      log.push('first');
      clock.setTimer(1, () => log.push(`second@${clock.monotonic()}`));
      clock.defer(() => log.push(`deferred@${clock.monotonic()}`));
    });
    clock.advance(10);
    assert.deepEqual(log, ['first', 'deferred@1', 'second@2']);
    assert.equal(clock.monotonic(), 10);
    assert.equal(clock.pending, 0);
  });

  it('forgets cancelled timers, whenever they are cancelled', () => {
    const clock = new SimulatedClock();
    const log: string[] = [];
    const timer = clock.setTimer(2, () => log.push('cancelled'));
    clock.setTimer(1, () => timer.cancel());
    assert.equal(clock.pending, 2);
    clock.advance(1);
    assert.equal(clock.pending, 0);
    assert.equal(clock.nextDue, undefined);
    clock.advance(5);
    timer.cancel();
    assert.deepEqual(log, []);
  });

  it('lets the timers of one process die alone', () => {
    const clock = new SimulatedClock();
    const one = clock.forProcess();
    const other = clock.forProcess();
    const log: string[] = [];
    one.setTimer(1, () => log.push('one'));
    one.defer(() => log.push('one deferred'));
    other.setTimer(1, () => log.push('other'));
    one.kill();
    clock.advance(2);
    assert.deepEqual(log, ['other']);
    assert.deepEqual([one.now(), one.monotonic()], [clock.now(), clock.monotonic()]);
  });

  it('keeps the order of a sorted list', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ delay: fc.nat(20), cancelled: fc.boolean() })), (timers) => {
        const clock = new SimulatedClock();
        const log: number[] = [];
        const set = timers.map(({ delay }, index) => clock.setTimer(delay, () => log.push(index)));
        timers.forEach(({ cancelled }, index) => cancelled && set[index]?.cancel());
        clock.advance(20);
        const expected = timers
          .map((timer, index) => ({ ...timer, index }))
          .filter((timer) => !timer.cancelled)
          .sort((a, b) => a.delay - b.delay || a.index - b.index)
          .map((timer) => timer.index);
        assert.deepEqual(log, expected);
      }),
    ));
});

it('a positive delay moves the time, however small: who waits for a deadline gets there', () => {
  const clock = new SimulatedClock();
  clock.advance(8802.56);
  const deadline = clock.monotonic() + 1.8e-12;
  let looks = 0;
  const look = (): void => {
    looks += 1;
    if (clock.monotonic() < deadline) clock.setTimer(deadline - clock.monotonic(), look);
  };
  look();
  clock.advance(1);
  assert.equal(looks, 2);
});
