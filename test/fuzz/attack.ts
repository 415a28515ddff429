// What an attack is given. It runs again and again until the time is over; each run should take well under a second.
import type { RandomBelow } from '../../packages/protocol/gen/random-message.ts';
import type { Findings } from './findings.ts';
import type { ApiCodecs, RequestMaker } from './random-request.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Requests of the APIs that the broker advertises. */
  readonly requests: RequestMaker;
  /** Requests of all APIs there are. */
  readonly foreignRequests: RequestMaker;
  readonly apis: ReadonlyMap<number, ApiCodecs>;
  /** What makes the run fail. */
  readonly findings: Findings;
  /** What may be right and deserves a look: shown, and no failure. */
  readonly notes: Findings;
  /** Counts something for the figures at the end. */
  count(what: string, by?: number): void;
}

export interface Attack {
  readonly name: string;
  run(target: Target, random: RandomBelow): Promise<void>;
}
