import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChanges, emptyImage } from '../../metadata/apply-change.ts';
import type { QuotaEntity } from '../../metadata/client-quota-entity.ts';
import { QuotaLimits } from './quota-limits.ts';

/** Limits of producer_byte_rate by their place in the order of resolution. */
const ORDER: readonly QuotaEntity[] = [
  { user: 'u', 'client-id': 'c' },
  { user: 'u', 'client-id': null },
  { user: 'u' },
  { user: null, 'client-id': 'c' },
  { user: null, 'client-id': null },
  { user: null },
  { 'client-id': 'c' },
  { 'client-id': null },
];

function limitsOf(quotas: readonly (readonly [QuotaEntity, number])[]): QuotaLimits {
  return new QuotaLimits(
    applyChanges(
      emptyImage(),
      quotas.map(([entity, rate]) => ({
        kind: 'client-quotas-changed' as const,
        entity,
        values: entity.ip === undefined ? { producer_byte_rate: rate } : { connection_creation_rate: rate },
      })),
    ).clientQuotas,
  );
}

const find = (limits: QuotaLimits, principal: string, clientId: string) =>
  limits.find('producer_byte_rate', { principal, clientId });

describe('the limit of a client', () => {
  it('is that of the most specific quota', () => {
    for (let first = 0; first < ORDER.length; first += 1) {
      const limits = limitsOf(ORDER.slice(first).map((entity, i) => [entity, first + i + 1]));
      assert.equal(find(limits, 'u', 'c')?.limit, first + 1, `without the first ${first}`);
    }
    assert.equal(find(limitsOf([]), 'u', 'c'), undefined);
  });

  it('does not hold for others', () => {
    const limits = limitsOf([
      [{ user: 'u', 'client-id': 'c' }, 1],
      [{ 'client-id': 'x' }, 2],
      [{ user: 'w' }, 3],
    ]);
    assert.equal(find(limits, 'u', 'd'), undefined);
    assert.equal(find(limits, 'v', 'c'), undefined);
    assert.equal(find(limits, 'v', 'x')?.limit, 2);
    assert.equal(find(limits, 'w', 'x')?.limit, 3);
    assert.equal(limits.find('consumer_byte_rate', { principal: 'u', clientId: 'c' }), undefined);
  });

  it('is shared by user, by client id or by both, as the quota says', () => {
    const both = limitsOf([[{ user: null, 'client-id': null }, 1]]);
    assert.notEqual(find(both, 'u', 'c')?.sharedBy, find(both, 'u', 'd')?.sharedBy);
    assert.notEqual(find(both, 'u', 'c')?.sharedBy, find(both, 'v', 'c')?.sharedBy);
    assert.notEqual(find(both, 'ab', 'c')?.sharedBy, find(both, 'a', 'bc')?.sharedBy);
    const user = limitsOf([[{ user: null }, 1]]);
    assert.equal(find(user, 'u', 'c')?.sharedBy, find(user, 'u', 'd')?.sharedBy);
    assert.notEqual(find(user, 'u', 'c')?.sharedBy, find(user, 'v', 'c')?.sharedBy);
    const client = limitsOf([[{ 'client-id': null }, 1]]);
    assert.equal(find(client, 'u', 'c')?.sharedBy, find(client, 'v', 'c')?.sharedBy);
    assert.notEqual(find(client, 'u', 'c')?.sharedBy, find(client, 'u', 'd')?.sharedBy);
  });

  it('of a connection without a client id is that of its user', () => {
    const limits = limitsOf(ORDER.map((entity, i) => [entity, i + 1]));
    assert.equal(find(limits, 'u', '')?.limit, 3);
    assert.equal(find(limits, 'v', '')?.limit, 6);
    assert.equal(find(limitsOf([[{ 'client-id': null }, 1]]), 'v', ''), undefined);
  });
});

describe('the connection rate of an address', () => {
  it('is its own, or the default', () => {
    const limits = limitsOf([
      [{ ip: '10.0.0.1' }, 5],
      [{ ip: null }, 7],
    ]);
    assert.equal(limits.connectionRate('10.0.0.1'), 5);
    assert.equal(limits.connectionRate('::ffff:10.0.0.1'), 5);
    assert.equal(limits.connectionRate('10.0.0.2'), 7);
    assert.equal(limitsOf([]).connectionRate('10.0.0.1'), undefined);
  });
});
