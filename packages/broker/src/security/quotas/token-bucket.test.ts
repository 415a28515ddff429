import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBucket } from './token-bucket.ts';

describe('a token bucket', () => {
  it('is full at first, fills at its rate and never above its burst', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(8, 2, 10, 0);
    assert.equal(bucket.tokens(2, 10, 0), 2);
    assert.equal(bucket.tokens(2, 10, 1500), 5);
    assert.equal(bucket.tokens(2, 10, 60_000), 10);
  });

  it('lends without bound, and the debt is paid off at its rate', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(70, 5, 10, 0);
    assert.equal(bucket.tokens(5, 10, 0), -60);
    assert.equal(bucket.tokens(5, 10, 12_000), 0);
  });

  it('takes back, up to its burst', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(6, 1, 10, 0);
    bucket.take(-6, 1, 10, 0);
    bucket.take(-6, 1, 10, 0);
    assert.equal(bucket.tokens(1, 10, 0), 10);
  });
});
