// Exactly-once copy: two transactional copiers of one group, which are other people's clients, move a topic into another one while the
// broker is killed under them and they abort at random. Who reads committed records must find each exactly once, in the order of its
// partition.
//
//   in (6 partitions) --> copier, the official Java client (transactions version 2) --> out, same partition
//                     \-> copier, librdkafka (transactions version 1) -----------------/
import { join } from 'node:path';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { installConfluentKafka } from '../interop/clients/confluent-kafka-python.ts';
import { JavaPrograms } from './java-programs.ts';
import { killUnderWay, Progress } from './kills-under-way.ts';
import { ProgramProcess } from './program-process.ts';
import { startTestedBroker, type BrokerChoice, type TestedBroker } from './tested-broker.ts';
import { TopicTool, type ReadRecord, type TopicRecord } from './topic-tool.ts';

const PARTITIONS = 6;
const KINDS = ['java', 'librdkafka'] as const;
export type CopierKind = (typeof KINDS)[number];

/** How long anything may take before it is called stuck; the clients' own time-outs are up to a minute. */
const PATIENCE_S = 150;

export interface CopyOptions {
  readonly records: number;
  readonly kills: number;
  readonly copiers: readonly CopierKind[];
  readonly seed: number;
  readonly broker: BrokerChoice;
  readonly say: (line: string) => void;
}

export interface CopyResult {
  readonly violations: readonly string[];
  /** What was done, for a reader. */
  readonly figures: string;
}

export function copierKinds(text: string): CopierKind[] {
  return text.split(',').map((name) => {
    const kind = KINDS.find((one) => one === name);
    if (kind === undefined) throw new Error(`copier ${name}: known are ${KINDS.join(' and ')}`);
    return kind;
  });
}

/** Throws a MissingTool where there is no Java or Python. */
export async function runExactlyOnceCopy(options: CopyOptions): Promise<CopyResult> {
  const programs = await JavaPrograms.install('java-client');
  const python = options.copiers.includes('librdkafka') ? await installConfluentKafka() : '';
  const broker = await startTestedBroker(options.broker);
  try {
    return await copy(options, broker, programs, python);
  } finally {
    await broker.end();
  }
}

async function copy(
  options: CopyOptions,
  broker: TestedBroker,
  programs: JavaPrograms,
  python: string,
): Promise<CopyResult> {
  const { say, records, seed } = options;
  const begun = performance.now();
  const tool = new TopicTool(programs, broker.bootstrap);
  const name = `copy-${process.pid}-${Date.now()}`;
  const [from, to, group] = [`${name}-in`, `${name}-out`, name];
  for (const topic of [from, to]) await tool.create(topic, PARTITIONS);
  await tool.write(from, inputRecords(records));

  const progress = new Progress(records);
  const copiers = options.copiers.map((kind, index) => {
    const args = [broker.bootstrap, group, from, to, String(seed + index)];
    const command =
      kind === 'java'
        ? programs.command('Copier', args)
        : [python, join(import.meta.dirname, 'python', 'copier.py'), ...args];
    return new ProgramProcess({
      name: `copier ${index + 1} (${kind})`,
      command,
      onLine: (line) => progress.add(Number(/^COPIED (\d+)$/.exec(line)?.[1] ?? 0)),
      onFailure: (error) => progress.fail(error),
    });
  });
  let slowestMs = 0;
  try {
    if (broker.process !== undefined) {
      slowestMs = await killUnderWay({
        broker: broker.process,
        kills: options.kills,
        progress,
        random: new SeededRandom(seed),
        say,
        patienceMs: PATIENCE_S * 1000,
      });
    }
    await tool.awaitGroup(group, from, PATIENCE_S);
    for (const copier of copiers) {
      const how = await copier.stop();
      say(`  ${copier.name} ${how}: ${copier.lastLine}${failuresOf(copier)}`);
    }
  } catch (error) {
    for (const copier of copiers) say(`  ${copier.name}: ${copier.log.slice(-1500)}`);
    throw error;
  } finally {
    await Promise.all(copiers.map((copier) => copier.kill()));
  }
  const out = await tool.read(to, records, PATIENCE_S);
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  const kills = broker.process === undefined ? 0 : options.kills;
  return {
    violations: violationsOf(out, records),
    figures: `${kills} kills, ${records} records in, ${out.length} out (${shares(out)}), slowest start ${slowestMs.toFixed(0)} ms, ${seconds} s`,
  };
}

function inputRecords(count: number): TopicRecord[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const key = String(Math.floor(index / PARTITIONS));
    return { partition: index % PARTITIONS, timestamp: now, key, value: 'x'.repeat((index * 37) % 100) };
  });
}

/** Every partition must have its records from 0 on, one after the other. */
function violationsOf(out: readonly ReadRecord[], count: number): string[] {
  const next = Array.from({ length: PARTITIONS }, () => 0);
  const violations: string[] = [];
  for (const { partition, offset, key, value } of out) {
    const expected = next[partition] ?? 0;
    if (Number(key) !== expected) {
      violations.push(
        `partition ${partition}, offset ${offset}: record ${key} ("${value.slice(-20)}") where ${expected} should be`,
      );
    }
    next[partition] = Number(key) + 1;
  }
  next.forEach((end, partition) => {
    const expected = Math.ceil((count - partition) / PARTITIONS);
    if (end !== expected) violations.push(`partition ${partition} ends at record ${end} of ${expected}`);
  });
  return violations;
}

function shares(out: readonly ReadRecord[]): string {
  const shareOf = (kind: CopierKind): string => {
    const count = out.filter(({ value }) => value.split(' ')[1] === kind).length;
    return `${kind} ${count}`;
  };
  return KINDS.map(shareOf).join(', ');
}

/** What its transactions failed by, in its words, each once. */
function failuresOf(copier: ProgramProcess): string {
  const said = [...copier.log.matchAll(/transaction failed: (.{1,100})/g)].map((match) => match[1]);
  return [...new Set(said)].map((words) => `; ${words}`).join('');
}
