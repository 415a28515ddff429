import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawChart, times } from './chart.ts';
import { summarize } from './measurement.ts';

const title = { title: 'Title', subtitle: 'Subtitle', subject: 'moldau' } as const;
const bases = [{ name: 'kafka', title: 'than Kafka' }] as const;

test('a chart names its rows and shows how many times better each is', () => {
  const at = { group: 'start', row: 'server', metric: 'startMs', round: 1 } as const;
  const rows = summarize([
    { ...at, system: 'moldau', value: 100 },
    { ...at, system: 'kafka', value: 5_000 },
  ]);
  const svg = drawChart({ ...title, rows, bases });
  assert.match(svg ?? '', /^<svg /);
  for (const text of ['server: start', '50×', 'than Kafka']) assert.ok(svg?.includes(text), text);
});

test('with nothing to compare there is no chart', () => {
  assert.equal(drawChart({ ...title, rows: [], bases }), undefined);
});

test('ratios are written short', () => {
  assert.deepEqual([0.333, 1, 1.53, 12.4, 250.4].map(times), ['0.33×', '1×', '1.5×', '12×', '250×']);
});
