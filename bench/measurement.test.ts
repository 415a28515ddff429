import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verdicts } from './goals.ts';
import { median, ratio, summarize, timesBetter, type Sample } from './measurement.ts';

const sample = (
  system: Sample['system'],
  round: number,
  value: number,
  metric: Sample['metric'],
): Sample => ({
  group: 'durable',
  row: 'librdkafka, 1 KB, 1 partition: produce',
  metric,
  system,
  round,
  value,
});

test('the median of an even number of values is the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 9, 3, 5]), 4);
  assert.throws(() => median([]), RangeError);
});

test('a summary takes the median of each system; a ratio needs both systems', () => {
  const [row] = summarize([
    sample('moldau', 1, 10, 'recordsPerSecond'),
    sample('kafka', 1, 4, 'recordsPerSecond'),
    sample('moldau', 2, 30, 'recordsPerSecond'),
    sample('moldau', 3, 20, 'recordsPerSecond'),
  ]);
  assert.ok(row);
  assert.equal(ratio(row, 'moldau', 'kafka'), 5);
  assert.equal(ratio(row, 'moldau', 'kafka-fsync'), undefined);
});

test('times better turns a ratio around where lower is better', () => {
  const [more, less] = summarize([
    sample('moldau', 1, 10, 'recordsPerSecond'),
    sample('kafka', 1, 5, 'recordsPerSecond'),
    sample('moldau', 1, 10, 'cpuSecondsPerGb'),
    sample('kafka', 1, 5, 'cpuSecondsPerGb'),
  ]);
  assert.ok(more && less);
  assert.equal(timesBetter(more, 'moldau', 'kafka'), 2);
  assert.equal(timesBetter(less, 'moldau', 'kafka'), 0.5);
});

test('a goal is met or missed by the ratio to Kafka as shipped', () => {
  const rows = summarize([
    sample('moldau', 1, 16, 'recordsPerSecond'),
    sample('kafka', 1, 10, 'recordsPerSecond'),
    sample('moldau', 1, 7, 'cpuSecondsPerGb'),
    sample('kafka', 1, 10, 'cpuSecondsPerGb'),
  ]);
  assert.deepEqual(
    verdicts(rows).map(({ wanted, met }) => [wanted, met]),
    [
      ['at least 1.5', true],
      ['at most 0.6', false],
    ],
  );
});
