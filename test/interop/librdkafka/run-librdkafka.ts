// librdkafka's own tests against Moldau: `npm run test:interop -- --librdkafka`. The tests, how to build them and what Apache
// Kafka gives are not part of this repository: the folder ../shared beside it (or MOLDAU_SHARED) has them. Takes about half an hour
// with two at a time, so it is no part of the default run.
//
// Many of these tests have time limits of their own and may fail on a busy machine: what fails is run once more, and the report
// says which tests needed that.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheFolder, root } from '../cache-folder.ts';
import { startMoldau } from '../moldau-process.ts';
import type { InteropOptions } from '../options.ts';
import {
  isDue,
  isExpected,
  isMet,
  parseExpected,
  parseResult,
  type Expectation,
  type TestResult,
} from './expected.ts';

/** What the suite's README asks of the broker. */
const SETTINGS = [
  'num.partitions=4',
  'group.initial.rebalance.delay.ms=500',
  'group.min.session.timeout.ms=6000',
  'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'allow.everyone.if.no.acl.found=true',
];

/** By scenario, what is added to that. */
const SCENARIOS: Readonly<Record<string, string>> = {
  default: 'auto.create.topics.enable=true',
  noautocreate: 'auto.create.topics.enable=false',
};

/** For one test. The longest, 0113, takes about ten minutes, nearly all of it waiting. */
const LIMIT_SECONDS = '900';

interface Outcome {
  readonly expectation: Expectation;
  readonly result: TestResult;
  /** It did not pass at first. */
  readonly again: boolean;
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
  const read = (file: string): string => readFileSync(join(suite, file), 'utf8');
  const expected = parseExpected(read('expected-kafka.txt'), read('tests.txt'));
  const chosen = expected.filter((expectation) => isChosen(expectation, options));
  const outcomes: Outcome[] = [];
  let orderly = true;
  for (const scenario of Object.keys(SCENARIOS)) {
    const tests = chosen.filter((expectation) => expectation.scenario === scenario);
    if (tests.length > 0) orderly = (await runScenario(suite, scenario, tests, options, outcomes)) && orderly;
  }
  return report(expected, chosen, outcomes) && orderly ? 0 : 1;
}

/** All that are due, or those asked for by number or name. A broker that is not ours has the settings of one scenario only. */
function isChosen(expectation: Expectation, { tests, bootstrap }: InteropOptions): boolean {
  if (bootstrap !== undefined && expectation.scenario !== 'default') return false;
  if (tests === undefined) return isDue(expectation);
  return tests
    .split(',')
    .some((asked) => asked === expectation.test || asked === expectation.test.slice(0, 4));
}

/** Resolves to whether Moldau lived through it and stopped in an orderly way. */
async function runScenario(
  suite: string,
  scenario: string,
  tests: readonly Expectation[],
  options: InteropOptions,
  outcomes: Outcome[],
): Promise<boolean> {
  const settings = [...SETTINGS, SCENARIOS[scenario] as string];
  const flags = ['--brokers', '3', ...settings.flatMap((setting) => ['--set', setting])];
  const moldau = options.bootstrap === undefined ? await startMoldau(flags) : undefined;
  const bootstrap = moldau?.bootstrap ?? options.bootstrap ?? '';
  const out = join(cacheFolder, 'librdkafka', scenario);
  process.stdout.write(`librdkafka: scenario ${scenario} against ${bootstrap}, logs in ${out}\n`);
  let how: string | undefined;
  try {
    const run = (chosen: readonly Expectation[], jobs: number, folder: string): Promise<TestResult[]> =>
      runTests(
        join(suite, 'run'),
        [bootstrap, '--scenario', scenario, '--jobs', `${jobs}`, '--timeout', LIMIT_SECONDS, '--out', folder],
        chosen,
      );
    const results = await run(tests, options.parallel, out);
    const isBad = (test: Expectation): boolean => isExpected(test) && !passes(test, results);
    const bad = tests.filter((test) => isBad(test));
    const second =
      bad.length > 0 && moldau?.exited() === undefined ? await run(bad, 1, join(out, 'again')) : [];
    for (const expectation of tests) {
      const again = second.find(({ test }) => test === expectation.test);
      const result = again ?? results.find(({ test }) => test === expectation.test);
      if (result !== undefined) outcomes.push({ expectation, result, again: again !== undefined });
    }
  } finally {
    how = moldau?.exited() ?? (await moldau?.stop());
  }
  if (how === undefined || how === 'ended with status 0') return true;
  process.stdout.write(`moldau ${how}\n${moldau?.log() ?? ''}\n`);
  return false;
}

function passes(expectation: Expectation, results: readonly TestResult[]): boolean {
  return results.some((result) => result.test === expectation.test && isMet(expectation, result));
}

async function runTests(run: string, args: string[], tests: readonly Expectation[]): Promise<TestResult[]> {
  const names = tests.map(({ test }) => test).join(',');
  const child = spawn(run, [...args, '--tests', names], { stdio: ['ignore', 'pipe', 'inherit'] });
  const results: TestResult[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const result = parseResult(line);
    if (result !== undefined) results.push(result);
    process.stdout.write(`${line}\n`);
  }
  return results;
}

/** Prints what it comes to. False when a test fails, or was not run, that should pass. */
function report(
  expected: readonly Expectation[],
  chosen: readonly Expectation[],
  outcomes: readonly Outcome[],
): boolean {
  const due = chosen.filter((expectation) => isExpected(expectation));
  const good = due.filter((expectation) =>
    outcomes.some((outcome) => outcome.expectation === expectation && isMet(expectation, outcome.result)),
  );
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  write('');
  for (const expectation of due) {
    if (good.includes(expectation)) continue;
    const result = outcomes.find((outcome) => outcome.expectation === expectation)?.result;
    write(
      `FAILS    ${expectation.test}: ${result === undefined ? 'it was not run' : result.state}; Kafka passes it`,
    );
  }
  for (const { expectation, again } of outcomes) {
    if (again && good.includes(expectation)) write(`2nd try  ${expectation.test}`);
  }
  for (const { expectation, result } of outcomes) {
    if (expectation.kafka === 'not-settled')
      write(`${result.state.padEnd(8)} ${expectation.test}: no target, with Kafka it is not settled`);
  }
  for (const { later, test } of expected) {
    if (later !== undefined)
      write(
        `later    ${test}: ${later.needs}${later.subtestsBefore > 0 ? `; ${later.subtestsBefore} subtests before that have to pass` : ''}`,
      );
  }
  const later = expected.filter((expectation) => expectation.later !== undefined).length;
  const partly = due.filter((expectation) => expectation.later !== undefined).length;
  write(
    `\nlibrdkafka: ${good.length} of the ${due.length} tests pass that should (${partly} of them as far as they can yet); ${later} come later`,
  );
  write(
    `${good.length} passed, ${due.length - good.length} failed, ${expected.length - chosen.length} skipped`,
  );
  return good.length === due.length;
}
