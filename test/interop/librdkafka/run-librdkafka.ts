// librdkafka's own tests against Moldau: `npm run test:interop -- --librdkafka`. The tests, how to build them and what Apache
// Kafka gives are not part of this repository: the folder ../shared beside it (or MOLDAU_SHARED) has them. Takes about half an hour,
// so it is no part of the default run.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder, root } from '../cache-folder.ts';
import { startMoldau } from '../moldau-process.ts';
import type { InteropOptions } from '../options.ts';
import { parseExpected, type Expectation } from './expected.ts';

/** What its README asks of the broker. */
const SETTINGS = [
  'num.partitions=4',
  'auto.create.topics.enable=true',
  'group.initial.rebalance.delay.ms=500',
  'group.min.session.timeout.ms=100',
];

interface TestResult {
  readonly state: string;
  readonly name: string;
  readonly seconds: string;
}

/** Runs them and prints what differs from expectation. Resolves to the exit status: 1 when a test fails that should pass. */
export async function runLibrdkafka(options: InteropOptions): Promise<number> {
  const suite = join(process.env['MOLDAU_SHARED'] ?? join(root, '..', 'shared'), 'conformance', 'librdkafka');
  if (!existsSync(join(suite, 'run'))) {
    process.stdout.write(
      `librdkafka: its tests are not here (no ${join(suite, 'run')}); nothing was run.\n0 passed, 0 failed, 1 skipped\n`,
    );
    return process.env['CI'] === 'true' ? 1 : 0;
  }
  const expected = parseExpected(readFileSync(join(suite, 'expected-kafka.txt'), 'utf8'));
  const flags = ['--brokers', '3', ...SETTINGS.flatMap((setting) => ['--set', setting])];
  const moldau = options.bootstrap === undefined ? await startMoldau(flags) : undefined;
  const bootstrap = moldau?.bootstrap ?? options.bootstrap ?? '';
  process.stdout.write(`librdkafka: against ${bootstrap}, logs in ${join(cacheFolder, 'librdkafka')}\n`);
  try {
    const wanted =
      options.tests ??
      [...expected]
        .filter(([name, expectation]) => isDue(name, expectation))
        .map(([name]) => name)
        .join(',');
    return report(await runTests(join(suite, 'run'), bootstrap, wanted), expected);
  } finally {
    if (moldau !== undefined) process.stdout.write(`moldau ${moldau.exited() ?? (await moldau.stop())}\n`);
  }
}

/** Those of the `noautocreate` scenario need a broker that is set up otherwise. */
function isDue(name: string, expectation: Expectation): boolean {
  return typeof expectation === 'string' && !/^0045_subscribe_update_(topic_remove|non_exist)/.test(name);
}

async function runTests(run: string, bootstrap: string, tests: string): Promise<TestResult[]> {
  const args = [bootstrap, '--tests', tests, '--out', join(cacheFolder, 'librdkafka')];
  const child = spawn(run, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const results: TestResult[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [state = '', name = '', seconds = ''] = line.split(' ');
    if (/^(PASS|FAIL|SKIP|TIMEOUT)$/.test(state)) results.push({ state, name, seconds });
    process.stdout.write(`${line}\n`);
  }
  return results;
}

function report(results: readonly TestResult[], expected: ReadonlyMap<string, Expectation>): number {
  const bad = results.filter(({ state, name }) => expected.get(name) === 'pass' && state !== 'PASS');
  const passed = results.filter(({ state }) => state === 'PASS').length;
  const due = [...expected.values()].filter((expectation) => expectation === 'pass').length;
  process.stdout.write(
    `\nlibrdkafka: ${passed} of ${results.length} that were run pass; Kafka passes ${due} of those that are not for later\n`,
  );
  for (const { state, name, seconds } of bad)
    process.stdout.write(`${state} ${name} (${seconds} s): Kafka passes it\n`);
  for (const [name, expectation] of expected) {
    if (typeof expectation === 'object') process.stdout.write(`later ${name}: ${expectation.later}\n`);
  }
  const rest = results.length - passed - bad.length;
  process.stdout.write(`${passed} passed, ${bad.length} failed, ${rest} skipped\n`);
  return bad.length === 0 ? 0 : 1;
}
