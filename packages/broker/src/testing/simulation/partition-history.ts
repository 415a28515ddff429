// What is known of one partition: every record that was acknowledged or read, at its offset. What is known once stays so.
//
// A record's value names its producer and its number: `producer.number.filling`; each producer numbers its records of a partition 0, 1, 2 ...
//
// Must stay true, and checked here:
//   - an offset has one record for ever;
//   - what was acknowledged is there, once, at the offset of its acknowledgement;
//   - the records of a producer are there without gaps, in order, each once.
import type { ReadRecord } from '../batches.ts';

export class PartitionHistory {
  readonly topic: string;
  readonly index: number;
  readonly #known = new Map<number, string>();
  #end = 0;
  /** By producer: how many of its records are acknowledged. */
  readonly #acknowledged = new Map<string, number>();

  constructor(topic: string, index: number) {
    this.topic = topic;
    this.index = index;
  }

  get name(): string {
    return `${this.topic}/${this.index}`;
  }

  /** The offset behind the last record that is known. */
  get end(): number {
    return this.#end;
  }

  get acknowledgedRecords(): number {
    return [...this.#acknowledged.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The records of an acknowledged batch. Returns what is wrong with it. */
  acknowledge(baseOffset: number, values: readonly string[]): string[] {
    const problems = values.flatMap((value, i) => this.#note(baseOffset + i, value, 'was acknowledged'));
    for (const value of values) {
      const [producer, number] = identify(value);
      this.#acknowledged.set(producer, number + 1);
    }
    return problems;
  }

  /** Records as a consumer got them. Returns what is wrong with them. */
  read(records: readonly ReadRecord[]): string[] {
    return records.flatMap(({ offset, value }) => this.#note(offset, value, 'was read'));
  }

  /** The whole partition, when all is over. Returns what is wrong with it. */
  finish(records: readonly ReadRecord[]): string[] {
    const problems = this.read(records);
    const offsets = new Set(records.map(({ offset }) => offset));
    for (const [offset, value] of this.#known) {
      if (!offsets.has(offset))
        problems.push(
          `${this.name}: ${brief(value)} at offset ${offset} was acknowledged or read, and is gone`,
        );
    }
    const next = new Map<string, number>();
    for (const { offset, value } of records) {
      const [producer, number] = identify(value);
      const expected = next.get(producer) ?? 0;
      if (number !== expected)
        problems.push(
          `${this.name}: ${brief(value)} stands at offset ${offset}, where number ${expected} of ${producer} should`,
        );
      next.set(producer, number + 1);
    }
    for (const [producer, count] of this.#acknowledged) {
      if ((next.get(producer) ?? 0) < count)
        problems.push(
          `${this.name}: of ${count} acknowledged records of ${producer} ${next.get(producer) ?? 0} are there`,
        );
    }
    return problems;
  }

  #note(offset: number, value: string, how: string): string[] {
    const known = this.#known.get(offset);
    this.#known.set(offset, value);
    this.#end = Math.max(this.#end, offset + 1);
    return known === undefined || known === value
      ? []
      : [`${this.name}: ${brief(value)} ${how} at offset ${offset}, where ${brief(known)} had been`];
  }
}

function identify(value: string): [producer: string, number: number] {
  const [producer = '', number] = value.split('.', 2);
  return [producer, Number(number)];
}

function brief(value: string): string {
  return identify(value).join('.');
}
