// A scenario: one thing every client should be able to do, told once. It passes by returning and fails by throwing.
import type { InteropClient, JoinOptions, Member } from './client.ts';
import type { Row } from './dataset.ts';

export interface ScenarioContext {
  readonly client: InteropClient;
  /** The data set; all 10,000 rows. */
  readonly rows: readonly Row[];
  /** A name that nothing else in this run (or in an earlier one against the same broker) has. */
  readonly name: (what: string) => string;
  /** `client.join`, with the member's death assured when the scenario ends, however it ends. */
  readonly join: (options: JoinOptions) => Promise<Member>;
}

export interface Scenario {
  readonly name: string;
  run(context: ScenarioContext): Promise<void>;
}

/** Thrown by a scenario that finds the client cannot do it; shown as "not offered", with the reason. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered';
}
