// The tools whose output is read here belong to others: these are lines that they really printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConsumer, parseProducer } from './load-java.ts';
import { parsePerformance } from './load-librdkafka.ts';
import { parseTicks } from './other-work.ts';
import { parseStat } from './process-tree.ts';

const PRODUCER = `Warmup first 500000 records. Steady state results will print after the complete test summary.
454571 records sent, 90896.0 records/sec (88.77 MB/sec), 314.6 ms avg latency, 438.0 ms max latency.
1500000 records sent, 50890.585242 records/sec (49.70 MB/sec), 576.16 ms avg latency, 2251.00 ms max latency, 443 ms 50th, 1459 ms 95th, 1908 ms 99th, 2223 ms 99.9th.
1000000 steady state records sent, 70781.426954 records/sec (69.12 MB/sec), 412.16 ms avg latency, 1264.00 ms max latency, 344 ms 50th, 785 ms 95th, 1196 ms 99th, 1255 ms 99.9th.
`;

test('of ProducerPerformance the last summary counts, without the warm-up where there was one', () => {
  assert.deepEqual(parseProducer(PRODUCER, 1_500_000, true), {
    count: 1_000_000,
    recordsPerSecond: 70781.426954,
    averageAckMs: 412.16,
  });
  assert.deepEqual(parseProducer(PRODUCER, 1_500_000, false), {
    count: 1_500_000,
    recordsPerSecond: 50890.585242,
    averageAckMs: 576.16,
  });
  assert.throws(
    () => parseProducer('org.apache.kafka.common.KafkaException: no broker\n', 1, false),
    /no summary/,
  );
});

test('of ConsumerPerformance the fetch rate counts', () => {
  const output = `start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-11-24 10:35:32:257, 2026-11-24 10:35:44:642, 1464.8438, 118.2756, 1500000, 121114.2511, 1228, 11157, 131.2937, 134444.7432
`;
  assert.deepEqual(parseConsumer(output), { records: 1_500_000, recordsPerSecond: 134444.7432 });
  assert.throws(
    () => parseConsumer('WARNING: Exiting before consuming the expected number of records'),
    /no figures/,
  );
});

test('of rdkafka_performance the summary counts, and a record that was not delivered is an error', () => {
  const produced =
    '% 1500000 messages produced (1536000000 bytes), 1500000 delivered (offset 2999999, 0 failed) in 5681ms: 264034 msgs/s and 270.37 MB/s, 1411 produce failures, 0 in queue, no compression\n';
  assert.equal(parsePerformance(produced), 264_034);
  assert.throws(
    () => parsePerformance(produced.replace('1500000 delivered', '1499999 delivered')),
    /not every record/,
  );
  const consumed =
    '% 1500000 messages (1536000000 bytes) consumed in 1317ms: 1138255 msgs/s (1165.57 MB/s)\n';
  assert.equal(parsePerformance(consumed), 1_138_255);
  assert.throws(() => parsePerformance('% ERROR: broker down\n'), /no summary/);
  assert.throws(() => parseProducer(PRODUCER, 1_500_001, true), /only 1500000 of 1500001/);
});

test('a process name may hold spaces and brackets', () => {
  const stat = '42 (odd (name) x) S 7 42 42 0 -1 4194304 1 2 3 4 150 50 0 0 20 0 1 0 100 1 1';
  assert.deepEqual(parseStat(stat), { pid: 42, name: 'odd (name) x', parent: 7, cpuSeconds: 2 });
});

test('idle time of the machine is idle and waiting for a disk', () => {
  const stat = 'cpu  100 1 50 800 40 2 3 4 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n';
  assert.deepEqual(parseTicks(stat), { total: 1_000, idle: 840 });
});
