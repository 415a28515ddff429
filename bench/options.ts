// The command line of `npm run bench`.
import { parseArgs } from 'node:util';
import { GROUPS, type Group } from './measurement.ts';
import type { SystemName } from './system.ts';

export const USAGE = `npm run bench [-- OPTION...]
  --quick              one round of a quarter of the amounts: a smoke test, not a result
  --only GROUP,...     of ${GROUPS.join(', ')}
  --systems NAME,...   of moldau, kafka, kafka-fsync (the last two: as shipped; log.flush.interval.messages=1)
  --rounds N           how often everything is measured; medians are reported (3; 1 with --quick)
  --scale F            the amounts by this factor (1; 0.25 with --quick)
  --out DIR            where the table, the raw figures and the chart go (bench/results)
  --name NAME          what the files are called after the date (side-by-side)
  --data DIR           where servers keep their data; a real disk (.cache/bench-data)
  --note FILE          Markdown that goes into the report: what was found to limit what
  --render FILE.json   no run: write table and chart again from a run's raw figures`;

const SYSTEMS = ['moldau', 'kafka', 'kafka-fsync'] as const satisfies readonly SystemName[];
const FULL_ROUNDS = 3;
const QUICK_SCALE = 0.25;
const LEAST_SCALE = 0.01;
const MOST_SCALE = 10;
const MOST_ROUNDS = 50;

export interface Options {
  readonly groups: readonly Group[];
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  readonly scale: number;
  readonly out: string | undefined;
  readonly name: string;
  readonly data: string | undefined;
  readonly note: string | undefined;
  readonly render: string | undefined;
}

/** The command line was not understood. The message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

function choose<T extends string>(
  flag: string,
  given: string | undefined,
  known: readonly T[],
): readonly T[] {
  if (given === undefined) return known;
  const names = given.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !known.some((other) => other === name));
  if (unknown.length > 0 || names.length === 0) {
    throw new UsageError(`${flag} ${given}: choose from ${known.join(', ')}`);
  }
  return known.filter((name) => names.includes(name));
}

function rounds(given: string | undefined, quick: boolean): number {
  if (given === undefined) return quick ? 1 : FULL_ROUNDS;
  const count = Number(given);
  if (!Number.isInteger(count) || count < 1 || count > MOST_ROUNDS) {
    throw new UsageError(`--rounds ${given}: a whole number from 1 to ${MOST_ROUNDS}`);
  }
  return count;
}

function scale(given: string | undefined, quick: boolean): number {
  if (given === undefined) return quick ? QUICK_SCALE : 1;
  const factor = Number(given);
  if (!(factor >= LEAST_SCALE && factor <= MOST_SCALE)) {
    throw new UsageError(`--scale ${given}: a number from ${LEAST_SCALE} to ${MOST_SCALE}`);
  }
  return factor;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: text,
        systems: text,
        rounds: text,
        scale: text,
        out: text,
        name: text,
        data: text,
        note: text,
        render: text,
      },
    }).values;
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

export function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  const name = values.name ?? (values.quick ? 'quick' : 'side-by-side');
  if (!/^[\w.-]+$/.test(name))
    throw new UsageError(`--name ${name}: letters, digits, dots, dashes, underscores`);
  return {
    groups: choose('--only', values.only, GROUPS),
    systems: choose('--systems', values.systems, SYSTEMS),
    rounds: rounds(values.rounds, values.quick),
    scale: scale(values.scale, values.quick),
    out: values.out,
    name,
    data: values.data,
    note: values.note,
    render: values.render,
  };
}
