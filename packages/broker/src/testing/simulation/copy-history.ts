// What is known of a copy that is made exactly once: records 0, 1, 2 ... of each source partition are written to the partition of the copy with its
// number and to the one partition of the audit, in transactions which also commit how far the source is done.
//
// A copied record's value names its source partition, its number there and the attempt (one transaction of one copier) that wrote it:
// `source.number.attempt`. So whoever reads can tell whose transaction a record is of, and what has become of that:
//
//   open --EndTxn(commit) sent--> committing --NONE--> committed
//     |                               +------fenced--> committing: nobody has told; what is there tells
//     +--EndTxn(abort) sent, or given up: never read by anyone who reads committed records only
//
// Must stay true, and checked here:
//   - nothing is read of an attempt before its commit was asked for, nor of one that was aborted;
//   - in each partition the records of a source are there in order, without gaps, each once, at the same offset for ever;
//   - an attempt is there wholly or not at all, in every partition and in the offsets; one whose commit was acknowledged is there;
//   - neither committed offsets nor the last stable offset ever go back.

export interface Position {
  readonly source: number;
  readonly number: number;
}

type Outcome = 'open' | 'committing' | 'committed' | 'aborted';

interface Attempt {
  readonly id: number;
  readonly copier: string;
  readonly positions: readonly Position[];
  outcome: Outcome;
  /** By partition of the targets: how many of its records were read there. */
  readonly seen: Map<string, number>;
}

interface Target {
  /** By source: how many of its records were read. */
  readonly next: Map<number, number>;
  readonly known: Map<number, string>;
  stable: number;
}

export const AUDIT = 'audit/0';
export const copyOf = (source: number): string => `copy/${source}`;

export class CopyHistory {
  readonly #attempts = new Map<number, Attempt>();
  readonly #targets = new Map<string, Target>();
  /** By source: the largest committed offset that anyone was told of. */
  readonly #committed = new Map<number, number>();
  committedAttempts = 0;
  abortedAttempts = 0;
  fencedAttempts = 0;

  /** A transaction begins that is to copy these records. */
  begin(copier: string, positions: readonly Position[]): number {
    const id = this.#attempts.size;
    this.#attempts.set(id, { id, copier, positions, outcome: 'open', seen: new Map() });
    return id;
  }

  /** From now on it may be read. */
  committing(id: number): void {
    this.#attempt(id).outcome = 'committing';
  }

  /** The commit was acknowledged. */
  committed(id: number): string[] {
    const attempt = this.#attempt(id);
    attempt.outcome = 'committed';
    this.committedAttempts += 1;
    for (const { source, number } of attempt.positions) this.#raise(source, number + 1);
    return [];
  }

  /** It never asked for its commit, or the broker said that it is aborted. */
  aborted(id: number): string[] {
    const attempt = this.#attempt(id);
    attempt.outcome = 'aborted';
    this.abortedAttempts += 1;
    return attempt.seen.size === 0 ? [] : [`${name(attempt)} was read, and is aborted`];
  }

  /** The largest committed offset that is known; to be taken before the request whose answer is judged. */
  committedOffset(source: number): number {
    return this.#committed.get(source) ?? 0;
  }

  /** A stable offset that was fetched. `before`: what was known when it was asked for. */
  fetched(source: number, offset: number, before: number): string[] {
    const problems =
      offset < before
        ? [`offset ${offset} of source ${source} was fetched after ${before} had been committed`]
        : [];
    this.#raise(source, offset);
    return problems;
  }

  /** What a fetch of committed records said of a target partition. */
  stableOffset(partition: string, stable: number, highWatermark: number): string[] {
    const target = this.#target(partition);
    const problems: string[] = [];
    if (stable < target.stable)
      problems.push(`the last stable offset of ${partition} went back from ${target.stable} to ${stable}`);
    if (stable > highWatermark)
      problems.push(`the last stable offset ${stable} of ${partition} is behind its end ${highWatermark}`);
    target.stable = Math.max(target.stable, stable);
    return problems;
  }

  /** A record as a consumer of committed records got it, for the first time. */
  read(partition: string, offset: number, value: string): string[] {
    const target = this.#target(partition);
    target.known.set(offset, value);
    const { source, number, attempt } = parse(value);
    const problems: string[] = [];
    const of = this.#attempt(attempt);
    const what = `${partition} has record ${source}.${number} of ${name(of)} at offset ${offset}`;
    if (of.outcome === 'open' || of.outcome === 'aborted') problems.push(`${what}, which is ${of.outcome}`);
    const expected = target.next.get(source) ?? 0;
    if (number < expected) problems.push(`${what}: for the second time`);
    else if (number > expected) problems.push(`${what}, where ${source}.${expected} should be`);
    target.next.set(source, number + 1);
    of.seen.set(partition, (of.seen.get(partition) ?? 0) + 1);
    return problems;
  }

  /** How many records of the source were read in the partition. */
  copied(partition: string, source: number): number {
    return this.#target(partition).next.get(source) ?? 0;
  }

  /** All of a target partition, read once more when all is over. */
  readAgain(
    partition: string,
    records: readonly { readonly offset: number; readonly value: string }[],
  ): string[] {
    const before = this.#target(partition).known;
    const problems: string[] = [];
    for (const { offset, value } of records) {
      if (before.get(offset) !== value)
        problems.push(
          `${partition} has ${value} at offset ${offset}, where ${before.get(offset)} was read before`,
        );
    }
    if (records.length !== before.size)
      problems.push(`${partition} has ${records.length} records; ${before.size} were read before`);
    return problems;
  }

  /** Every attempt, when all is read. */
  finish(): string[] {
    return [...this.#attempts.values()].flatMap((attempt) => {
      const wanted = new Map<string, number>([[AUDIT, attempt.positions.length]]);
      for (const { source } of attempt.positions)
        wanted.set(copyOf(source), (wanted.get(copyOf(source)) ?? 0) + 1);
      const there = [...wanted].map(([partition, count]) => ({
        partition,
        count,
        seen: attempt.seen.get(partition) ?? 0,
      }));
      if (there.every(({ seen }) => seen === 0))
        return attempt.outcome === 'committed' ? [`${name(attempt)} was acknowledged, and is not there`] : [];
      return there
        .filter(({ count, seen }) => seen !== count)
        .map(
          ({ partition, count, seen }) =>
            `${name(attempt)} is there with ${seen} of ${count} records in ${partition}`,
        );
    });
  }

  #attempt(id: number): Attempt {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) throw new RangeError(`there is no attempt ${id}`);
    return attempt;
  }

  #target(partition: string): Target {
    let target = this.#targets.get(partition);
    if (target === undefined)
      this.#targets.set(partition, (target = { next: new Map(), known: new Map(), stable: 0 }));
    return target;
  }

  #raise(source: number, offset: number): void {
    this.#committed.set(source, Math.max(this.committedOffset(source), offset));
  }
}

const name = ({ id, copier }: Attempt): string => `attempt ${id} by ${copier}`;

export const valueOf = ({ source, number }: Position, attempt: number): string =>
  `${source}.${number}.${attempt}`;

function parse(value: string): Position & { readonly attempt: number } {
  const [source, number, attempt] = value.split('.').map(Number);
  return { source: source ?? -1, number: number ?? -1, attempt: attempt ?? -1 };
}
