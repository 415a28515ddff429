// Folders change hands, both ways:
//
//   Kafka -> Moldau    a real Kafka is filled (every codec, several segments, transactions, a compacted and a trimmed topic, commits of groups) and killed;
//                      its folder is adopted, and a client must see in Moldau exactly what it saw in Kafka. Then Kafka recovers, stops in order, and the
//                      folder is adopted again, this time by links; producers go on writing there
//   Moldau -> Kafka    Moldau is filled the same way; Kafka's own DumpLogSegments reads every file that both know, of this folder and of the adopted one,
//                      and must find the records that were produced and nothing to complain about
//
// Alone: node test/interop/adopt/run-adopt.ts
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { cacheFolder, installOnce, root } from '../cache-folder.ts';
import { ToolRunner } from '../java/tool-runner.ts';
import { installKafka } from '../java/tools.ts';
import { needCommand } from '../missing-tool.ts';
import { startMoldau } from '../moldau-process.ts';
import { runCommand } from '../run-command.ts';
import { dumpWithKafka } from './dump-log-segments.ts';
import { KafkaProcess, type KafkaInstallation } from './kafka-process.ts';

export interface AdoptSuiteResult {
  /** Lines that a client saw of the adopted folders, and files that Kafka's tool read. */
  readonly lines: number;
  readonly files: number;
  readonly failures: string[];
}

/** Throws a MissingTool where there is no JDK or Maven. */
export async function runAdoptSuite(): Promise<AdoptSuiteResult> {
  const kafka = await installTool(await installKafka());
  const folder = mkdtempSync(join(tmpdir(), 'moldau-adopt-'));
  const suite = new AdoptSuite(kafka, folder);
  try {
    const ends = await Promise.allSettled([suite.fromKafka(), suite.ownFiles()]);
    for (const end of ends) if (end.status === 'rejected') suite.failures.push(String(end.reason));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return suite;
}

async function installTool(kafka: KafkaInstallation): Promise<KafkaInstallation> {
  const source = join(import.meta.dirname, 'AdoptTool.java');
  const classes = join(cacheFolder, 'adopt');
  const javac = needCommand(['javac'], 'compile AdoptTool.java');
  await installOnce('adopt', classes, [source], async () => {
    mkdirSync(classes, { recursive: true });
    await runCommand(javac, ['-encoding', 'UTF-8', '-d', classes, '-cp', kafka.classPath, source]);
  });
  return { ...kafka, classPath: [classes, kafka.classPath].join(delimiter) };
}

class AdoptSuite implements AdoptSuiteResult {
  readonly failures: string[] = [];
  lines = 0;
  files = 0;
  readonly #kafka: KafkaInstallation;
  readonly #folder: string;

  constructor(kafka: KafkaInstallation, folder: string) {
    this.#kafka = kafka;
    this.#folder = folder;
  }

  fromKafka(): Promise<void> {
    return this.#withTools((tools) => this.#fromKafka(tools));
  }

  ownFiles(): Promise<void> {
    return this.#withTools((tools) => this.#ownFiles(tools));
  }

  async #fromKafka(tools: ToolRunner): Promise<void> {
    const source = join(this.#folder, 'kafka');
    const seen = await this.#withKafka(source, 'SIGKILL', async (bootstrap) => {
      await this.#tool(tools, 'fill', bootstrap);
      const lines = await this.#tool(tools, 'read', bootstrap);
      await this.#refusedWhileRunning(source);
      return lines;
    });
    const killed = join(this.#folder, 'killed');
    await this.#adopt(source, killed, []);
    await this.#compare(tools, 'adopted after a SIGKILL', killed, seen);

    // It recovers, and stops in order.
    await this.#withKafka(source, 'SIGTERM', () => Promise.resolve());
    const linked = join(this.#folder, 'linked');
    await this.#adopt(source, linked, ['--link']);
    await this.#compare(tools, 'adopted by links after an orderly stop', linked, seen, async (bootstrap) => {
      await this.#tool(tools, 'more', bootstrap);
      const after = new Set(await this.#tool(tools, 'read', bootstrap));
      const lost = seen.filter((line) => line.startsWith('record ') && !after.has(line));
      if (lost.length > 0) this.failures.push(`lost after more was written: ${lost.slice(0, 3).join('; ')}`);
    });
    await this.#dump(tools, 'the adopted folder, written on', linked, seen);
  }

  async #ownFiles(tools: ToolRunner): Promise<void> {
    const data = join(this.#folder, 'own');
    const moldau = await startMoldau(['--data', data]);
    let seen: string[];
    try {
      await this.#tool(tools, 'fill', moldau.bootstrap);
      seen = await this.#tool(tools, 'read', moldau.bootstrap);
    } finally {
      await moldau.stop();
    }
    await this.#dump(tools, 'a folder of Moldau', data, seen);
  }

  /** Runs Kafka over `folder` while `work` goes on, and ends it like that; a failure of `work` leaves none behind. */
  async #withKafka<T>(
    folder: string,
    signal: 'SIGTERM' | 'SIGKILL',
    work: (bootstrap: string) => Promise<T>,
  ): Promise<T> {
    const node = await KafkaProcess.start(this.#kafka, folder);
    try {
      const result = await work(node.bootstrap);
      await node.end(signal);
      return result;
    } catch (error) {
      await node.end('SIGKILL');
      throw error;
    }
  }

  async #refusedWhileRunning(source: string): Promise<void> {
    const refused = await this.#adopt(source, join(this.#folder, 'none'), []).then(
      () => 'it was adopted',
      (error: unknown) => String(error),
    );
    if (!/Kafka runs/.test(refused)) this.failures.push(`while Kafka runs, moldau adopt says: ${refused}`);
  }

  async #adopt(source: string, data: string, flags: readonly string[]): Promise<void> {
    const command = [join(root, 'tools', 'run.mjs'), 'packages/cli/src/main.ts', 'adopt'];
    const places = ['--from', KafkaProcess.logDir(source), '--data', data];
    await runCommand(process.execPath, [...command, ...places, ...flags], { cwd: root });
  }

  /** A client must see in the adopted folder what it saw in Kafka. */
  async #compare(
    tools: ToolRunner,
    what: string,
    data: string,
    expected: readonly string[],
    then: (bootstrap: string) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const moldau = await startMoldau(['--data', data]);
    try {
      const found = await this.#tool(tools, 'read', moldau.bootstrap);
      this.lines += found.length;
      for (let i = 0; i < Math.max(found.length, expected.length); i++) {
        if (found[i] === expected[i]) continue;
        this.failures.push(`${what}: line ${i + 1}\n  Kafka  ${expected[i]}\n  Moldau ${found[i]}`);
        break;
      }
      await then(moldau.bootstrap);
    } finally {
      const how = await moldau.stop();
      if (how !== 'ended with status 0') this.failures.push(`${what}: moldau ${how}: ${moldau.log()}`);
    }
  }

  /** Kafka's tool must find in the files what a client saw, and nothing wrong. */
  async #dump(tools: ToolRunner, what: string, data: string, seen: readonly string[]): Promise<void> {
    const view = await dumpWithKafka(tools, join(data, 'logs'));
    this.files += view.files;
    if (view.complaints.length > 0)
      this.failures.push(`DumpLogSegments, ${what}: ${view.complaints.slice(0, 5).join('; ')}`);
    const missing = seen
      .map((line) => /^record read_uncommitted (\S+) (\d+) \S+ (-?\d+) \S+ (\S+) /.exec(line))
      .filter((match) => match !== null)
      .map(([, partition, offset, timestamp, key]) => `${partition} ${offset} ${timestamp} ${key}`)
      .filter((record) => !view.records.has(record));
    if (missing.length > 0) {
      this.failures.push(
        `DumpLogSegments, ${what}: ${missing.length} records are missing: ${missing.slice(0, 3).join('; ')}`,
      );
    }
  }

  async #tool(tools: ToolRunner, command: 'fill' | 'read' | 'more', bootstrap: string): Promise<string[]> {
    const output = await tools.run('AdoptTool', [command, bootstrap], '');
    const lines = output.trimEnd().split('\n');
    if (lines.pop() !== 'DONE')
      throw new Error(`AdoptTool ${command} did not come to its end: ${output.slice(-500)}`);
    return lines;
  }

  /** A JVM that runs the tools of one branch, one after the other. */
  async #withTools(work: (tools: ToolRunner) => Promise<void>): Promise<void> {
    const jvm = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m'];
    const quiet = '-Dorg.slf4j.simpleLogger.defaultLogLevel=off';
    const tools = new ToolRunner(this.#kafka.java, [quiet, ...jvm, '-cp', this.#kafka.classPath]);
    try {
      await work(tools);
    } finally {
      await tools.close();
    }
  }
}

if (import.meta.main) {
  const { lines, files, failures } = await runAdoptSuite();
  for (const failure of failures) process.stdout.write(`FAIL ${failure}\n`);
  process.stdout.write(
    `${lines} lines of adopted folders, ${files} files read by Kafka's tool: ${failures.length} failures\n`,
  );
  process.exitCode = failures.length === 0 ? 0 : 1;
}
