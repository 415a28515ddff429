// End-to-end latency at a pace that no system finds hard: 1,000 records a second of 1 KB, one partition, acks=all.
import { withDataDir, withServer, type Scenario } from './scenario.ts';

const PACE = { perSecond: 1_000, recordSize: 1_024 };
const SECONDS = 20;
/**
 * One request a record is a load that a cold JVM on one core cannot take: it is warmed up with throughput first, which
 * compiles the path, and then with the pace itself.
 */
const WARMUP_RECORDS = 500_000;
const WARMUP_SECONDS = 15;
const ROW = 'librdkafka, 1,000 records/s of 1 KB';

export const latencyScenario: Scenario = {
  name: 'latency',
  groups: ['latency'],
  run: (system, bench) =>
    withDataDir(bench.dataDir, () =>
      withServer(system, bench.dataDir, async (server) => {
        await bench.java.createTopic(server.address, 'latency', 1);
        const load = bench.librdkafka();
        await bench.java.createTopic(server.address, 'warmup', 1);
        await load.produce(server.address, 'warmup', PACE.recordSize, WARMUP_RECORDS);
        await load.consume(server.address, 'warmup', WARMUP_RECORDS);
        const { endToEnd, acknowledged } = await load.latency(server.address, 'latency', {
          ...PACE,
          warmupSeconds: WARMUP_SECONDS,
          seconds: Math.ceil(SECONDS * bench.scale),
        });
        const at = { group: 'latency', row: ROW } as const;
        return [
          { ...at, metric: 'endToEndP50', value: endToEnd.p50 },
          { ...at, metric: 'endToEndP99', value: endToEnd.p99 },
          { ...at, metric: 'endToEndP999', value: endToEnd.p999 },
          { ...at, metric: 'acknowledgedP50', value: acknowledged.p50 },
          { ...at, metric: 'acknowledgedP99', value: acknowledged.p99 },
          { ...at, metric: 'acknowledgedP999', value: acknowledged.p999 },
        ];
      }),
    ),
};
