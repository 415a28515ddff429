// A windowed join of two streams: every pair of one key whose times are at most a second apart, once.
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import type { ReadRecord, TopicRecord } from '../crash/topic-tool.ts';
import type { StreamsCase } from './streams-case.ts';

/** As in StreamsProgram.java, in ms. */
const APART_MS = 1000;
const KEYS = 50;
/** The times of all records, from first to last, in ms per record of a side: about two partners for each. */
const MS_PER_RECORD = 20;

export function windowedJoin(records: number, partitions: number, seed: number, now: number): StreamsCase {
  const random = new SeededRandom(seed);
  const side = (name: string): TopicRecord[] =>
    Array.from({ length: records }, (_, index) => {
      const key = random.integer(KEYS);
      // Not quite in the order of time.
      const timestamp = now + index * MS_PER_RECORD + random.integer(5 * MS_PER_RECORD);
      return { partition: key % partitions, timestamp, key: `k${key}`, value: `${name}${index}` };
    });
  const [left, right] = [side('l'), side('r')];
  const expected = pairsOf(left, right);
  return {
    program: 'join',
    inputs: [
      { topic: 'left', records: left },
      { topic: 'right', records: right },
    ],
    output: 'pairs',
    outputCount: expected.size,
    violationsOf: (output) => violationsOf(output, expected),
  };
}

function pairsOf(left: readonly TopicRecord[], right: readonly TopicRecord[]): Set<string> {
  const byKey = Map.groupBy(right, ({ key }) => key);
  const pairs = new Set<string>();
  for (const one of left) {
    for (const other of byKey.get(one.key) ?? []) {
      if (Math.abs(one.timestamp - other.timestamp) <= APART_MS) pairs.add(`${one.value}|${other.value}`);
    }
  }
  return pairs;
}

function violationsOf(output: readonly ReadRecord[], expected: ReadonlySet<string>): string[] {
  const violations: string[] = [];
  const found = new Set<string>();
  for (const { value, partition, offset } of output) {
    if (found.has(value)) violations.push(`the pair ${value} comes again at ${partition}:${offset}`);
    else if (!expected.has(value)) violations.push(`${value} at ${partition}:${offset} is no pair`);
    found.add(value);
  }
  for (const pair of expected) if (!found.has(pair)) violations.push(`the pair ${pair} is missing`);
  return violations;
}
