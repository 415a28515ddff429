// What Kafka's own DumpLogSegments says of files: complaints, and the records it read.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ToolRunner } from '../java/tool-runner.ts';

const READ_BY_KAFKA = /\.(log|index|timeindex|txnindex|snapshot)$/;
/** Every way in which the tool says that something is wrong, but for offsets that do not follow on each other. */
const COMPLAINT = /isvalid: false|Exception|Found |mismatch|out of order|corrupt|invalid bytes/i;
/** Told of every segment that does not begin at offset 0 (after -1), and of the gaps that compaction leaves. */
const NOT_CONSECUTIVE = /^Non-consecutive offsets in (.+)$/;
const FOLLOWED = /^ +(-?\d+) is followed by (\d+)$/;
const COMPACTED = /^(compacted|__consumer_offsets|__transaction_state)-\d+$/;
const RECORD = /^\| offset: (\d+) \w+: (-?\d+) keySize: (-?\d+) .*? key: (.*?)(?: payload: |$)/;

export interface KafkasView {
  /** Files that were read. */
  readonly files: number;
  readonly complaints: readonly string[];
  /** `topic-partition offset timestamp key` of each record that is no marker, as `AdoptTool read` sums keys up. */
  readonly records: ReadonlySet<string>;
}

/** Lets Kafka's tool read every file of the partitions below `logs` that it knows. */
export async function dumpWithKafka(tools: ToolRunner, logs: string): Promise<KafkasView> {
  const files = readdirSync(logs, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /-\d+$/.test(entry.name))
    .flatMap(({ name }) => readdirSync(join(logs, name)).map((file) => join(logs, name, file)))
    .filter((file) => READ_BY_KAFKA.test(file));
  const args = ['--files', files.join(','), '--print-data-log'];
  const output = await tools.run('org.apache.kafka.tools.DumpLogSegments', args, '');
  const complaints: string[] = [];
  const records = new Set<string>();
  let partition = '';
  let gapsIn = '';
  let dumped = 0;
  for (const line of output.split('\n')) {
    const dumping = /^Dumping (.+)$/.exec(line)?.[1];
    if (dumping !== undefined) {
      dumped += 1;
      partition = dumping.split(/[\\/]/).at(-2) ?? '';
      continue;
    }
    const record = RECORD.exec(line);
    if (record === null) {
      gapsIn = NOT_CONSECUTIVE.exec(line)?.[1]?.split(/[\\/]/).at(-2) ?? gapsIn;
      const [, before] = FOLLOWED.exec(line) ?? [];
      const gap = before !== undefined && before !== '-1' && !COMPACTED.test(gapsIn);
      if (gap) complaints.push(`${gapsIn}: ${line.trim()}`);
      if (COMPLAINT.test(line)) complaints.push(line.slice(0, 300));
      continue;
    }
    const [, offset, timestamp, size, key = ''] = record;
    const sum = size === '-1' ? 'null' : `${size}#${crc32(key).toString(16)}`;
    records.add(`${partition} ${offset} ${timestamp} ${sum}`);
  }
  if (dumped !== files.length) complaints.push(`${dumped} of ${files.length} files were read`);
  return { files: files.length, complaints, records };
}
