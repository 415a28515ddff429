import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check, double, integer, property, tuple, array } from 'fast-check';
import { SampledRate } from './sampled-rate.ts';

describe('a sampled rate', () => {
  it('is taken over all windows but one from the first moment on', () => {
    const rate = new SampledRate(11, 1000);
    rate.record(1000, 0);
    assert.equal(rate.spanMs(0), 10_000);
    assert.equal(rate.rate(0), 100);
    assert.equal(rate.rate(500), 1000 / 10.5);
    // Within the first ten seconds a full window replaces one that was assumed.
    assert.equal(rate.spanMs(1000), 10_000);
  });

  it('says how long to wait: so that the same amount over the longer time is the limit', () => {
    const rate = new SampledRate(11, 1000);
    rate.record(1000, 0);
    assert.equal(rate.excessMs(100, 0), 0);
    assert.equal(rate.excessMs(50, 0), 10_000);
    assert.equal(rate.excessMs(80, 0), 2500);
  });

  it('forgets a window when it has passed', () => {
    const rate = new SampledRate(3, 1000);
    rate.record(300, 0);
    rate.record(300, 1000);
    rate.record(300, 2000);
    assert.equal(rate.rate(2000), 450);
    assert.equal(rate.rate(3000), (600 * 1000) / 2000);
    assert.equal(rate.rate(10_000), 0);
  });

  it('takes back what was recorded', () => {
    const rate = new SampledRate(11, 1000);
    rate.record(500, 100);
    rate.record(4000, 200);
    rate.record(-4000, 200);
    assert.equal(rate.rate(200), 500 / 10.1);
  });

  it('keeps a client that waits as told at its limit', () => {
    check(
      property(
        integer({ min: 1, max: 20 }),
        double({ min: 10, max: 1e6, noNaN: true }),
        array(tuple(integer({ min: 1, max: 100_000 }), integer({ min: 0, max: 300 })), {
          minLength: 300,
          maxLength: 300,
        }),
        (windows, limit, calls) => {
          const rate = new SampledRate(windows, 1000);
          let nowMs = 0;
          let sum = 0;
          for (const [value, pauseMs] of calls) {
            sum += value;
            rate.record(value, nowMs);
            nowMs += pauseMs + rate.excessMs(limit, nowMs);
          }
          // What a client may have in advance: the windows it was quiet in; and the last call, which nothing has paid for yet.
          const allowed = limit * (nowMs / 1000 + windows) + 100_000;
          assert.ok(sum <= allowed, `${sum} of ${allowed} in ${nowMs} ms`);
        },
      ),
      { numRuns: 50 },
    );
  });
});
