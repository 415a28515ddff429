// Kafka's own command-line tools (4.3.1), so its Java producer, consumer and admin client as many operate them.
import type { ClientSource, Codec, InteropClient, JoinOptions, Member, RowRange } from '../client.ts';
import type { Row } from '../dataset.ts';
import { javaScenarios } from '../java/java-scenarios.ts';
import { parseOffsets } from '../java/parse-offsets.ts';
import { JavaTools } from '../java/tools.ts';
import { readRows, rowsFile } from '../rows-file.ts';
import type { Scenario } from '../scenario.ts';
import { SESSION_TIMEOUT_MS } from '../session-timeout.ts';
import { StreamingMember, type Said } from '../streaming-member.ts';

export const javaTools: ClientSource = {
  name: 'java-tools',
  async prepare(bootstrap) {
    return new JavaToolsClient(await JavaTools.install(bootstrap));
  },
};

class JavaToolsClient implements InteropClient {
  readonly name = 'java-tools';
  readonly version: string;
  readonly codecs: Readonly<Record<Codec, true | string>> = {
    none: true,
    gzip: true,
    snappy: true,
    lz4: true,
    zstd: true,
  };
  readonly notOffered: Readonly<Record<string, string>> = {};
  readonly ownScenarios: readonly Scenario[];
  readonly #tools: JavaTools;

  constructor(tools: JavaTools) {
    this.#tools = tools;
    this.version = tools.version;
    this.ownScenarios = javaScenarios(tools);
  }

  headersOf(row: Row): Readonly<Record<string, string>> {
    return row.headers;
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#tools.run('topics', ['--create', '--topic', topic, '--partitions', String(partitions)]);
  }

  async partitionCount(topic: string): Promise<number> {
    const text = await this.#tools.run('topics', ['--describe', '--topic', topic]);
    return Number(/PartitionCount: (\d+)/.exec(text)?.[1] ?? 0);
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#tools.run('topics', ['--alter', '--topic', topic, '--partitions', String(total)]);
  }

  async produce(topic: string, codec: Codec, range: RowRange): Promise<void> {
    const rows = await readRows(rowsFile, range.from, range.to);
    const lines = rows.map(({ headers, key, value }) => {
      const fields = Object.entries(headers).map(([name, text]) => `${name}:${text}`);
      return `${fields.join(',')}\t${key}\t${value}\n`;
    });
    const reader = ['--reader-property', 'parse.key=true', '--reader-property', 'parse.headers=true'];
    const args = [
      '--topic',
      topic,
      '--compression-codec',
      codec,
      '--command-property',
      'acks=all',
      ...reader,
    ];
    await this.#tools.run('producer', args, lines.join(''));
  }

  async offsetsForTime(topic: string, timestamp: number): Promise<ReadonlyMap<number, number>> {
    return parseOffsets(await this.#tools.run('offsets', ['--topic', topic, '--time', String(timestamp)]));
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    const text = await this.#tools.run('groups', ['--describe', '--group', group, '--offsets']);
    const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
    return new Map(
      rows.filter((row) => row[1] === topic).map((row) => [Number(row[2]), Number(row[3])] as const),
    );
  }

  async join(options: JoinOptions): Promise<Member> {
    const { topic, group, commits, startAt } = options;
    if (startAt !== undefined) {
      // The console consumer seeks only in one partition; the groups tool moves a group's offsets to a time instead.
      const moment = new Date(startAt.timestamp).toISOString().replace('Z', '');
      const reset = ['--reset-offsets', '--to-datetime', moment, '--execute'];
      await this.#tools.run('groups', ['--group', group, '--topic', topic, ...reset]);
    }
    const properties = [
      `enable.auto.commit=${commits}`,
      `session.timeout.ms=${SESSION_TIMEOUT_MS}`,
      'heartbeat.interval.ms=500',
      'metadata.max.age.ms=1000',
    ].flatMap((property) => ['--command-property', property]);
    const format = ['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].flatMap((field) => {
      return ['--formatter-property', `print.${field}=true`];
    });
    const args = ['--topic', topic, '--group', group, '--from-beginning', ...properties, ...format];
    return new StreamingMember(this.#tools.java, this.#tools.consoleConsumer(args), understand);
  }

  close(): Promise<void> {
    return this.#tools.close();
  }
}

/** A record (`CreateTime:1700000000000 Partition:0 Offset:5 row:5,source:x KEY VALUE`, by tabs), or the rebalance logger's line. */
function understand(line: string): Said {
  const [time, partition, offset, headers = '', key = '', ...value] = line.split('\t');
  if (time !== undefined && offset?.startsWith('Offset:') === true) {
    return {
      record: {
        partition: numberAfterColon(partition),
        offset: numberAfterColon(offset),
        timestamp: numberAfterColon(time),
        headers: Object.fromEntries(headers.split(',').map((header) => header.split(':'))) as Record<
          string,
          string
        >,
        key,
        value: value.join('\t'),
      },
    };
  }
  const rebalance =
    /\] (Adding newly assigned|Revoke previously assigned|Lost previously assigned) partitions:? \[?(.*?)\]?$/.exec(
      line,
    );
  if (rebalance === null) return undefined;
  const partitions = Array.from(rebalance[2]?.matchAll(/-(\d+)(?:,|$)/g) ?? [], ([, index]) => Number(index));
  return rebalance[1]?.startsWith('Adding') === true ? { assigned: partitions } : { revoked: partitions };
}

function numberAfterColon(text: string | undefined): number {
  return Number(text?.slice(text.indexOf(':') + 1));
}
