// Load from librdkafka, the C client, which on one core asks more of a server than the Java client can.
//
// Throughput comes from `rdkafka_performance`, librdkafka's own load generator. Latency comes from `paced-latency.c`
// and small transactions from `transaction-rate.c`, beside this file: the generator has a latency mode, but it spins between two records and so takes the core from
// the consumer that it measures.
//
// Both are built once into a scratch folder from the sources of librdkafka that an npm package carries. The package is
// only unpacked, never installed, and its checksum is compared with the one below.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { run } from './child.ts';
import { NotFound } from './kafka-home.ts';
import { LOAD_CORE } from './system.ts';

/** Carries librdkafka 2.12.0 with its examples. */
const PACKAGE = 'node-rdkafka@3.6.1';
const TARBALL = 'node-rdkafka-3.6.1.tgz';
const INTEGRITY =
  'sha512-sfpTbrT35429cs0RE8Yb9avGX9BiRRvpV7aweQsghKTjtrVZP3jBrKOPItWXAqHb8doyh3SkuGuUVBLgig1SRg==';
const SOURCES = 'package/deps/librdkafka';
/** Nothing here needs TLS, Kerberos or compression; without them the build needs a C compiler and make only. */
const CONFIGURE = [
  '--disable-ssl',
  '--disable-gssapi',
  '--disable-curl',
  '--disable-zlib',
  '--disable-zstd',
  '--disable-lz4-ext',
];
const BUILD_TIMEOUT_MS = 900_000;
const LOAD_TIMEOUT_MS = 300_000;
/** librdkafka's default; the generator's own is 1,000. */
const LINGER_MS = 5;

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface PacedLatency {
  /** From the moment a record was due until the consumer had it, in milliseconds. */
  readonly endToEnd: Latency;
  /** From the moment a record was due until the producer had its acknowledgement, in milliseconds. */
  readonly acknowledged: Latency;
  readonly records: number;
}

/** The summary line of `rdkafka_performance -q`, for a producer or a consumer. */
export function parsePerformance(output: string): number {
  const produced = /^% (\d+) messages produced .* (\d+) delivered .* in \d+ms: (\d+) msgs\/s/m.exec(output);
  if (produced !== null) {
    if (produced[1] !== produced[2]) throw new Error(`not every record was delivered:\n${output}`);
    return Number(produced[3]);
  }
  const consumed = /^% \d+ messages \(\d+ bytes\) consumed in \d+ms: (\d+) msgs\/s/m.exec(output);
  if (consumed === null) throw new Error(`rdkafka_performance printed no summary:\n${output}`);
  return Number(consumed[1]);
}

export interface TransactionRate {
  readonly perSecond: number;
  /** How long the commits took, in milliseconds. */
  readonly commit: Latency;
  readonly transactions: number;
}

/** The programs that were built. */
interface Programs {
  readonly performance: string;
  readonly latency: string;
  readonly transactions: string;
}

export class LibrdkafkaLoad {
  readonly #programs: Programs;

  constructor(programs: Programs) {
    this.#programs = programs;
  }

  /** Sends `records` to partition 0 and waits for every acknowledgement of acks=all; returns records per second. */
  async produce(address: string, topic: string, recordSize: number, records: number): Promise<number> {
    const what = ['-P', '-a', '-1', '-s', String(recordSize), '-X', `linger.ms=${LINGER_MS}`];
    return this.#perform(address, topic, records, what);
  }

  /** Reads `records` of partition 0 from its start; returns records per second. */
  async consume(address: string, topic: string, records: number): Promise<number> {
    return this.#perform(address, topic, records, ['-C', '-o', 'beginning']);
  }

  async #perform(address: string, topic: string, records: number, what: readonly string[]): Promise<number> {
    const where = ['-b', address, '-t', topic, '-p', '0', '-c', String(records), '-q'];
    const command = ['taskset', '-c', LOAD_CORE, this.#programs.performance, ...what, ...where];
    return parsePerformance(await run(command, { timeoutMs: LOAD_TIMEOUT_MS }));
  }

  /** Sends at a fixed pace while a consumer in the same program reads; the first `warmupSeconds` do not count. */
  async latency(
    address: string,
    topic: string,
    pace: {
      readonly perSecond: number;
      readonly recordSize: number;
      readonly warmupSeconds: number;
      readonly seconds: number;
      /** How many keys the records have in turn; 0: none. */
      readonly keys?: number;
    },
  ): Promise<PacedLatency> {
    const { perSecond, recordSize, warmupSeconds, seconds, keys = 0 } = pace;
    const numbers = [perSecond, recordSize, warmupSeconds, seconds, keys].map(String);
    const command = ['taskset', '-c', LOAD_CORE, this.#programs.latency, address, topic, ...numbers];
    return JSON.parse(await run(command, { timeoutMs: LOAD_TIMEOUT_MS })) as PacedLatency;
  }

  /** One transaction after the other over partitions 0 to 2; the first `warmupSeconds` do not count. */
  async transactions(
    address: string,
    topic: string,
    load: {
      readonly records: number;
      readonly recordSize: number;
      readonly warmupSeconds: number;
      readonly seconds: number;
    },
  ): Promise<TransactionRate> {
    const numbers = [load.records, load.recordSize, load.warmupSeconds, load.seconds].map(String);
    const command = ['taskset', '-c', LOAD_CORE, this.#programs.transactions, address, topic, ...numbers];
    return JSON.parse(await run(command, { timeoutMs: LOAD_TIMEOUT_MS })) as TransactionRate;
  }
}

/** Builds what is missing in `cache` and returns the load generators. */
export async function librdkafkaLoad(benchDir: string, cache: string): Promise<LibrdkafkaLoad> {
  const dir = join(cache, TARBALL.replace('.tgz', ''));
  const sources = join(dir, SOURCES);
  const performance = join(sources, 'examples', 'rdkafka_performance');
  if (!existsSync(join(dir, 'ok'))) await build(dir, sources);
  return new LibrdkafkaLoad({
    performance,
    latency: await program(benchDir, 'paced-latency', dir, sources),
    transactions: await program(benchDir, 'transaction-rate', dir, sources),
  });
}

/** Builds a program of this folder against librdkafka, once for each content of its source; returns where it is. */
async function program(benchDir: string, name: string, dir: string, sources: string): Promise<string> {
  const source = join(benchDir, `${name}.c`);
  const digest = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 16);
  const built = join(dir, `${name}-${digest}`);
  if (existsSync(built)) return built;
  const library = join(sources, 'src', 'librdkafka.a');
  const libraries = ['-lpthread', '-lm', '-ldl', '-lrt'];
  await run(['cc', '-O2', '-Wall', '-I', join(sources, 'src'), '-o', built, source, library, ...libraries], {
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  return built;
}

async function build(dir: string, sources: string): Promise<void> {
  process.stderr.write('bench: building the librdkafka load generator, once (2 minutes) ...\n');
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const options = { cwd: dir, timeoutMs: BUILD_TIMEOUT_MS };
  await run(['npm', 'pack', '--silent', PACKAGE], options);
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(join(dir, TARBALL)))
    .digest('base64')}`;
  if (integrity !== INTEGRITY)
    throw new NotFound(`${PACKAGE} has the checksum ${integrity}, not ${INTEGRITY}`);
  await run(['tar', 'xzf', TARBALL, SOURCES], options);
  const inSources = { cwd: sources, timeoutMs: BUILD_TIMEOUT_MS };
  await run(['./configure', ...CONFIGURE], inSources);
  await run(['make', '-j2', '-C', 'src', 'librdkafka.a'], inSources);
  await run(['make', '-C', 'examples', 'rdkafka_performance'], inSources);
  await writeFile(join(dir, 'ok'), '');
}
