// Load from Kafka's own tools, with their defaults: ProducerPerformance and ConsumerPerformance of the Java client.
//
// The JVM gets the options that Kafka's own shell scripts give it and is pinned to the load's core. A Java client needs
// seconds to warm up on one core, so the producer's first records are left out by the tool itself (--warmup-records),
// and the consumer's rate is the tool's own fetch rate, without the time to join the group.
import { join } from 'node:path';
import { run } from './child.ts';
import type { KafkaHome } from './kafka-home.ts';
import { LOAD_CORE } from './system.ts';

const JVM_OPTIONS = [
  '-Xmx512M',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
];
const ADMIN_TIMEOUT_MS = 90_000;
const LOAD_TIMEOUT_MS = 300_000;

export interface ProduceRun {
  readonly topic: string;
  readonly recordSize: number;
  /** All records that are sent, the warm-up among them. */
  readonly records: number;
  readonly warmupRecords: number;
  /** Settings of the producer besides its defaults, as `name=value`. */
  readonly settings?: readonly string[];
  /** A transaction is committed, and the next begun, whenever this many milliseconds are over; undefined: no transactions. */
  readonly transactionMs?: number;
}

export interface ProduceResult {
  readonly recordsPerSecond: number;
  /** Milliseconds from send to acknowledgement, queueing in the client included. */
  readonly averageAckMs: number;
}

/**
 * What the tool prints last: of the whole run, or of its part after the warm-up. The tool ends well even when records
 * were not acknowledged in time; it only leaves them out of its count.
 */
export function parseProducer(output: string, records: number, warm: boolean): ProduceResult {
  const whole = summaryLine(output, 'records');
  if (whole.count !== records) {
    throw new Error(`only ${whole.count} of ${records} records were acknowledged:\n${output.slice(-2_000)}`);
  }
  return warm ? summaryLine(output, 'steady state records') : whole;
}

function summaryLine(output: string, kind: string): ProduceResult & { readonly count: number } {
  const pattern = new RegExp(
    String.raw`^(\d+) ${kind} sent, ([\d.]+) records/sec \([\d.]+ MB/sec\), ([\d.]+) ms avg latency.* 99\.9th\.$`,
    'gm',
  );
  const match = [...output.matchAll(pattern)].at(-1);
  if (match === null || match === undefined)
    throw new Error(`ProducerPerformance printed no summary:\n${output}`);
  return { count: Number(match[1]), recordsPerSecond: Number(match[2]), averageAckMs: Number(match[3]) };
}

/** The last column of the tool's one line of figures, fetch.nMsg.sec, and the records it read. */
export function parseConsumer(output: string): {
  readonly recordsPerSecond: number;
  readonly records: number;
} {
  const line = output.split('\n').findLast((text) => /^\d{4}-\d\d-\d\d /.test(text));
  const columns = line?.split(', ') ?? [];
  if (columns.length !== 10) throw new Error(`ConsumerPerformance printed no figures:\n${output}`);
  return { records: Number(columns[4]), recordsPerSecond: Number(columns[9]) };
}

export class JavaLoad {
  readonly #home: KafkaHome;

  constructor(home: KafkaHome) {
    this.#home = home;
  }

  #java(tool: string, args: readonly string[], timeoutMs: number): Promise<string> {
    const { dist } = this.#home;
    const log = `-Dlog4j2.configurationFile=${join(dist, 'log4j2.properties')}`;
    const classPath = join(dist, 'lib', '*');
    const main = `org.apache.kafka.tools.${tool}`;
    const command = [
      'taskset',
      '-c',
      LOAD_CORE,
      'java',
      ...JVM_OPTIONS,
      log,
      '-cp',
      classPath,
      main,
      ...args,
    ];
    return run(command, { timeoutMs });
  }

  /** `configs`: settings of the topic as `name=value`. */
  async createTopic(
    address: string,
    topic: string,
    partitions: number,
    configs: readonly string[] = [],
  ): Promise<void> {
    const what = ['--create', '--topic', topic, '--partitions', String(partitions)];
    what.push(...configs.flatMap((config) => ['--config', config]));
    await this.#java('TopicCommand', ['--bootstrap-server', address, ...what], ADMIN_TIMEOUT_MS);
  }

  async produce(
    address: string,
    { topic, recordSize, records, warmupRecords, settings = [], transactionMs }: ProduceRun,
  ): Promise<ProduceResult> {
    const args = ['--bootstrap-server', address, '--topic', topic, '--throughput', '-1'];
    args.push('--num-records', String(records), '--record-size', String(recordSize));
    if (warmupRecords > 0) args.push('--warmup-records', String(warmupRecords));
    if (settings.length > 0) args.push('--command-property', ...settings);
    if (transactionMs !== undefined) args.push('--transaction-duration-ms', String(transactionMs));
    return parseProducer(
      await this.#java('ProducerPerformance', args, LOAD_TIMEOUT_MS),
      records,
      warmupRecords > 0,
    );
  }

  /** Reads `records` of the topic from its start in a new group; returns records per second. */
  async consume(address: string, topic: string, records: number): Promise<number> {
    const args = ['--bootstrap-server', address, '--topic', topic, '--num-records', String(records)];
    const result = parseConsumer(await this.#java('ConsumerPerformance', args, LOAD_TIMEOUT_MS));
    if (result.records < records) {
      throw new Error(`ConsumerPerformance read ${result.records} of the ${records} records of ${topic}`);
    }
    return result.recordsPerSecond;
  }
}
