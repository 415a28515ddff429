import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyChange, emptyImage } from '../../metadata/apply-change.ts';
import type { QuotaEntity } from '../../metadata/client-quota-entity.ts';
import { ClientQuotas } from './client-quotas.ts';

const CLIENT = { principal: 'ANONYMOUS', clientId: 'c' };

class World {
  image = emptyImage();
  readonly quotas = new ClientQuotas(() => this.image, { number: 11, sizeMs: 1000 });

  set(entity: QuotaEntity, values: Readonly<Record<string, number | null>>): void {
    this.image = applyChange(this.image, { kind: 'client-quotas-changed', entity, values });
    assert.equal(this.quotas.active, this.image.clientQuotas.size > 0);
  }
}

describe('the quotas of clients', () => {
  it('are not active when there are none', () => {
    const world = new World();
    assert.equal(world.quotas.active, false);
    world.set({ user: 'u' }, { producer_byte_rate: 1 });
    assert.equal(world.quotas.active, true);
    world.set({ user: 'u' }, { producer_byte_rate: null });
    assert.equal(world.quotas.active, false);
  });

  it('hold back who produces more than the limit, for as long as the excess is worth', () => {
    const world = new World();
    world.set({ 'client-id': 'c' }, { producer_byte_rate: 1000 });
    assert.equal(world.quotas.produced(CLIENT, 10_000, 0), 0);
    assert.equal(world.quotas.produced(CLIENT, 500, 0), 500);
    assert.equal(world.quotas.produced({ ...CLIENT, clientId: 'd' }, 1e9, 0), 0);
    assert.equal(world.quotas.fetched(CLIENT, 1e9, 0), 0);
  });

  it('measure those who share a limit together', () => {
    const world = new World();
    world.set({ user: null }, { producer_byte_rate: 1000 });
    assert.equal(world.quotas.produced(CLIENT, 10_000, 0), 0);
    assert.equal(world.quotas.produced({ ...CLIENT, clientId: 'd' }, 1000, 0), 1000);
    assert.equal(world.quotas.produced({ principal: 'other', clientId: 'd' }, 1000, 0), 0);
  });

  it('hold from the next request on when they change', () => {
    const world = new World();
    world.set({ 'client-id': 'c' }, { producer_byte_rate: 1000 });
    assert.equal(world.quotas.produced(CLIENT, 10_000, 0), 0);
    world.set({ 'client-id': 'c' }, { producer_byte_rate: 500 });
    assert.equal(world.quotas.produced(CLIENT, 0, 0), 10_000);
    world.set({ 'client-id': 'c' }, { producer_byte_rate: 5000 });
    assert.equal(world.quotas.produced(CLIENT, 0, 0), 0);
  });

  it('take back what a fetch did not send', () => {
    const world = new World();
    world.set({ 'client-id': 'c' }, { consumer_byte_rate: 1000 });
    assert.equal(world.quotas.fetchable(CLIENT), 10_000);
    assert.equal(world.quotas.fetchable({ ...CLIENT, clientId: 'd' }), Number.POSITIVE_INFINITY);
    assert.equal(world.quotas.fetched(CLIENT, 9000, 0), 0);
    assert.equal(world.quotas.fetched(CLIENT, 2000, 0), 1000);
    world.quotas.notFetched(CLIENT, 2000, 0);
    assert.equal(world.quotas.fetched(CLIENT, 1000, 0), 0);
  });

  it('let a batch through that is larger than the quota allows at once, and take the time for it afterwards', () => {
    const world = new World();
    world.set({ 'client-id': 'c' }, { consumer_byte_rate: 1000 });
    assert.equal(world.quotas.fetched(CLIENT, 50_000, 0), 0);
    assert.equal(world.quotas.fetched(CLIENT, 50_000, 0), 90_000);
    world.quotas.notFetched(CLIENT, 50_000, 0);
    assert.equal(world.quotas.fetched(CLIENT, 0, 0), 40_000);
    assert.equal(world.quotas.fetched(CLIENT, 50_000, 40_000), 0);
  });

  it('hold back who lets the broker work too much, one window at most', () => {
    const world = new World();
    world.set({ 'client-id': 'c' }, { request_percentage: 1 });
    // 100 ms in ten seconds are one percent.
    assert.equal(world.quotas.worked(CLIENT, 100, 0), 0);
    assert.equal(world.quotas.worked(CLIENT, 5, 0), 500);
    world.quotas.workedUnthrottled(CLIENT, 1000, 0);
    assert.equal(world.quotas.worked(CLIENT, 0, 0), 1000);
  });

  it('bound how often an address connects; a connection that is refused does not count', () => {
    const world = new World();
    world.set({ ip: '10.0.0.1' }, { connection_creation_rate: 2 });
    for (let i = 0; i < 20; i += 1) assert.equal(world.quotas.connected('10.0.0.1', 0), 0);
    assert.equal(world.quotas.connected('::ffff:10.0.0.1', 0), 500);
    assert.equal(world.quotas.connected('10.0.0.1', 0), 500);
    assert.equal(world.quotas.connected('10.0.0.2', 0), 0);
  });
});
