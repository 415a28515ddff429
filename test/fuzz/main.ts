// The wire fuzzer: see README.md.
import { parseArgs } from 'node:util';
import { randomBelow } from '../../packages/protocol/gen/random-message.ts';
import { startMoldau, type MoldauProcess } from '../interop/moldau-process.ts';
import type { Attack, Target } from './attack.ts';
import { allAttacks } from './attacks/all-attacks.ts';
import { closeHalfOpen } from './attacks/half-open.ts';
import { Bystander } from './bystander.ts';
import { Findings } from './findings.ts';
import { GROUP_NAMES, TOPIC_NAMES, type KnownNames } from './known-names.ts';
import { learnTopics } from './learn-topics.ts';
import { MemoryWatch, megabytes } from './memory-watch.ts';
import { probe } from './probe.ts';
import { apiCodecs, RequestMaker } from './random-request.ts';

/** Answers may be slow under attack, but not this slow, in ms; and how fast they must be again afterwards. */
const PROBE_MS = 5000;
const PROBE_AFTER_MS = 1000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bootstrap: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      only: { type: 'string', multiple: true },
    },
  });
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  if (!(seconds > 0) || !Number.isSafeInteger(seed)) throw new Error('--seconds and --seed must be numbers');
  process.stdout.write(`fuzz: seed ${seed}, ${seconds} s\n`);
  const attacks = allAttacks.filter(({ name }) => values.only?.includes(name) ?? true);
  const findings = new Findings();
  const moldau =
    values.bootstrap === undefined
      ? await startMoldau(['--set', 'group.initial.rebalance.delay.ms=0'])
      : undefined;
  try {
    await attackBroker(moldau, moldau?.bootstrap ?? values.bootstrap ?? '', attacks, seed, seconds, findings);
  } finally {
    if (moldau !== undefined) await checkEnd(moldau, findings);
  }
  for (const line of findings.lines()) process.stdout.write(`FOUND ${line}\n`);
  const failed = findings.size;
  process.stdout.write(`fuzz: replay with --seed ${seed}\n${attacks.length} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function attackBroker(
  moldau: MoldauProcess | undefined,
  bootstrap: string,
  attacks: readonly Attack[],
  seed: number,
  seconds: number,
  findings: Findings,
): Promise<void> {
  const [host = '', portText = ''] = (bootstrap.split(',')[0] ?? '').split(':');
  const port = Number(portText);
  const bystander = await Bystander.start(bootstrap, findings);
  const advertised = new Set((await probe(host, port, PROBE_MS)).apis.map(({ apiKey }) => apiKey));
  const apis = await apiCodecs();
  const names: KnownNames = { topics: await learnTopics(host, port, TOPIC_NAMES), groups: GROUP_NAMES };
  const counts = new Map<string, number>();
  const notes = new Findings();
  const memory = moldau === undefined ? undefined : new MemoryWatch(moldau.pid);
  const time = performance.now() + seconds * 1000;
  const over = (): boolean => performance.now() >= time || moldau?.exited() !== undefined;

  const loops = attacks.map(async (attack) => {
    // A stream of random numbers for each attack, apart from its place in the list: `--only` replays the same.
    const random = randomBelow(seed + hash(attack.name));
    const target: Target = {
      host,
      port,
      apis,
      findings,
      notes,
      requests: new RequestMaker(
        [...apis.values()].filter((api) => advertised.has(api.request.message.apiKey)),
        names,
        random,
      ),
      foreignRequests: new RequestMaker([...apis.values()], names, random),
      count: (what, by = 1) => counts.set(what, (counts.get(what) ?? 0) + by),
    };
    while (!over()) {
      try {
        await attack.run(target, random);
      } catch (error) {
        findings.add(
          `the attack "${attack.name}" itself failed`,
          error instanceof Error ? (error.stack ?? '') : String(error),
        );
        return;
      }
    }
  });
  const delays: number[] = [];
  const watching = (async () => {
    while (!over()) {
      try {
        delays.push((await probe(host, port, PROBE_MS)).ms);
      } catch (error) {
        findings.add('ApiVersions under attack', error instanceof Error ? error.message : String(error));
      }
      memory?.sample();
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  await Promise.all([...loops, watching, bystander.run(time)]);
  closeHalfOpen();
  await bystander.stop();
  await probe(host, port, PROBE_AFTER_MS).catch((error: unknown) => {
    findings.add('ApiVersions after the attack', error instanceof Error ? error.message : String(error));
  });
  const growth = memory?.growth();
  if (growth !== undefined) findings.add('memory grows', growth);
  report(counts, delays, bystander, memory);
  for (const line of notes.lines())
    process.stdout.write(`  note: ${line}
`);
}

function report(
  counts: ReadonlyMap<string, number>,
  delays: number[],
  bystander: Bystander,
  memory: MemoryWatch | undefined,
): void {
  for (const [what, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
    process.stdout.write(`  ${what}: ${count}\n`);
  delays.sort((a, b) => a - b);
  const at = (share: number): string =>
    `${(delays[Math.floor((delays.length - 1) * share)] ?? 0).toFixed(0)} ms`;
  process.stdout.write(
    `  ApiVersions on a new connection: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} (${delays.length} times)\n`,
  );
  process.stdout.write(
    `  normal client: ${bystander.rounds} rounds of 200 records, slowest ${bystander.slowestMs.toFixed(0)} ms\n`,
  );
  if (memory !== undefined)
    process.stdout.write(`  memory: ${megabytes(memory.last)} at the end, peak ${megabytes(memory.peak)}\n`);
}

async function checkEnd(moldau: MoldauProcess, findings: Findings): Promise<void> {
  const died = moldau.exited();
  if (died !== undefined) findings.add('the broker died', `${died}: ${moldau.log()}`);
  const how = await moldau.stop();
  if (died === undefined && how !== 'ended with status 0')
    findings.add('the broker did not stop cleanly', `${how}: ${moldau.log()}`);
}

/** A number for a name (FNV-1a). */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (const character of name) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value >>> 1;
}

process.exitCode = await main();
