// `moldau adopt`: copies the topics of a stopped Kafka node into a data folder. The work is in the broker's adopt/; here are the options, the progress
// and the summary.
//
// Exit codes: 0 adopted (or, with --dry-run, could be), 1 refused or failed with nothing adopted, 2 wrong arguments.
import { resolve } from 'node:path';
import type { AdoptProgress, AdoptReport } from '@moldau/broker/adopt/adopt.ts';
import { NodeClock } from '@moldau/runtime/node/node-clock.ts';
import { NodeDisk } from '@moldau/runtime/node/node-disk.ts';
import { NodeRandom } from '@moldau/runtime/node/node-random.ts';
import { Option, type Command } from 'commander';
import { bytesText, textTable } from './text-table.ts';

const DEFAULT_DATA = './data';
/** Between two lines of progress, in ms. */
const PROGRESS_MS = 100;

interface AdoptCommandOptions {
  readonly from: readonly string[];
  readonly data: string;
  readonly link?: boolean;
  readonly dryRun?: boolean;
  readonly topic?: readonly string[];
  readonly withoutGroups?: boolean;
  readonly allowMissing?: boolean;
  readonly allowGaps?: boolean;
}

const gather = (value: string, all: readonly string[] = []): string[] => [...all, value];

export function addAdopt(program: Command): void {
  program
    .command('adopt')
    .description(
      "copy the topics of a stopped Kafka node (3.x or 4.x) into a data folder: records at their offsets, groups' commits, producers' state",
    )
    .requiredOption(
      '--from <folder>',
      'a log directory of the node (an entry of its log.dirs); repeat it for further ones. Only read, and Kafka cannot start on it meanwhile',
      gather,
    )
    .option('--data <folder>', "Moldau's data folder; made if missing", DEFAULT_DATA)
    .addOption(
      new Option(
        '--link',
        'give closed segments a second name (hard link) instead of copying them: quick, and takes no space. ' +
          'Moldau never changes an adopted segment, it appends to new ones; but the bytes are shared, so do not let Kafka run on its folder again',
      ).conflicts('copy'),
    )
    .option('--copy', 'copy every byte (the default)')
    .option('--dry-run', 'read and check everything, write nothing')
    .option(
      '--topic <name>',
      'only these topics; * stands for any text; may be repeated. The topics of groups and transactions come along',
      gather,
    )
    .option('--without-groups', 'leave out commits of groups and state of transactions')
    .option('--allow-missing', 'let partitions that are in none of the folders begin empty')
    .option('--allow-gaps', 'take topics that are not compacted although segments are missing')
    .action((options: AdoptCommandOptions) => run(options));
}

async function run(options: AdoptCommandOptions): Promise<void> {
  const { adopt } = await import('@moldau/broker/adopt/adopt.ts');
  const { AdoptError } = await import('@moldau/broker/adopt/adopt-error.ts');
  const data = resolve(options.data);
  const progress = new ProgressLine();
  try {
    const report = await adopt({
      disk: new NodeDisk(),
      clock: new NodeClock(),
      random: new NodeRandom(),
      from: options.from.map((folder) => resolve(folder)),
      data,
      link: options.link === true,
      dryRun: options.dryRun === true,
      topics: options.topic,
      withoutGroups: options.withoutGroups === true,
      allowMissing: options.allowMissing === true,
      allowGaps: options.allowGaps === true,
      onProgress: (now) => progress.show(now),
    });
    progress.clear();
    process.stdout.write(reportText(report, data, options.dryRun === true));
  } catch (error) {
    progress.clear();
    const reason = error instanceof Error ? error.message : String(error);
    const stays = error instanceof AdoptError ? '' : ' Nothing was adopted.';
    process.stderr.write(`moldau: ${reason}${stays}\n`);
    process.exitCode = 1;
  }
}

function reportText(report: AdoptReport, data: string, dryRun: boolean): string {
  const rows = report.topics.map(({ name, partitions, offsets, bytes }) => [
    name,
    String(partitions),
    String(offsets),
    bytesText(bytes),
  ]);
  const sum = (of: (topic: AdoptReport['topics'][number]) => number): number =>
    report.topics.reduce((total, topic) => total + of(topic), 0);
  rows.push([
    `${report.topics.length} topics`,
    String(sum((topic) => topic.partitions)),
    String(sum((topic) => topic.offsets)),
    bytesText(sum((topic) => topic.bytes)),
  ]);
  const table = textTable(['topic', 'partitions', 'offsets', 'size'], rows);
  const notices = report.notices.map((notice) => `note: ${notice}\n`).join('');
  const groups = `${report.groups} groups with committed offsets\n`;
  const end = dryRun
    ? 'This was a dry run: nothing was written.\n'
    : `Adopted into ${data}. Start it with "moldau serve --data ${data}", with the retention settings of Kafka's server.properties (--config): the defaults apply otherwise.\n`;
  return `${table}${groups}${notices}${end}`;
}

/** One line on a terminal that is written over; nothing anywhere else. */
class ProgressLine {
  #shownAt = 0;
  #shown = false;

  show({ partition, bytes, totalBytes }: AdoptProgress): void {
    if (!process.stderr.isTTY) return;
    const now = performance.now();
    if (now - this.#shownAt < PROGRESS_MS) return;
    this.#shownAt = now;
    this.#shown = true;
    const percent = totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes);
    process.stderr.write(
      `\r\u001b[K${percent}% (${bytesText(bytes)} of ${bytesText(totalBytes)}) ${partition}`,
    );
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[K');
  }
}
