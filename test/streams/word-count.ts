// Word count: lines go in, after every word its count so far comes out. Exactly once means that each word counts 1, 2, 3, ... up to
// how often it is there: a number that is missing was lost, one that comes again was counted or written twice.
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import type { ReadRecord, TopicRecord } from '../crash/topic-tool.ts';
import type { StreamsCase } from './streams-case.ts';

const WORDS_PER_LINE = 5;
const VOCABULARY = 300;

export function wordCount(lines: number, partitions: number, seed: number, now: number): StreamsCase {
  const random = new SeededRandom(seed);
  const expected = new Map<string, number>();
  const records: TopicRecord[] = [];
  for (let line = 0; line < lines; line++) {
    const words = Array.from({ length: WORDS_PER_LINE }, () => {
      // Some words are much more frequent than others, as in any text.
      const word = `w${random.integer(1 + random.integer(VOCABULARY))}`;
      expected.set(word, (expected.get(word) ?? 0) + 1);
      return word;
    });
    records.push({ partition: line % partitions, timestamp: now, key: String(line), value: words.join(' ') });
  }
  return {
    program: 'word-count',
    inputs: [{ topic: 'lines', records }],
    output: 'counts',
    outputCount: lines * WORDS_PER_LINE,
    violationsOf: (output) => violationsOf(output, expected),
  };
}

function violationsOf(output: readonly ReadRecord[], expected: ReadonlyMap<string, number>): string[] {
  const violations: string[] = [];
  const counted = new Map<string, number>();
  for (const { key, value, partition, offset } of output) {
    const next = (counted.get(key) ?? 0) + 1;
    if (Number(value) !== next)
      violations.push(`${key} goes to ${value} at ${partition}:${offset}, where ${next} is due`);
    counted.set(key, Number(value));
  }
  for (const [word, count] of expected) {
    const last = counted.get(word) ?? 0;
    if (last !== count) violations.push(`${word} was there ${count} times, the last count is ${last}`);
  }
  return violations;
}
