// One run of a Streams program over its input: without faults, or with the broker killed under way, and the program too.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import type { JavaPrograms } from '../crash/java-programs.ts';
import { killUnderWay, Progress } from '../crash/kills-under-way.ts';
import { ProgramProcess } from '../crash/program-process.ts';
import type { TestedBroker } from '../crash/tested-broker.ts';
import { TopicTool } from '../crash/topic-tool.ts';
import { cacheFolder } from '../interop/cache-folder.ts';
import { until } from '../interop/deadline.ts';
import type { StreamsCase } from './streams-case.ts';

/** How long anything may take before it is called stuck; the clients' own time-outs are up to a minute. */
const PATIENCE_S = 150;

export interface RunOptions {
  readonly case: StreamsCase;
  readonly partitions: number;
  readonly broker: TestedBroker;
  readonly programs: JavaPrograms;
  readonly kills: number;
  /** Whether the program is killed too, once, before the broker is. */
  readonly killProgram: boolean;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface RunResult {
  readonly violations: readonly string[];
  /** What was done, for a reader. */
  readonly figures: string;
}

function untilTenth(progress: Progress, total: number): Promise<void> {
  return until(
    [progress],
    'the first tenth',
    () => progress.done > total / 10,
    () => `${progress.done} of ${total}`,
    PATIENCE_S * 1000,
  );
}

/** The input topics with their records, and the empty output topic. */
async function makeTopics(tool: TopicTool, name: string, options: RunOptions): Promise<void> {
  const { inputs, output } = options.case;
  for (const { topic, records } of inputs) {
    await tool.create(`${name}-${topic}`, options.partitions);
    await tool.write(`${name}-${topic}`, records);
  }
  await tool.create(`${name}-${output}`, options.partitions);
}

export async function runStreams(options: RunOptions): Promise<RunResult> {
  const { case: streamsCase, broker, programs, say } = options;
  const begun = performance.now();
  const name = `streams-${streamsCase.program}-${process.pid}-${Date.now()}`;
  const tool = new TopicTool(programs, broker.bootstrap);
  await makeTopics(tool, name, options);
  const folder = join(cacheFolder, `state-${name}`);
  mkdirSync(folder, { recursive: true });
  const total = streamsCase.inputs.reduce((sum, { records }) => sum + records.length, 0);
  const progress = new Progress(total);
  let stores = '';
  const start = (): ProgramProcess =>
    new ProgramProcess({
      name: streamsCase.program,
      command: programs.command(
        'StreamsProgram',
        [streamsCase.program, broker.bootstrap, name, folder],
        'warn',
      ),
      onLine(line) {
        progress.add(Number(/^DONE (\d+)$/.exec(line)?.[1] ?? 0));
        if (line === 'rocksdb' || line === 'in-memory') stores = line;
      },
      onFailure: (error) => progress.fail(error),
      logFile: `${folder}.log`,
    });
  let program = start();
  try {
    if (options.killProgram) {
      await untilTenth(progress, total);
      await program.kill();
      say(`  ${streamsCase.program} killed at ${progress.done} of ${total}`);
      program = start();
    }
    let slowestMs = 0;
    if (broker.process !== undefined && options.kills > 0) {
      slowestMs = await killUnderWay({
        broker: broker.process,
        kills: options.kills,
        progress,
        random: new SeededRandom(options.seed),
        say,
        patienceMs: PATIENCE_S * 1000,
      });
    }
    const output = `${name}-${streamsCase.output}`;
    await tool.read(output, streamsCase.outputCount, PATIENCE_S);
    const how = await program.stop();
    // Again: what came after all that was due would be a duplicate.
    const records = await tool.read(output, streamsCase.outputCount, PATIENCE_S);
    const violations = streamsCase.violationsOf(records);
    if (how !== 'ended with status 0') violations.push(`the program ${how}: ${program.log}`);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const kills = broker.process === undefined ? 0 : options.kills;
    const figures =
      `${kills} kills, ${total} records in, ${records.length} out of ${streamsCase.outputCount}, ` +
      `${program.lastLine}, ${stores} stores, slowest start ${slowestMs.toFixed(0)} ms, ${seconds} s`;
    if (violations.length === 0) rmSync(`${folder}.log`, { force: true });
    return { violations, figures };
  } finally {
    await program.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
