// What fills topics and reads them back: java/TopicTool.java, the official client.
import type { JavaPrograms } from './java-programs.ts';

export interface TopicRecord {
  readonly partition: number;
  readonly timestamp: number;
  readonly key: string;
  readonly value: string;
}

export interface ReadRecord extends TopicRecord {
  readonly offset: number;
}

export class TopicTool {
  readonly #programs: JavaPrograms;
  readonly #bootstrap: string;

  constructor(programs: JavaPrograms, bootstrap: string) {
    this.#programs = programs;
    this.#bootstrap = bootstrap;
  }

  async create(topic: string, partitions: number): Promise<void> {
    await this.#run(['create', this.#bootstrap, topic, String(partitions)]);
  }

  /** Neither keys nor values may have a tab or a line break in them. */
  async write(topic: string, records: readonly TopicRecord[]): Promise<void> {
    const lines = records.map((one) => `${one.partition}\t${one.timestamp}\t${one.key}\t${one.value}\n`);
    await this.#run(['write', this.#bootstrap, topic], lines.join(''));
  }

  /**
   * Everything that read_committed gives, in the order of each partition, once there are `count` records. Rejects if that takes longer than
   * `seconds`, or if a transaction stays open until then.
   */
  async read(topic: string, count: number, seconds: number): Promise<ReadRecord[]> {
    const text = await this.#run(
      ['read', this.#bootstrap, topic, String(count), String(seconds)],
      '',
      seconds,
    );
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const [partition = '', offset = '', timestamp = '', key = '', value = ''] = line.split('\t');
      return { partition: +partition, offset: +offset, timestamp: +timestamp, key, value };
    });
  }

  /** Resolves once the group has committed the end of every partition of the topic. */
  async awaitGroup(group: string, topic: string, seconds: number): Promise<void> {
    await this.#run(['group', this.#bootstrap, group, topic, String(seconds)], '', seconds);
  }

  #run(args: readonly string[], input = '', seconds = 60): Promise<string> {
    return this.#programs.run('TopicTool', args, input, (seconds + 60) * 1000);
  }
}
