// Profiles Moldau under a load and prints the functions that its time goes to.
//
//   node tools/run.mjs bench/profile.ts [--load produce|consume|latency|java] [--records N] [--size BYTES]
//                                       [--partitions N] [--top N] [--out DIR]
//
// The server runs on one core with V8's sampling profiler; the load is on the other, as in the bench. The .cpuprofile
// stays in .cache/profiles (or --out) for a viewer: Chrome's developer tools open it.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from './child.ts';
import { summarizeProfile, type CpuProfile, type SelfTime } from './cpu-profile.ts';
import { findKafka } from './kafka-home.ts';
import { JavaLoad } from './load-java.ts';
import { librdkafkaLoad, type LibrdkafkaLoad } from './load-librdkafka.ts';
import { checkDataDir } from './machine.ts';
import { number } from './report.ts';
import { withCpu, withDataDir, withServer } from './scenario.ts';
import { moldau } from './system-moldau.ts';
import type { Server } from './system.ts';

const LOADS = ['produce', 'consume', 'latency', 'java'] as const;
type LoadName = (typeof LOADS)[number];

const root = resolve(import.meta.dirname, '..');
const TOPIC = 'profile';

interface Load {
  readonly name: LoadName;
  readonly records: number;
  readonly size: number;
  readonly partitions: number;
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`--${flag} ${text}: a whole number above 0`);
  return value;
}

/** Runs the load; returns what it says about itself. A produce comes before a consume, and is in the profile too. */
async function drive(
  load: Load,
  server: Server,
  java: JavaLoad,
  librdkafka: LibrdkafkaLoad,
): Promise<string> {
  const { records, size, partitions } = load;
  const { address } = server;
  await java.createTopic(address, TOPIC, partitions);
  switch (load.name) {
    case 'produce':
      return `${number(await librdkafka.produce(address, TOPIC, size, records), 0)} records/s produced`;
    case 'consume': {
      await librdkafka.produce(address, TOPIC, size, records);
      return `${number(await librdkafka.consume(address, TOPIC, records), 0)} records/s consumed`;
    }
    case 'latency': {
      const pace = { perSecond: 1_000, recordSize: size, warmupSeconds: 5, seconds: 15 };
      const { endToEnd } = await librdkafka.latency(address, TOPIC, pace);
      return `end to end p50 ${endToEnd.p50} ms, p99 ${endToEnd.p99} ms, p99.9 ${endToEnd.p999} ms`;
    }
    case 'java': {
      const warmupRecords = Math.floor(records / 3);
      const result = await java.produce(address, { topic: TOPIC, recordSize: size, records, warmupRecords });
      return `${number(result.recordsPerSecond, 0)} records/s produced`;
    }
    default:
      return load.name satisfies never;
  }
}

function lines(functions: readonly SelfTime[], busy: number, top: number): string {
  return functions
    .slice(0, top)
    .map(({ name, where, seconds }) => {
      const share = `${number((100 * seconds) / busy, 1)}%`;
      return `${share.padStart(6)} ${number(seconds, 2).padStart(8)} s  ${name}${where === '' ? '' : `  ${where}`}`;
    })
    .join('\n');
}

/** The profile of the server: the largest, when threads of it have written profiles of their own. */
function largestProfile(dir: string): string {
  const files = readdirSync(dir)
    .filter((file) => file.endsWith('.cpuprofile'))
    .map((file) => ({ path: join(dir, file), text: readFileSync(join(dir, file), 'utf8') }));
  const largest = files.sort((a, b) => b.text.length - a.text.length)[0];
  if (largest === undefined) {
    throw new Error(
      'the server wrote no profile: it has to end by itself on SIGTERM, and was perhaps killed',
    );
  }
  return largest.path;
}

function parse() {
  const { values } = parseArgs({
    options: {
      load: { type: 'string', default: 'produce' },
      records: { type: 'string', default: '2000000' },
      size: { type: 'string', default: '1024' },
      partitions: { type: 'string', default: '1' },
      top: { type: 'string', default: '35' },
      out: { type: 'string' },
    },
  });
  const name = LOADS.find((known) => known === values.load);
  if (name === undefined) throw new RangeError(`--load ${values.load}: one of ${LOADS.join(', ')}`);
  const load: Load = {
    name,
    records: wholeNumber('records', values.records),
    size: wholeNumber('size', values.size),
    partitions: wholeNumber('partitions', values.partitions),
  };
  return { load, top: wholeNumber('top', values.top), out: values.out };
}

async function main(): Promise<void> {
  const { load, top, out } = parse();
  const cache = join(root, '.cache', 'bench');
  const dataDir = join(root, '.cache', 'bench-data', `profile-${process.pid}`);
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const profiles = resolve(out ?? join(root, '.cache', 'profiles'), `${stamp}-${load.name}`);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  process.on('exit', () => {
    killAll();
    rmSync(dataDir, { recursive: true, force: true });
  });
  for (const dir of [cache, dataDir, profiles]) mkdirSync(dir, { recursive: true });
  checkDataDir(dataDir);
  const java = new JavaLoad(await findKafka(root, dataDir));
  const librdkafka = await librdkafkaLoad(import.meta.dirname, cache);
  const system = moldau(root, ['--cpu-prof', `--cpu-prof-dir=${profiles}`]);
  const { result, cpu } = await withDataDir(dataDir, () =>
    withServer(system, dataDir, (server) => withCpu(server, () => drive(load, server, java, librdkafka))),
  );
  const file = largestProfile(profiles);
  const summary = summarizeProfile(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile, root);
  process.stdout.write(
    `${load.name}, ${number(load.records, 0)} records of ${load.size} B, ${load.partitions} partitions: ${result}\n` +
      `server CPU ${number(cpu, 1)} s in all threads; the main thread was busy for ${number(summary.busySeconds, 1)} s ` +
      `and idle for ${number(summary.idleSeconds, 1)} s. Self time, of the busy part:\n` +
      `${lines(summary.functions, summary.busySeconds, top)}\n${file}\n`,
  );
}

try {
  await main();
} catch (error) {
  process.stderr.write(`profile: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
