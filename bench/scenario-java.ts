// Produce and consume with the Java client's own load generators: what most people's clients will see.
import { produceAmount, SIZES, type RecordSize } from './amounts.ts';
import type { Figure, Group } from './measurement.ts';
import { memory } from './process-tree.ts';
import { throughput, withCpu, withDataDir, withServer, type Bench, type Scenario } from './scenario.ts';
import type { Server, System } from './system.ts';

const WARMUP_TOPIC = 'warmup';
/** Enough for a JVM to compile its produce and fetch paths. */
const WARMUP_RECORDS = 400_000;
const WARMUP_RECORD_BYTES = 1_024;

/** Drives both paths of the server until they run at their lasting speed. */
async function warmUp(server: Server, bench: Bench): Promise<void> {
  const records = Math.ceil(WARMUP_RECORDS * bench.scale);
  await bench.java.createTopic(server.address, WARMUP_TOPIC, 1);
  const amount = { recordSize: WARMUP_RECORD_BYTES, records, warmupRecords: 0 };
  await bench.java.produce(server.address, { topic: WARMUP_TOPIC, ...amount });
  await bench.java.consume(server.address, WARMUP_TOPIC, records);
}

interface Cell {
  readonly size: RecordSize;
  readonly partitions: number;
  readonly produceGroup: Group;
  readonly consumeGroup: Group;
}

async function measure(cell: Cell, server: Server, bench: Bench): Promise<Figure[]> {
  const { size, partitions, produceGroup, consumeGroup } = cell;
  const amount = produceAmount(size, bench.scale);
  const topic = `java-${size.bytes}-${partitions}`;
  const count = partitions.toLocaleString('en');
  const row = `Java, ${size.title}, ${count} ${partitions === 1 ? 'partition' : 'partitions'}`;
  await bench.java.createTopic(server.address, topic, partitions);
  const produced = await withCpu(server, () => bench.java.produce(server.address, { topic, ...amount }));
  const figures = throughput(produceGroup, `${row}: produce`, {
    ...amount,
    recordsPerSecond: produced.result.recordsPerSecond,
    cpu: produced.cpu,
  });
  if (bench.wants(consumeGroup)) {
    const consumed = await withCpu(server, () => bench.java.consume(server.address, topic, amount.records));
    const load = { ...amount, recordsPerSecond: consumed.result, cpu: consumed.cpu };
    figures.push(...throughput(consumeGroup, `${row}: consume`, load));
  }
  return figures;
}

function cells(list: readonly Cell[], peak: { group: Group; row: string }) {
  return (system: System, bench: Bench): Promise<Figure[]> =>
    withDataDir(bench.dataDir, () =>
      withServer(system, bench.dataDir, async (server) => {
        await warmUp(server, bench);
        const figures: Figure[] = [];
        for (const cell of list) figures.push(...(await measure(cell, server, bench)));
        const value = memory(server.pids()).peak / 1e6;
        return [...figures, { ...peak, metric: 'peakMegabytes', value }];
      }),
    );
}

/** One scenario a record size, for 1 and 12 partitions. */
export const javaScenarios: readonly Scenario[] = SIZES.map((size) => ({
  name: `Java ${size.title}`,
  groups: ['produce', 'consume'],
  run: cells(
    [1, 12].map((partitions) => ({ size, partitions, produceGroup: 'produce', consumeGroup: 'consume' })),
    { group: 'produce', row: `Java, ${size.title}, 1 and 12 partitions` },
  ),
}));

/** All record sizes with 1,000 partitions. */
export const partitionsScenario: Scenario = {
  name: 'Java 1,000 partitions',
  groups: ['partitions'],
  run: cells(
    SIZES.map((size) => ({
      size,
      partitions: 1_000,
      produceGroup: 'partitions',
      consumeGroup: 'partitions',
    })),
    { group: 'partitions', row: 'Java, 1,000 partitions' },
  ),
};
