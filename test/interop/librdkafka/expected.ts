// What is to be expected of librdkafka's own tests: what Apache Kafka gives, less what Moldau does not claim yet (later.ts).
import { LATER, type LaterTest } from './later.ts';

export interface Expectation {
  readonly test: string;
  /** `default`, or `noautocreate`: the broker makes no topics by itself. */
  readonly scenario: string;
  /** `pass`: as with Kafka. `not-settled`: Kafka skips it, fails it, or gives now this, now that; it is run, and its outcome is shown. */
  readonly kafka: 'pass' | 'not-settled';
  readonly later: LaterTest | undefined;
}

/** A line of the suite's runner: `PASS|FAIL|SKIP|TIMEOUT name seconds subtests-passed`. */
export interface TestResult {
  readonly state: string;
  readonly test: string;
  readonly seconds: number;
  readonly subtestsPassed: number;
}

/**
 * @param expectedKafka expected-kafka.txt: `name CLASSIC CONSUMER subtests # note`
 * @param tests tests.txt: `name scenario [known-issue]`
 * @param notYet what Moldau does not claim
 */
export function parseExpected(
  expectedKafka: string,
  tests: string,
  notYet: readonly LaterTest[] = LATER,
): Expectation[] {
  const scenarios = new Map(
    rows(tests).map(([test = '', scenario = 'default']) => [test, scenario] as const),
  );
  return rows(expectedKafka).map(([test = '', classic]) => ({
    test,
    scenario: scenarios.get(test) ?? 'default',
    kafka: classic === 'PASS' ? 'pass' : 'not-settled',
    later: notYet.find((later) => later.test === test),
  }));
}

function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => line.trim().split(/\s+/));
}

/** Undefined for a line of another kind. */
export function parseResult(line: string): TestResult | undefined {
  const [state = '', test = '', seconds, subtestsPassed] = line.split(' ');
  if (!/^(PASS|FAIL|SKIP|TIMEOUT)$/.test(state)) return undefined;
  return { state, test, seconds: Number(seconds), subtestsPassed: Number(subtestsPassed) };
}

/** It is worth running: all of it or its beginning has to pass, or it is not known. */
export function isDue({ later }: Expectation): boolean {
  return later === undefined || later.subtestsBefore > 0;
}

/** It has to pass, as far as it has to. */
export function isExpected(expectation: Expectation): boolean {
  return expectation.kafka === 'pass' && isDue(expectation);
}

/** It passes, as far as it has to. */
export function isMet({ later }: Expectation, { state, subtestsPassed }: TestResult): boolean {
  return state === 'PASS' || (later !== undefined && subtestsPassed >= later.subtestsBefore);
}
