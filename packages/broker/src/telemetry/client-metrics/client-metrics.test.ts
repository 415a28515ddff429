import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentClientMetrics } from './client-metrics.ts';
import type { MetricPoint } from './otlp-metrics.ts';
import { clientNamed as client } from '../../testing/client-identities.ts';
const point = (name: string, value: number, kind: MetricPoint['kind'] = 'gauge'): MetricPoint => ({
  name,
  attributes: [],
  kind,
  value,
});
const at = (nowMs: number, staleAfterMs = 1000) => ({ nowMs, staleAfterMs });

describe('the metrics of clients', () => {
  it('are the newest values; differences are added up', () => {
    const metrics = new RecentClientMetrics();
    metrics.pushed(client('a'), [point('g', 1), point('d', 2, 'delta'), point('t', 5, 'total')], at(0));
    metrics.pushed(client('a'), [point('g', 3), point('d', 4, 'delta'), point('t', 6, 'total')], at(10));
    const [only] = metrics.read(10);
    assert.deepEqual([only?.client.client_id, only?.pushedAtMs], ['a', 10]);
    assert.deepEqual(
      only?.values.map(({ name, kind, value }) => [name, kind, value]),
      [
        ['g', 'gauge', 3],
        ['d', 'total', 6],
        ['t', 'total', 6],
      ],
    );
  });

  it('are out of date some time after the last push', () => {
    const metrics = new RecentClientMetrics();
    metrics.pushed(client('a'), [point('g', 1)], at(0, 100));
    metrics.pushed(client('b'), [point('g', 1)], at(50, 100));
    assert.deepEqual(
      metrics.read(100).map((of) => of.client.client_id),
      ['b'],
    );
  });

  it('of those silent longest make room for others', () => {
    const few = new RecentClientMetrics({ maxClients: 2 });
    for (const id of ['a', 'b', 'a', 'c']) few.pushed(client(id), [point('g', 1)], at(0));
    assert.deepEqual(
      few.read(0).map((of) => of.client.client_id),
      ['a', 'c'],
    );
    const small = new RecentClientMetrics({ maxValues: 3 });
    for (const id of ['a', 'b']) small.pushed(client(id), [point('g', 1), point('h', 1)], at(0));
    assert.deepEqual(
      small.read(0).map((of) => of.client.client_id),
      ['b'],
    );
  });

  it('beyond the limits of one client are dropped and counted', () => {
    const metrics = new RecentClientMetrics({ maxValuesOfClient: 1, maxNameLength: 20 });
    metrics.pushed(client('a'), [point('g', 1), point('h', 1), point('g', 2)], at(0));
    metrics.pushed(client('b'), [point('n'.repeat(30), 1)], at(0));
    assert.deepEqual(
      metrics.read(0).map(({ values }) => values.map(({ value }) => value)),
      [[2], []],
    );
    assert.equal(metrics.dropped, 2);
  });
});
