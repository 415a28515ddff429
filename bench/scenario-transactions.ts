// What exactly-once costs: the Java producer without idempotence, with it (its default) and in transactions, and small transactions of
// librdkafka one after the other.
import { produceAmount, SIZES } from './amounts.ts';
import type { Figure } from './measurement.ts';
import { memory } from './process-tree.ts';
import { throughput, withCpu, withDataDir, withServer, type Bench, type Scenario } from './scenario.ts';
import type { Server } from './system.ts';

const PARTITIONS = 12;
const KILOBYTE = 1_024;
const WARMUP_RECORDS = 400_000;

const JAVA_ROWS: readonly {
  readonly title: string;
  readonly settings?: readonly string[];
  readonly transactionMs?: number;
}[] = [
  { title: 'not idempotent', settings: ['enable.idempotence=false', 'acks=all'] },
  { title: 'idempotent' },
  { title: 'transactions of 100 ms', transactionMs: 100 },
  { title: 'transactions of 10 ms', transactionMs: 10 },
];

/** Records in a transaction. */
const SMALL_TRANSACTIONS = [1, 100];
const SECONDS = 15;
const WARMUP_SECONDS = 10;

async function javaRows(server: Server, bench: Bench): Promise<Figure[]> {
  const size = SIZES.find(({ bytes }) => bytes === KILOBYTE);
  if (size === undefined) throw new Error('there is no row of 1 KB');
  const { java } = bench;
  const figures: Figure[] = [];
  for (const [index, { title, settings, transactionMs }] of JAVA_ROWS.entries()) {
    const topic = `java-${index}`;
    await java.createTopic(server.address, topic, PARTITIONS);
    const amount = produceAmount(size, bench.scale);
    const load = {
      topic,
      ...amount,
      ...(settings === undefined ? {} : { settings }),
      ...(transactionMs === undefined ? {} : { transactionMs }),
    };
    const { result, cpu } = await withCpu(server, () => java.produce(server.address, load));
    const row = `Java, ${size.title}, ${PARTITIONS} partitions, ${title}: produce`;
    figures.push(
      ...throughput('transactions', row, { ...amount, recordsPerSecond: result.recordsPerSecond, cpu }),
    );
  }
  return figures;
}

async function smallTransactions(server: Server, bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const records of SMALL_TRANSACTIONS) {
    const topic = `small-${records}`;
    await bench.java.createTopic(server.address, topic, 3);
    const { perSecond, commit } = await bench.librdkafka().transactions(server.address, topic, {
      records,
      recordSize: KILOBYTE,
      warmupSeconds: Math.ceil(WARMUP_SECONDS * bench.scale),
      seconds: Math.ceil(SECONDS * bench.scale),
    });
    const at = {
      group: 'transactions',
      row: `librdkafka, transactions of ${records} x 1 KB, one after the other`,
    } as const;
    figures.push(
      { ...at, metric: 'transactionsPerSecond', value: perSecond },
      { ...at, metric: 'commitP50', value: commit.p50 },
      { ...at, metric: 'commitP99', value: commit.p99 },
      { ...at, metric: 'commitP999', value: commit.p999 },
    );
  }
  return figures;
}

export const transactionsScenario: Scenario = {
  name: 'transactions',
  groups: ['transactions'],
  run: (system, bench) =>
    withDataDir(bench.dataDir, () =>
      withServer(system, bench.dataDir, async (server) => {
        await bench.java.createTopic(server.address, 'warmup', 1);
        const records = Math.ceil(WARMUP_RECORDS * bench.scale);
        await bench.java.produce(server.address, {
          topic: 'warmup',
          recordSize: KILOBYTE,
          records,
          warmupRecords: 0,
        });
        const figures = [...(await javaRows(server, bench)), ...(await smallTransactions(server, bench))];
        const value = memory(server.pids()).peak / 1e6;
        return [
          ...figures,
          { group: 'transactions', row: 'Java and librdkafka', metric: 'peakMegabytes', value },
        ];
      }),
    ),
};
