// kcat (once kafkacat), the command-line tool on librdkafka, from the system's package: an older librdkafka than Python's
// wheel. It produces, consumes, lists metadata and queries offsets; it has no admin requests: those are made through kafkajs.
import { spawnSync } from 'node:child_process';
import type { ClientSource, Codec, InteropClient, JoinOptions, Member, RowRange } from '../client.ts';
import { SOURCE } from '../dataset.ts';
import { MissingTool, findCommand } from '../missing-tool.ts';
import { readRows, rowsFile } from '../rows-file.ts';
import { runCommand } from '../run-command.ts';
import type { Scenario } from '../scenario.ts';
import { SESSION_TIMEOUT_MS } from '../session-timeout.ts';
import { StreamingMember, type Said } from '../streaming-member.ts';
import { kafkajs } from './kafkajs.ts';

const NO_ADMIN = 'kcat has no admin requests';
/** A record a line. The fields but the value cannot hold a tab; headers are `name=value,...`. */
const FORMAT = '%p\\t%o\\t%T\\t%h\\t%k\\t%s\\n';

export const kcat: ClientSource = {
  name: 'kcat',
  async prepare(bootstrap) {
    const command = findCommand(['kcat', 'kafkacat']) ?? (await installPackage());
    const { stdout } = spawnSync(command, ['-V'], { encoding: 'utf8' });
    const version = /Version (\S+).*librdkafka ([\d.]+)/.exec(stdout);
    return new KcatClient(
      command,
      `${version?.[1]} (librdkafka ${version?.[2]})`,
      bootstrap,
      await kafkajs.prepare(bootstrap),
    );
  },
};

/** As root on a Debian system the package is installed; its name differs from release to release. */
async function installPackage(): Promise<string> {
  if (process.getuid?.() !== 0 || findCommand(['apt-get']) === undefined) {
    throw new MissingTool('no kcat on the PATH, and no apt-get to install it as root');
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await runCommand('apt-get', ['update', '-qq'], { deadlineMs: 120_000, env });
  for (const name of ['kcat', 'kafkacat']) {
    try {
      await runCommand('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], {
        deadlineMs: 180_000,
        env,
      });
      return findCommand(['kcat', 'kafkacat']) ?? name;
    } catch {
      // The other name may be there.
    }
  }
  throw new MissingTool('neither kcat nor kafkacat can be installed by apt-get');
}

class KcatClient implements InteropClient {
  readonly name = 'kcat';
  readonly version: string;
  readonly codecs: Readonly<Record<Codec, true | string>> = {
    none: true,
    gzip: true,
    snappy: true,
    lz4: true,
    zstd: true,
  };
  readonly notOffered: Readonly<Record<string, string>> = { 'create topic': NO_ADMIN };
  readonly ownScenarios: readonly Scenario[] = [];
  readonly #command: string;
  readonly #bootstrap: string;
  readonly #admin: InteropClient;

  constructor(command: string, version: string, bootstrap: string, admin: InteropClient) {
    this.#command = command;
    this.version = version;
    this.#bootstrap = bootstrap;
    this.#admin = admin;
  }

  /** kcat gives the same headers to all records of a run. */
  headersOf(): Readonly<Record<string, string>> {
    return { source: SOURCE };
  }

  createTopic(topic: string, partitions: number): Promise<void> {
    return this.#admin.createTopic(topic, partitions);
  }

  addPartitions(topic: string, total: number): Promise<void> {
    return this.#admin.addPartitions(topic, total);
  }

  committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#admin.committed(group, topic);
  }

  async partitionCount(topic: string): Promise<number> {
    const metadata = JSON.parse(await this.#run(['-L', '-J', '-t', topic])) as {
      topics: { topic: string; partitions: { leader: number }[] }[];
    };
    const partitions = metadata.topics.find((one) => one.topic === topic)?.partitions ?? [];
    return partitions.filter(({ leader }) => leader >= 0).length;
  }

  async produce(topic: string, codec: Codec, rows: RowRange): Promise<void> {
    const lines = (await readRows(rowsFile, rows.from, rows.to)).map(
      ({ key, value }) => `${key}\t${value}\n`,
    );
    const args = ['-P', '-t', topic, '-K', '\\t', '-z', codec, '-H', `source=${SOURCE}`, '-X', 'acks=all'];
    await this.#run(args, lines.join(''));
  }

  async offsetsForTime(topic: string, timestamp: number): Promise<ReadonlyMap<number, number>> {
    const partitions = Array.from({ length: await this.partitionCount(topic) }, (_, index) => index);
    const text = await this.#run([
      '-Q',
      ...partitions.flatMap((index) => ['-t', `${topic}:${index}:${timestamp}`]),
    ]);
    const found = text.matchAll(/ \[(\d+)\] offset (-?\d+)/g);
    return new Map(Array.from(found, ([, partition, offset]) => [Number(partition), Number(offset)]));
  }

  async join(options: JoinOptions): Promise<Member> {
    const { topic, group, commits, startAt } = options;
    // Its group mode cannot seek; reading from a moment on is a mode of its own, without a group.
    const mode =
      startAt === undefined ? ['-G', group, topic] : ['-C', '-t', topic, '-o', `s@${startAt.timestamp}`];
    const settings = [
      `enable.auto.commit=${commits}`,
      'auto.offset.reset=earliest',
      `session.timeout.ms=${SESSION_TIMEOUT_MS}`,
      'heartbeat.interval.ms=500',
      'topic.metadata.refresh.interval.ms=1000',
    ];
    const args = [
      '-b',
      this.#bootstrap,
      '-u',
      '-f',
      FORMAT,
      ...settings.flatMap((setting) => ['-X', setting]),
      ...mode,
    ];
    return new StreamingMember(this.#command, args, understand);
  }

  close(): Promise<void> {
    return this.#admin.close();
  }

  #run(args: readonly string[], input?: string): Promise<string> {
    return runCommand(this.#command, ['-b', this.#bootstrap, ...args], { input });
  }
}

/** A record as FORMAT has it, or `% Group g rebalanced (memberid m): assigned: t [0], t [1]`. */
function understand(line: string): Said {
  const [partition, offset, timestamp, headers = '', key, ...value] = line.split('\t');
  if (key !== undefined) {
    return {
      record: {
        partition: Number(partition),
        offset: Number(offset),
        timestamp: Number(timestamp),
        headers: Object.fromEntries(headers.split(',').map((header) => header.split('='))) as Record<
          string,
          string
        >,
        key,
        value: value.join('\t'),
      },
    };
  }
  const rebalance = /^% Group .* rebalanced .*: (assigned|revoked): (.*)$/.exec(line);
  if (rebalance === null) return undefined;
  const partitions = Array.from(rebalance[2]?.matchAll(/ \[(\d+)\]/g) ?? [], ([, index]) => Number(index));
  return rebalance[1] === 'assigned' ? { assigned: partitions } : { revoked: partitions };
}
