// The page that a run leaves behind: what was compared and how, what was wanted, every figure, and the ratios.
import { verdicts } from './goals.ts';
import type { Machine } from './machine.ts';
import {
  median,
  METRICS,
  ratio,
  summarize,
  type Failure,
  type Sample,
  type SummaryRow,
} from './measurement.ts';
import { NOISY_CORES } from './other-work.ts';
import type { SystemName } from './system.ts';

/** Everything that a run found; what the .json file holds. */
export interface RunResult {
  readonly date: string;
  readonly name: string;
  readonly rounds: number;
  /** 1 for the full amounts. */
  readonly scale: number;
  readonly machine: Machine;
  readonly systems: readonly { readonly name: SystemName; readonly title: string }[];
  readonly samples: readonly Sample[];
  readonly failures: readonly Failure[];
  /** Cores that other programs used just before each scenario. */
  readonly otherWork: readonly number[];
}

const HOW = `Each scenario starts a server with an empty data folder, warms it up and measures it; it is run for one system after
the other before the next scenario begins, and all of it once a round. Figures are medians of the rounds. The server (all
of its processes) is pinned to one core, the load to another; data is on the same disk. Java rows: Kafka's own
ProducerPerformance and ConsumerPerformance with their defaults (acks=all, idempotent), rates without the producer's warm-up and without
the consumer's joining. librdkafka rows: rdkafka_performance, acks=all, linger.ms=5. Latency: a librdkafka producer and
consumer in one process at a fixed pace, linger.ms=0, counted from the moment a record was due. CPU: user and
system time of the server by bytes of record values. Server busy: cores in use during the load; well below 1 means that the
load was the limit. Transactions: librdkafka, linger.ms=0, a commit counted from the last produce. Compacted: segments of 16 MB, dirty at
1 percent, the cleaner's defaults otherwise, size taken 90 s after the load. Memory: resident, idle 3 s after the start and at its peak. Start: from the spawn of the command to
the first answer to ApiVersions, in a data folder that was set up before. 1 KB is 1,024 bytes, 1 MB and 1 GB are powers of ten.`;

export function number(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function ratioText(value: number | undefined): string {
  return value === undefined ? '' : number(value, value < 0.1 ? 3 : 2);
}

function table(
  header: readonly string[],
  right: readonly boolean[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|${right.map((numeric) => (numeric ? '---:' : '---')).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

/** The system whose figures are divided, and those they are divided by. */
export function comparison(result: RunResult): { subject: SystemName; bases: RunResult['systems'] } {
  const subject = result.systems.find(({ name }) => name === 'moldau') ?? result.systems.at(-1);
  if (subject === undefined) throw new Error('a run of no systems has nothing to report');
  return { subject: subject.name, bases: result.systems.filter(({ name }) => name !== subject.name) };
}

function figures(result: RunResult, rows: readonly SummaryRow[]): string {
  const { subject, bases } = comparison(result);
  const header = [
    'what',
    'measure',
    ...result.systems.map(({ name }) => name),
    ...bases.map(({ name }) => `${subject} / ${name}`),
  ];
  return table(
    header,
    header.map((_, index) => index >= 2),
    rows.map((row) => {
      const { title, unit, digits } = METRICS[row.metric];
      const absolute = result.systems.map(({ name }) => {
        const value = row.medians.get(name);
        return value === undefined ? '' : number(value, digits);
      });
      return [
        row.row,
        `${title}, ${unit}`,
        ...absolute,
        ...bases.map(({ name }) => ratioText(ratio(row, subject, name))),
      ];
    }),
  );
}

function wanted(rows: readonly SummaryRow[]): string {
  const list = verdicts(rows);
  if (list.length === 0) return '';
  const lines = list.map((verdict) => [
    verdict.what,
    verdict.row,
    verdict.wanted,
    ratioText(verdict.measured),
    verdict.met ? 'yes' : '**no**',
  ]);
  const header = ['wanted', 'row', 'ratio to Kafka as shipped', 'measured', 'met'];
  return `## What was wanted\n\n${table(header, [false, false, false, true, false], lines)}\n`;
}

function quietness(otherWork: readonly number[]): string {
  if (otherWork.length === 0) return '';
  const noisy = otherWork.filter((cores) => cores > NOISY_CORES).length;
  const typical = number(median(otherWork), 2);
  const most = number(Math.max(...otherWork), 2);
  const text = `Other programs used ${typical} cores (median; at most ${most}) just before the scenarios.`;
  return noisy === 0
    ? text
    : `${text} **${noisy} of ${otherWork.length} scenarios began on a machine that was not idle: their figures are noise.**`;
}

export function markdown(result: RunResult, note: string, chartFile: string | undefined): string {
  const rows = summarize(result.samples);
  const { machine } = result;
  const amounts =
    result.scale >= 1 ? `amounts × ${result.scale}` : `amounts × ${result.scale}: a smoke test, not a result`;
  const parts = [
    `# ${result.date} ${result.name}`,
    `${result.rounds} ${result.rounds === 1 ? 'round' : 'rounds'}, ${amounts}. ${machine.cores} cores of ${machine.cpu}, ` +
      `${machine.memoryGb} GB, ${machine.filesystem}, Node ${machine.node}.`,
    result.systems.map(({ name, title }) => `- ${name}: ${title}`).join('\n'),
    quietness(result.otherWork),
    chartFile === undefined ? '' : `![How many times better](${chartFile})`,
    note.trim(),
    wanted(rows),
    `## All figures\n\n${figures(result, rows)}`,
    result.failures.length === 0
      ? ''
      : `## What failed\n\n${result.failures
          .map(({ scenario, system, round, reason }) => `- ${scenario}, ${system}, round ${round}: ${reason}`)
          .join('\n')}`,
    `## How it was measured\n\n${HOW}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
