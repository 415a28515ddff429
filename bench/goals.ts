// What Moldau has to show against Kafka as shipped, as ratios of the same run.
import { ratio, type Metric, type SummaryRow } from './measurement.ts';

interface Goal {
  readonly what: string;
  readonly row: RegExp;
  readonly metric: Metric;
  readonly wanted: { readonly atLeast: number } | { readonly atMost: number };
}

const GOALS: readonly Goal[] = [
  {
    what: 'durable produce, librdkafka, 1 KB',
    row: /^librdkafka, 1 KB, 1 partition: produce$/,
    metric: 'recordsPerSecond',
    wanted: { atLeast: 1.5 },
  },
  {
    what: 'its CPU per GB',
    row: /^librdkafka, 1 KB, 1 partition: produce$/,
    metric: 'cpuSecondsPerGb',
    wanted: { atMost: 0.6 },
  },
  {
    what: "produce, Java's default producer",
    row: /^Java, .* (1|12) partitions?: produce$/,
    metric: 'recordsPerSecond',
    wanted: { atLeast: 1 },
  },
  {
    what: 'produce, 1,000 partitions',
    row: /^Java, .* 1,000 partitions: produce$/,
    metric: 'recordsPerSecond',
    wanted: { atLeast: 2 },
  },
  { what: 'consume', row: /: consume$/, metric: 'recordsPerSecond', wanted: { atLeast: 1 } },
  { what: 'end to end p99', row: /records\/s of/, metric: 'endToEndP99', wanted: { atMost: 0.5 } },
  { what: 'start', row: /^server$/, metric: 'startMs', wanted: { atMost: 0.1 } },
  { what: 'memory idle', row: /^server$/, metric: 'idleMegabytes', wanted: { atMost: 0.25 } },
  { what: 'memory peak', row: /^librdkafka/, metric: 'peakMegabytes', wanted: { atMost: 0.25 } },
];

export interface Verdict {
  readonly what: string;
  readonly row: string;
  readonly wanted: string;
  readonly measured: number;
  readonly met: boolean;
}

/** Every goal beside every row it speaks of that has been measured. */
export function verdicts(rows: readonly SummaryRow[]): Verdict[] {
  return GOALS.flatMap(({ what, row: pattern, metric, wanted }) =>
    rows
      .filter((row) => row.metric === metric && pattern.test(row.row))
      .flatMap((row) => {
        const measured = ratio(row, 'moldau', 'kafka');
        if (measured === undefined) return [];
        return 'atLeast' in wanted
          ? [
              {
                what,
                row: row.row,
                wanted: `at least ${wanted.atLeast}`,
                measured,
                met: measured >= wanted.atLeast,
              },
            ]
          : [
              {
                what,
                row: row.row,
                wanted: `at most ${wanted.atMost}`,
                measured,
                met: measured <= wanted.atMost,
              },
            ];
      }),
  );
}
