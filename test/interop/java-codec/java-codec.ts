/**
 * Proof of the codecs against Kafka's own: for every message and version, random messages made and encoded by Java decode
 * here and encode to the same bytes again, and random messages made here likewise there.
 *
 *   here                              JavaCodec.java, one process
 *   "make one of version 7"  ------>  bytes by Kafka's codec  ------>  decode, encode: the same bytes?
 *   our bytes                ------>  decode, encode          ------>  the same bytes?
 *
 * Alone: node test/interop/java-codec/java-codec.ts [--seed N]
 */

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { generatedCodecs, type CodecUnderTest } from '../../../packages/protocol/gen/generated-codecs.ts';
import { randomBelow, randomMessage } from '../../../packages/protocol/gen/random-message.ts';
import { Reader, Writer } from '../../../packages/protocol/src/index.ts';
import { cacheFolder, installOnce } from '../cache-folder.ts';
import { needCommand } from '../missing-tool.ts';
import { runCommand } from '../run-command.ts';

export interface JavaCodecResult {
  /** (API, version) pairs whose request and response went both ways. */
  readonly pairs: number;
  /** (record layout or header, version) pairs likewise. */
  readonly layouts: number;
  /** Messages that were compared. */
  readonly messages: number;
  /** Differences, at most one for each message, version and direction. */
  readonly failures: string[];
}

/** Random messages of each message and version, in each direction. */
const RUNS = 20;

interface Probe {
  readonly under: CodecUnderTest;
  readonly version: number;
  /** The bytes that Java is to send back; undefined when Java makes the message. */
  readonly sent: Uint8Array | undefined;
  readonly seed: number;
}

export async function runJavaCodec(
  seed: number = Math.floor(Math.random() * 2 ** 31),
): Promise<JavaCodecResult> {
  const codecs = await generatedCodecs();
  const probes = codecs.flatMap((under) => probesOf(under, seed));
  const answers = await askJava(probes.map(encodeProbe));
  const failures = new Map<string, string>();
  for (const [index, probe] of probes.entries()) {
    const difference = judge(probe, answers[index]);
    const where = `${probe.under.codec.name} v${probe.version}, made by ${probe.sent === undefined ? 'Java' : 'us'}`;
    if (difference !== undefined && !failures.has(where)) {
      failures.set(where, `${where} (seed ${probe.seed}): ${difference}`);
    }
  }
  const versions = new Set(
    codecs.flatMap(({ codec, versions }) => versions.map((v) => `${codec.apiKey} ${v}`)),
  );
  const layouts = codecs.filter(({ codec }) => codec.apiKey < 0).flatMap(({ versions }) => versions);
  return {
    pairs: [...versions].filter((pair) => !pair.startsWith('-1 ')).length,
    layouts: layouts.length,
    messages: probes.length,
    failures: [...failures.values()],
  };
}

function probesOf(under: CodecUnderTest, seed: number): Probe[] {
  return under.versions.flatMap((version) =>
    Array.from({ length: RUNS }, (_, run): Probe[] => {
      const own = seed + run * 7919 + version;
      const message = randomMessage(under.message, version, randomBelow(own));
      const writer = new Writer();
      under.codec.encode(writer, message, version);
      return [
        { under, version, seed: own, sent: undefined },
        { under, version, seed: own, sent: writer.toBytes() },
      ];
    }).flat(),
  );
}

/** What is wrong with Java's answer, or undefined. */
function judge({ under: { codec }, version, sent }: Probe, answer: Buffer | undefined): string | undefined {
  if (answer === undefined) return 'Java gave no answer';
  const bytes = answer.subarray(1);
  if (answer[0] !== 0) return `Java: ${bytes.toString()}`;
  if (sent !== undefined)
    return bytes.equals(sent) ? undefined : `Java encodes ${hex(bytes)} for our ${hex(sent)}`;
  try {
    const reader = new Reader(bytes);
    const message = codec.decode(reader, version);
    reader.expectEnd();
    const writer = new Writer();
    codec.encode(writer, message, version);
    const again = writer.toBytes();
    return bytes.equals(again) ? undefined : `we encode ${hex(again)} for Java's ${hex(bytes)}`;
  } catch (error) {
    return `${String(error)} in ${hex(bytes)}`;
  }
}

function hex(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('hex');
  return text.length > 200 ? `${text.slice(0, 200)}... (${bytes.length} bytes)` : text;
}

/** The frame that JavaCodec.java describes. */
function encodeProbe({ under, version, sent, seed }: Probe): Buffer {
  const name = Buffer.from(under.codec.name);
  const head = Buffer.alloc(4 + 1 + 2);
  const tail = Buffer.alloc(2 + (sent === undefined ? 8 : 0));
  tail.writeInt16BE(version);
  if (sent === undefined) tail.writeBigInt64BE(BigInt(seed), 2);
  head.writeInt32BE(head.length - 4 + name.length + tail.length + (sent?.length ?? 0));
  head.write(sent === undefined ? 'G' : 'E', 4);
  head.writeInt16BE(name.length, 5);
  return Buffer.concat([head, name, tail, sent ?? Buffer.alloc(0)]);
}

async function askJava(frames: readonly Buffer[]): Promise<Buffer[]> {
  const classPath = await compileJava();
  const java = needCommand(['java'], "run Kafka's own codecs");
  const child = spawn(java, ['-Xmx256m', '-cp', classPath, 'JavaCodec'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
    child.stdin.on('error', () => {}); // A process that ended early is noticed by its exit status.
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`JavaCodec ended with ${code}`))));
  });
  child.stdin.end(Buffer.concat(frames));
  await ended;
  const all = Buffer.concat(output);
  const answers: Buffer[] = [];
  for (let at = 0; at < all.length; at += 4 + all.readInt32BE(at)) {
    answers.push(all.subarray(at + 4, at + 4 + all.readInt32BE(at)));
  }
  return answers;
}

/** Fetches the jars and compiles JavaCodec.java, unless that was done before; returns the class path. */
async function compileJava(): Promise<string> {
  const pom = join(import.meta.dirname, 'pom.xml');
  const source = join(import.meta.dirname, 'JavaCodec.java');
  const folder = join(cacheFolder, 'java-codec');
  const classes = join(folder, 'classes');
  const classPath = [classes, join(folder, 'jars', '*')].join(delimiter);
  await installOnce('java-codec', folder, [pom, source], async () => {
    const maven = needCommand(['mvn'], "fetch the jars of Kafka's codecs");
    const compiler = needCommand(['javac'], 'compile JavaCodec.java');
    mkdirSync(classes, { recursive: true });
    await runCommand(maven, [
      '-q',
      '-B',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(folder, 'jars')}`,
    ]);
    // Java 17 takes the locale's encoding for a source's, and a bare machine's is ASCII.
    await runCommand(compiler, ['-encoding', 'UTF-8', '-d', classes, '-cp', classPath, source]);
  });
  return classPath;
}

if (import.meta.main) {
  const seedFlag = process.argv.indexOf('--seed');
  const { pairs, layouts, messages, failures } = await (seedFlag > 0
    ? runJavaCodec(Number(process.argv[seedFlag + 1]))
    : runJavaCodec());
  for (const failure of failures) console.log(`FAIL ${failure}`);
  console.log(
    `${pairs} (API, version) pairs and ${layouts} (record layout, version) pairs, ${messages} messages against Java: ${failures.length} differ`,
  );
  if (failures.length > 0) process.exitCode = 1;
}
