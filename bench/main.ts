// `npm run bench`: Moldau beside Apache Kafka on this machine, in the same run. See README.md in this folder.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { drawChart } from './chart.ts';
import { CommandFailed, killAll, run } from './child.ts';
import { findKafka, NotFound, type KafkaHome } from './kafka-home.ts';
import { JavaLoad } from './load-java.ts';
import { librdkafkaLoad, type LibrdkafkaLoad } from './load-librdkafka.ts';
import { checkDataDir, machine, UnsuitableDisk } from './machine.ts';
import { METRICS, summarize, type Failure, type Figure, type Sample } from './measurement.ts';
import { coresInUse, NOISY_CORES } from './other-work.ts';
import { parseOptions, USAGE, UsageError, type Options } from './options.ts';
import { comparison, markdown, number, type RunResult } from './report.ts';
import { compactedScenario } from './scenario-compacted.ts';
import { durableScenario } from './scenario-durable.ts';
import { javaScenarios, partitionsScenario } from './scenario-java.ts';
import { latencyScenario } from './scenario-latency.ts';
import { startScenario } from './scenario-start.ts';
import { transactionsScenario } from './scenario-transactions.ts';
import type { Bench, Scenario } from './scenario.ts';
import { kafka, kafkaFsync } from './system-kafka.ts';
import { moldau, moldauThroughNpm } from './system-moldau.ts';
import type { System } from './system.ts';

const root = resolve(import.meta.dirname, '..');
const SCENARIOS: readonly Scenario[] = [
  startScenario,
  durableScenario,
  latencyScenario,
  ...javaScenarios,
  partitionsScenario,
  transactionsScenario,
  compactedScenario,
];
const NEED_LIBRDKAFKA = ['durable', 'latency', 'transactions', 'compacted'] as const;
/** Failures whose message says all there is to say. */
const EXPECTED = [NotFound, CommandFailed, UnsuitableDisk];
const PROBE_TIMEOUT_MS = 10_000;

function say(text: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`);
}

/** Everything that is started from the shell, so that a missing program is named before anything runs. */
async function checkPrograms(): Promise<void> {
  const needed: readonly (readonly string[])[] = [
    ['taskset', '-c', '0,1', 'true'],
    ['java', '-version'],
    ['bash', '--version'],
  ];
  for (const command of needed) {
    await run(command, { timeoutMs: PROBE_TIMEOUT_MS }).catch((cause: Error) => {
      throw new NotFound(
        `the bench needs Linux with two cores, taskset, bash and Java 17; "${command.join(' ')}" failed: ${cause.message}`,
        { cause },
      );
    });
  }
}

function systems(options: Options, home: KafkaHome): System[] {
  const known: readonly System[] = [moldau(root), kafka(home), kafkaFsync(home)];
  return known.filter(({ name }) => options.systems.includes(name));
}

/** librdkafka needs a C compiler; where there is none, what does not need librdkafka is still measured. */
async function librdkafka(wanted: boolean, cache: string): Promise<() => LibrdkafkaLoad> {
  if (!wanted)
    return () => {
      throw new Error('librdkafka was not asked for');
    };
  try {
    const load = await librdkafkaLoad(import.meta.dirname, cache);
    return () => load;
  } catch (cause) {
    const reason = `no librdkafka load generator: ${(cause as Error).message}`;
    say(reason);
    return () => {
      throw new Error(reason, { cause });
    };
  }
}

function headline(figures: readonly Figure[]): string {
  const shown = figures.filter(({ metric }) => metric !== 'megabytesPerSecond' && metric !== 'busyCores');
  return shown
    .map(({ row, metric, value }) => {
      const { title, unit, digits } = METRICS[metric];
      return `    ${row}: ${title} ${number(value, digits)} ${unit}`;
    })
    .join('\n');
}

async function measure(
  options: Options,
  list: readonly System[],
  bench: Bench,
): Promise<Pick<RunResult, 'samples' | 'failures' | 'otherWork'>> {
  const otherWork: number[] = [];
  const samples: Sample[] = [];
  const failures: Failure[] = [];
  const wanted = SCENARIOS.filter(({ groups }) => groups.some((group) => bench.wants(group)));
  for (let round = 1; round <= options.rounds; round++) {
    for (const scenario of wanted) {
      for (const system of list) {
        const cores = await coresInUse();
        otherWork.push(cores);
        const noise = cores > NOISY_CORES ? ` (NOISY: other programs use ${number(cores, 1)} cores)` : '';
        say(`round ${round}/${options.rounds}, ${scenario.name}: ${system.name}${noise}`);
        try {
          const figures = (await scenario.run(system, bench)).filter(({ group }) => bench.wants(group));
          samples.push(...figures.map((figure) => ({ ...figure, system: system.name, round })));
          process.stderr.write(`${headline(figures)}\n`);
        } catch (error) {
          const reason = (error as Error).message;
          // Only the first line is kept in the results: the rest may name places on this machine.
          const [summary = ''] = reason.split('\n', 1);
          failures.push({ scenario: scenario.name, system: system.name, round, reason: summary });
          say(`FAILED: ${reason}`);
        }
      }
    }
  }
  return { samples, failures, otherWork };
}

/** Writes the three files of a run and returns where the table is. */
function write(result: RunResult, out: string, note: string): string {
  mkdirSync(out, { recursive: true });
  const base = `${result.date}-${result.name}`;
  const { subject, bases } = comparison(result);
  const titleOf = (wanted: string) => result.systems.find(({ name }) => name === wanted)?.title ?? wanted;
  const svg = drawChart({
    title: `How many times better: ${titleOf(subject)}`,
    subtitle: `${result.date}, server on one core, load on another, medians of ${result.rounds}`,
    rows: summarize(result.samples),
    subject,
    bases: bases.map(({ name, title }) => ({ name, title: `than ${title}` })),
  });
  if (svg !== undefined) writeFileSync(join(out, `${base}.svg`), svg);
  writeFileSync(join(out, `${base}.json`), `${JSON.stringify(result, null, 1)}\n`);
  const table = join(out, `${base}.md`);
  writeFileSync(table, markdown(result, note, svg === undefined ? undefined : `${base}.svg`));
  return table;
}

async function bench(options: Options, cache: string, dataDir: string): Promise<RunResult> {
  await checkPrograms();
  const home = await findKafka(root, dataDir);
  const groups = new Set(options.groups);
  const context: Bench = {
    java: new JavaLoad(home),
    librdkafka: await librdkafka(
      NEED_LIBRDKAFKA.some((group) => groups.has(group)),
      cache,
    ),
    dataDir,
    throughNpm: moldauThroughNpm(root),
    scale: options.scale,
    wants: (group) => groups.has(group),
  };
  const list = systems(options, home);
  return {
    date: new Date().toISOString().slice(0, 10),
    name: options.name,
    rounds: options.rounds,
    scale: options.scale,
    machine: machine(dataDir),
    systems: list.map(({ name, title }) => ({ name, title })),
    ...(await measure(options, list, context)),
  };
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const note = options.note === undefined ? '' : readFileSync(options.note, 'utf8');
  const out = resolve(options.out ?? join(import.meta.dirname, 'results'));
  if (options.render !== undefined) {
    const earlier = JSON.parse(readFileSync(options.render, 'utf8')) as RunResult;
    process.stdout.write(`${write(earlier, out, note)}\n`);
    return 0;
  }
  const cache = join(root, '.cache', 'bench');
  const dataDir = resolve(options.data ?? join(root, '.cache', 'bench-data'), String(process.pid));
  const clean = () => {
    killAll();
    rmSync(dataDir, { recursive: true, force: true });
  };
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => {
      process.stderr.write('\nbench: stopped; servers and loads are being ended, nothing is written\n');
      process.exit(code);
    });
  }
  process.on('exit', clean);
  mkdirSync(dataDir, { recursive: true });
  mkdirSync(cache, { recursive: true });
  checkDataDir(dataDir);
  const result = await bench(options, cache, dataDir);
  if (result.samples.length === 0) {
    say('nothing was measured; no files written');
    return 1;
  }
  const file = write(result, out, note);
  process.stdout.write(`${readFileSync(file, 'utf8')}\n${file}\n`);
  return result.failures.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`bench: ${error.message}\n\n${USAGE}\n`);
  else if (EXPECTED.some((kind) => error instanceof kind)) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
  } else throw error;
  process.exitCode = 2;
}
