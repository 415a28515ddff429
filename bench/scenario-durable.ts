// Durable produce at full speed: librdkafka, acks=all, 1 KB, one partition. The load that finds a server's limit.
import type { Figure } from './measurement.ts';
import { memory } from './process-tree.ts';
import { throughput, withCpu, withDataDir, withServer, type Scenario } from './scenario.ts';

const RECORD_BYTES = 1_024;
const RECORDS = 2_000_000;
const WARMUP_RECORDS = 1_000_000;
const ROW = 'librdkafka, 1 KB, 1 partition';

export const durableScenario: Scenario = {
  name: 'librdkafka 1 KB',
  groups: ['durable'],
  run: (system, bench) =>
    withDataDir(bench.dataDir, () =>
      withServer(system, bench.dataDir, async (server) => {
        const load = bench.librdkafka();
        const { address } = server;
        const records = Math.ceil(RECORDS * bench.scale);
        const warmup = Math.ceil(WARMUP_RECORDS * bench.scale);
        for (const topic of ['warmup', 'durable']) await bench.java.createTopic(address, topic, 1);
        await load.produce(address, 'warmup', RECORD_BYTES, warmup);
        await load.consume(address, 'warmup', warmup);
        const amount = { recordSize: RECORD_BYTES, records };
        const figures: Figure[] = [];
        const produced = await withCpu(server, () => load.produce(address, 'durable', RECORD_BYTES, records));
        const produce = { ...amount, recordsPerSecond: produced.result, cpu: produced.cpu };
        figures.push(...throughput('durable', `${ROW}: produce`, produce));
        const consumed = await withCpu(server, () => load.consume(address, 'durable', records));
        const consume = { ...amount, recordsPerSecond: consumed.result, cpu: consumed.cpu };
        figures.push(...throughput('durable', `${ROW}: consume`, consume));
        const value = memory(server.pids()).peak / 1e6;
        return [...figures, { group: 'durable', row: ROW, metric: 'peakMegabytes', value }];
      }),
    ),
};
