import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import type { Clock } from '@moldau/runtime';
import { applyChange, emptyImage } from '../../metadata/apply-change.ts';
import { MutationQuotas } from './mutation-quotas.ts';

const CLIENT = { principal: 'ANONYMOUS', clientId: 'c' };

/** Two partitions a second; up to 22 saved up. */
function world(): { quotas: MutationQuotas; wait: (ms: number) => void } {
  let nowMs = 0;
  const image = applyChange(emptyImage(), {
    kind: 'client-quotas-changed',
    entity: { 'client-id': 'c' },
    values: { controller_mutation_rate: 2 },
  });
  const clock = { monotonic: () => nowMs } as Clock;
  return {
    quotas: new MutationQuotas(() => image, { number: 11, sizeMs: 1000 }, clock),
    wait: (ms) => void (nowMs += ms),
  };
}

describe('the quota of changes of partitions', () => {
  it('does not concern clients without one', () => {
    assert.equal(world().quotas.for({ ...CLIENT, clientId: 'd' }, true), undefined);
  });

  it('that is strict lets one change go beyond it and refuses those after it until the debt is paid off', () => {
    const { quotas, wait } = world();
    const first = quotas.for(CLIENT, true);
    assert(first !== undefined);
    assert.equal(first.take(20), undefined);
    assert.equal(first.take(8), undefined);
    assert.equal(first.throttleMs, 0);
    assert.equal(first.take(1)?.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
    assert.equal(first.throttleMs, 3000);
    wait(2999);
    assert.equal(quotas.for(CLIENT, true)?.take(1)?.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
    wait(1);
    assert.equal(quotas.for(CLIENT, true)?.take(1), undefined);
  });

  it('that is permissive refuses nothing and holds the client back', () => {
    const { quotas } = world();
    const quota = quotas.for(CLIENT, false);
    assert(quota !== undefined);
    assert.equal(quota.take(22), undefined);
    assert.equal(quota.throttleMs, 0);
    assert.equal(quota.take(10), undefined);
    assert.equal(quota.throttleMs, 5000);
  });

  it('counts a request once that is decided twice', () => {
    const { quotas } = world();
    const quota = quotas.for(CLIENT, true);
    quota?.begin();
    quota?.take(30);
    quota?.take(1);
    quota?.begin();
    assert.equal(quota?.throttleMs, 0);
    assert.equal(quota?.take(22), undefined);
    assert.equal(quota?.take(1), undefined);
    assert.equal(quota?.take(1)?.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED);
  });
});
