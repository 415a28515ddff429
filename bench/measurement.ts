// What the bench measures, and how its figures are brought together.
//
//   sample     one figure of one system in one round: (row, metric, system, round) -> value
//   summary    the same without rounds: the median of them per system
//   ratio      one system's median by another's of the same run; nothing is compared across runs
import type { SystemName } from './system.ts';

/** What `--only` chooses from. */
export const GROUPS = [
  'produce',
  'consume',
  'durable',
  'partitions',
  'latency',
  'transactions',
  'compacted',
  'start',
] as const;
export type Group = (typeof GROUPS)[number];

interface MetricInfo {
  readonly title: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly digits: number;
}

/** Every metric, in the order in which a table shows them. */
export const METRICS = {
  recordsPerSecond: { title: 'throughput', unit: 'records/s', better: 'higher', digits: 0 },
  megabytesPerSecond: { title: 'throughput', unit: 'MB/s', better: 'higher', digits: 1 },
  cpuSecondsPerGb: { title: 'server CPU', unit: 's per GB', better: 'lower', digits: 2 },
  busyCores: { title: 'server busy', unit: 'cores', better: 'lower', digits: 2 },
  endToEndP50: { title: 'end to end p50', unit: 'ms', better: 'lower', digits: 2 },
  endToEndP99: { title: 'end to end p99', unit: 'ms', better: 'lower', digits: 2 },
  endToEndP999: { title: 'end to end p99.9', unit: 'ms', better: 'lower', digits: 2 },
  acknowledgedP50: { title: 'acknowledged p50', unit: 'ms', better: 'lower', digits: 2 },
  acknowledgedP99: { title: 'acknowledged p99', unit: 'ms', better: 'lower', digits: 2 },
  acknowledgedP999: { title: 'acknowledged p99.9', unit: 'ms', better: 'lower', digits: 2 },
  transactionsPerSecond: { title: 'transactions', unit: 'per second', better: 'higher', digits: 0 },
  commitP50: { title: 'commit p50', unit: 'ms', better: 'lower', digits: 2 },
  commitP99: { title: 'commit p99', unit: 'ms', better: 'lower', digits: 2 },
  commitP999: { title: 'commit p99.9', unit: 'ms', better: 'lower', digits: 2 },
  diskMegabytes: { title: 'on disk at the end', unit: 'MB', better: 'lower', digits: 0 },
  startMs: { title: 'start', unit: 'ms', better: 'lower', digits: 0 },
  idleMegabytes: { title: 'memory idle', unit: 'MB', better: 'lower', digits: 0 },
  peakMegabytes: { title: 'memory peak', unit: 'MB', better: 'lower', digits: 0 },
} as const satisfies Record<string, MetricInfo>;

export type Metric = keyof typeof METRICS;

/** One measured value, before it is known of which round it is. */
export interface Figure {
  readonly group: Group;
  /** What was done, in words: `Java, 1 KB, 12 partitions: produce`. */
  readonly row: string;
  readonly metric: Metric;
  readonly value: number;
}

export interface Sample extends Figure {
  readonly system: SystemName;
  readonly round: number;
}

/** A part of a run that did not come to its end. */
export interface Failure {
  readonly scenario: string;
  readonly system: SystemName;
  readonly round: number;
  readonly reason: string;
}

export interface SummaryRow {
  readonly group: Group;
  readonly row: string;
  readonly metric: Metric;
  /** The median over the rounds; absent when a system has no figure. */
  readonly medians: ReadonlyMap<SystemName, number>;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values, no median');
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (lower + upper) / 2;
}

/** Groups the samples by row and metric, in the order in which they first came. */
export function summarize(samples: readonly Sample[]): SummaryRow[] {
  const rows = Map.groupBy(samples, ({ row, metric }) => `${row}\n${metric}`);
  return [...rows.values()].map((members) => {
    const [first] = members as [Sample, ...Sample[]];
    const bySystem = Map.groupBy(members, ({ system }) => system);
    const medians = new Map(
      [...bySystem].map(([name, own]) => [name, median(own.map(({ value }) => value))]),
    );
    return { group: first.group, row: first.row, metric: first.metric, medians };
  });
}

/** `subject` by `base`, or undefined when one of them has no figure (or the base is zero). */
export function ratio(row: SummaryRow, subject: SystemName, base: SystemName): number | undefined {
  const above = row.medians.get(subject);
  const below = row.medians.get(base);
  return above === undefined || below === undefined || below === 0 ? undefined : above / below;
}

/** How many times better the subject is: above 1 is better, whichever way the metric points. */
export function timesBetter(row: SummaryRow, subject: SystemName, base: SystemName): number | undefined {
  const plain = ratio(row, subject, base);
  if (plain === undefined || plain === 0) return undefined;
  return METRICS[row.metric].better === 'higher' ? plain : 1 / plain;
}
