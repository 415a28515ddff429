import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { NodeClock } from './node-clock.ts';

describe('the Node clock', () => {
  const clock = new NodeClock();

  it('tells the time', () => {
    assert.ok(Math.abs(clock.now() - Date.now()) < 60_000);
    const before = clock.monotonic();
    assert.ok(clock.monotonic() >= before);
  });

  it('runs timers and what is deferred, but not what was cancelled', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
    const log: string[] = [];
    clock.setTimer(10, () => log.push('ten'));
    clock.setTimer(5, () => log.push('cancelled')).cancel();
    clock.defer(() => log.push('deferred'));
    t.mock.timers.tick(9);
    assert.deepEqual(log, ['deferred']);
    t.mock.timers.tick(1);
    assert.deepEqual(log, ['deferred', 'ten']);
  });

  it('keeps waits that are longer than setTimeout can count', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let fired = false;
    clock.setTimer(2 ** 31 + 1000, () => {
      fired = true;
    });
    t.mock.timers.tick(2 ** 31 - 1);
    t.mock.timers.tick(1000);
    assert.equal(fired, false);
    t.mock.timers.tick(1);
    assert.equal(fired, true);
  });
});
