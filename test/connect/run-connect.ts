// Lines of a file through Kafka Connect into another file, with the broker and the worker killed under way.
//
//   source.txt --> FileStreamSource --> topic --> FileStreamSink --> sink.txt
//
// The source is exactly once (with exactly.once.source.support): the topic has every line once, in order. The sink, of Kafka, is at least
// once: after a worker's death it writes again what it had not committed, behind a last line that may be torn.
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { freePorts } from '../crash/free-ports.ts';
import type { JavaPrograms } from '../crash/java-programs.ts';
import type { ProgramProcess } from '../crash/program-process.ts';
import type { TestedBroker } from '../crash/tested-broker.ts';
import { TopicTool } from '../crash/topic-tool.ts';
import { cacheFolder } from '../interop/cache-folder.ts';
import { ConnectRest } from './connect-rest.ts';
import { startWorker } from './worker.ts';

/** How long anything may take before it is called stuck; the clients' own time-outs are up to a minute. */
const PATIENCE_MS = 150_000;
/** Lines in one transaction of the source. */
const BATCH = 50;
/**
 * A line without a number. FileStreamSource leaves lines in its buffer when a batch is full just before the end of the file, and looks
 * at them again when more input comes: this is the more.
 */
const NUDGE = 'more\n';

export interface ConnectOptions {
  readonly broker: TestedBroker;
  readonly programs: JavaPrograms;
  readonly lines: number;
  readonly kills: boolean;
  readonly exactlyOnce: boolean;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface ConnectResult {
  readonly violations: readonly string[];
  /** What was done, for a reader. */
  readonly figures: string;
}

export async function runConnect(options: ConnectOptions): Promise<ConnectResult> {
  const name = `connect-${process.pid}-${Date.now()}`;
  const folder = join(cacheFolder, name);
  mkdirSync(folder, { recursive: true });
  const run = new ConnectRun(options, name, folder, await freePorts(1));
  try {
    const result = await run.all();
    if (result.violations.length === 0) rmSync(folder, { recursive: true, force: true });
    return result;
  } finally {
    await run.end();
  }
}

class ConnectRun {
  readonly #options: ConnectOptions;
  readonly #name: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #rest: ConnectRest;
  readonly #random: SeededRandom;
  #worker: ProgramProcess | undefined;
  #written = 0;

  constructor(options: ConnectOptions, name: string, folder: string, port: number) {
    this.#options = options;
    this.#name = name;
    this.#folder = folder;
    this.#port = port;
    this.#rest = new ConnectRest(port);
    this.#random = new SeededRandom(options.seed);
  }

  async all(): Promise<ConnectResult> {
    const { broker, lines, say } = this.#options;
    const begun = performance.now();
    const tool = new TopicTool(this.#options.programs, broker.bootstrap);
    const topic = `${this.#name}-lines`;
    await tool.create(topic, 1);
    writeFileSync(this.#source, '');
    this.#startWorker();
    await this.#createConnectors(topic);
    const third = Math.floor(lines / 3);
    await this.#feed(third, async (seen) => {
      if (!this.#options.kills || broker.process === undefined) return;
      await broker.process.kill();
      await broker.process.start();
      say(`  the broker killed after ${seen} of ${lines} lines`);
    });
    await this.#feed(third, async (seen) => {
      if (!this.#options.kills) return;
      await this.#worker?.kill();
      this.#startWorker();
      say(`  the worker killed after ${seen} of ${lines} lines`);
    });
    await this.#feed(lines - this.#written, async () => {});
    // What has been stored in the compacted topics has outlived both.
    for (const connector of ['source', 'sink']) await this.#rest.awaitRunning(connector, PATIENCE_MS);
    await this.#checkSourceOffset();
    await this.#deleteConnectors();
    const how = await this.#worker?.stop();
    const inTopic = (await tool.read(topic, lines, PATIENCE_MS / 1000))
      .map(({ value }) => value)
      .filter((line) => line !== NUDGE.trim());
    const violations = this.#violations(inTopic);
    if (how !== 'ended with status 0') violations.push(`the worker ${how}: ${this.#worker?.log}`);
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const inSink = this.#linesOfSink().length;
    const figures = `${lines} lines in, ${inTopic.length} in the topic, ${inSink} in the sink, ${seconds} s`;
    return { violations, figures };
  }

  async end(): Promise<void> {
    await this.#worker?.kill();
  }

  get #source(): string {
    return join(this.#folder, 'source.txt');
  }

  get #sink(): string {
    return join(this.#folder, 'sink.txt');
  }

  #startWorker(): void {
    const { programs, broker, exactlyOnce } = this.#options;
    this.#worker = startWorker({
      programs,
      bootstrap: broker.bootstrap,
      group: this.#name,
      port: this.#port,
      folder: this.#folder,
      exactlyOnce,
      onFailure: (error) => this.#rest.fail(error),
    });
  }

  async #createConnectors(topic: string): Promise<void> {
    const kind = (what: string): string => `org.apache.kafka.connect.file.FileStream${what}Connector`;
    const source = {
      'connector.class': kind('Source'),
      'tasks.max': '1',
      file: this.#source,
      topic,
      'batch.size': String(BATCH),
      ...(this.#options.exactlyOnce ? { 'exactly.once.support': 'required' } : {}),
    };
    const sink = {
      'connector.class': kind('Sink'),
      'tasks.max': '1',
      file: this.#sink,
      topics: topic,
      'consumer.override.isolation.level': 'read_committed',
      'consumer.override.max.poll.records': String(BATCH),
    };
    for (const [connector, config] of [
      ['source', source],
      ['sink', sink],
    ] as const) {
      await this.#rest.insist('PUT', `/connectors/${connector}/config`, config, PATIENCE_MS);
      await this.#rest.awaitRunning(connector, PATIENCE_MS);
    }
    const names = await this.#rest.call('GET', '/connectors');
    if (JSON.stringify((names as string[]).sort()) !== '["sink","source"]')
      throw new Error(`connectors: ${JSON.stringify(names)}`);
  }

  /** Appends lines to the source, calls `disturb` at a random point of their way, and waits until all are in the sink. */
  async #feed(count: number, disturb: (seen: number) => Promise<void>): Promise<void> {
    const first = this.#written;
    const text = Array.from({ length: count }, (_, index) => `${lineOf(first + index)}\n`);
    this.#written += count;
    appendFileSync(this.#source, text.join(''));
    await disturb(await this.#awaitSink(first + 1 + this.#random.integer(Math.floor(count / 2))));
    await this.#awaitSink(this.#written);
  }

  async #awaitSink(count: number): Promise<number> {
    let before = -1;
    return await this.#rest.patiently(`${count} lines in the sink`, PATIENCE_MS, async () => {
      const seen = this.#linesInSink().size;
      if (seen >= count) return { value: seen };
      if (seen === before) appendFileSync(this.#source, NUDGE);
      before = seen;
      throw new Error(`${seen} are there; the worker said: ${this.#worker?.log.slice(-1000)}`);
    });
  }

  #linesInSink(): Set<number> {
    return new Set(this.#linesOfSink());
  }

  /** The numbers of all lines, those that are there again included. */
  #linesOfSink(): number[] {
    let text = '';
    try {
      text = readFileSync(this.#sink, 'utf8');
    } catch {
      // Not begun yet.
    }
    return [...text.matchAll(/<line (\d+)>/g)].map((match) => Number(match[1]));
  }

  /** The worker's own record of how far it has read the source, from its offsets topic: behind the last numbered line. */
  async #checkSourceOffset(): Promise<void> {
    const text = readFileSync(this.#source, 'utf8');
    const last = text.lastIndexOf('<line ');
    await this.#rest.patiently('the offset of the source', PATIENCE_MS, async () => {
      const answer = (await this.#rest.call('GET', '/connectors/source/offsets')) as {
        offsets: { offset: { position: number } }[];
      };
      const position = answer.offsets[0]?.offset.position ?? 0;
      if (position > last && position <= text.length) return { value: 0 };
      throw new Error(
        `${position}, where the last line begins at ${last} and the file ends at ${text.length}`,
      );
    });
  }

  async #deleteConnectors(): Promise<void> {
    for (const connector of ['source', 'sink'])
      await this.#rest.insist('DELETE', `/connectors/${connector}`, undefined, PATIENCE_MS);
    await this.#rest.patiently('no connectors', PATIENCE_MS, async () => {
      const names = (await this.#rest.call('GET', '/connectors')) as string[];
      if (names.length > 0) throw new Error(names.join(', '));
      return { value: 0 };
    });
  }

  #violations(inTopic: readonly string[]): string[] {
    const violations: string[] = [];
    const { lines, exactlyOnce } = this.#options;
    if (exactlyOnce) {
      inTopic.forEach((line, index) => {
        if (line !== lineOf(index)) violations.push(`the topic has "${line}" where line ${index} should be`);
      });
    }
    const there = new Set(inTopic);
    const inSink = this.#linesInSink();
    for (let line = 0; line < lines; line++) {
      if (!there.has(lineOf(line))) violations.push(`line ${line} is not in the topic`);
      if (!inSink.has(line)) violations.push(`line ${line} is not in the sink`);
    }
    return violations;
  }
}

function lineOf(number: number): string {
  return `<line ${number}> ${'-'.repeat((number * 31) % 60)}`;
}
