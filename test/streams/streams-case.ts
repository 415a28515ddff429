// What a Streams program is given and what has to come out, whatever happens to the broker meanwhile.
import type { ReadRecord, TopicRecord } from '../crash/topic-tool.ts';

export interface StreamsCase {
  /** The first argument of StreamsProgram.java. */
  readonly program: string;
  /** Topics by the part of their name that follows the run's own. */
  readonly inputs: readonly { readonly topic: string; readonly records: readonly TopicRecord[] }[];
  readonly output: string;
  readonly outputCount: number;
  /** What in the output is not what it has to be, in words. */
  violationsOf(output: readonly ReadRecord[]): string[];
}
