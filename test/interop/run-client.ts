// Runs the scenarios of one client, one after the other, and says how each went.
import type { ClientSource, InteropClient, Member } from './client.ts';
import type { Row } from './dataset.ts';
import { isToleratedGap } from './missing-tool.ts';
import type { Result } from './result.ts';
import { NotOffered, type Scenario, type ScenarioContext } from './scenario.ts';
import { allScenarios } from './scenarios/all-scenarios.ts';

export interface ClientRun {
  readonly source: ClientSource;
  readonly bootstrap: string;
  readonly rows: readonly Row[];
  /** Which scenarios are wanted. */
  readonly wanted: (scenario: Scenario) => boolean;
  readonly report: (result: Result) => void;
}

/** Unique to this run, so that the suite can be run again and again against the same broker. */
const run = `${process.pid}-${Date.now().toString(36)}`;

export async function runClient(options: ClientRun): Promise<void> {
  const { source, report } = options;
  let client: InteropClient;
  try {
    client = await source.prepare(options.bootstrap);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report({
      client: source.name,
      scenario: 'start',
      outcome: isToleratedGap(error) ? 'skip' : 'fail',
      reason,
      seconds: 0,
    });
    return;
  }
  process.stdout.write(`${client.name} is version ${client.version}\n`);
  try {
    for (const scenario of [...allScenarios, ...client.ownScenarios]) {
      if (options.wanted(scenario)) report(await runScenario(client, scenario, options.rows));
    }
  } finally {
    await client.close();
  }
}

async function runScenario(client: InteropClient, scenario: Scenario, rows: readonly Row[]): Promise<Result> {
  const started = performance.now();
  const result = (outcome: Result['outcome'], reason = ''): Result => {
    const seconds = (performance.now() - started) / 1000;
    return { client: client.name, scenario: scenario.name, outcome, reason, seconds };
  };
  const missing = client.notOffered[scenario.name];
  if (missing !== undefined) return result('skip', missing);
  const members: Member[] = [];
  const context: ScenarioContext = {
    client,
    rows,
    name: (what) => `${what}-${client.name.replaceAll(/[^a-zA-Z]+/g, '-')}-${run}`,
    async join(options) {
      const member = await client.join(options);
      members.push(member);
      return member;
    },
  };
  try {
    await scenario.run(context);
    return result('pass');
  } catch (error) {
    if (error instanceof NotOffered) return result('skip', error.message);
    return result('fail', error instanceof Error ? error.message : String(error));
  } finally {
    await Promise.all(members.map((member) => member.kill()));
  }
}
