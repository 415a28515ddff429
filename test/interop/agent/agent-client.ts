// An InteropClient made of agent processes: one for admin and producing, one more for each member of a group.
import type { Codec, InteropClient, JoinOptions, Member, RowRange } from '../client.ts';
import type { Row } from '../dataset.ts';
import { rowsFile } from '../rows-file.ts';
import type { Scenario } from '../scenario.ts';
import { SESSION_TIMEOUT_MS } from '../session-timeout.ts';
import { AgentProcess } from './agent-process.ts';

export interface AgentClientOptions {
  readonly name: string;
  /** Starts the agent; the bootstrap address is its last argument. */
  readonly command: readonly string[];
  readonly codecs: Readonly<Record<Codec, true | string>>;
  readonly notOffered?: Readonly<Record<string, string>>;
}

export async function startAgentClient(options: AgentClientOptions): Promise<InteropClient> {
  return new AgentClient(options, await AgentProcess.start(options.command));
}

class AgentClient implements InteropClient {
  readonly name: string;
  readonly version: string;
  readonly codecs: Readonly<Record<Codec, true | string>>;
  readonly notOffered: Readonly<Record<string, string>>;
  readonly ownScenarios: readonly Scenario[] = [];
  readonly #command: readonly string[];
  readonly #agent: AgentProcess;

  constructor(options: AgentClientOptions, agent: AgentProcess) {
    this.name = options.name;
    this.version = agent.version;
    this.codecs = options.codecs;
    this.notOffered = options.notOffered ?? {};
    this.#command = options.command;
    this.#agent = agent;
  }

  headersOf(row: Row): Readonly<Record<string, string>> {
    return row.headers;
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.#agent.ask('createTopic', { topic, partitions });
  }

  partitionCount(topic: string): Promise<number> {
    return this.#agent.ask('partitionCount', { topic });
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#agent.ask('addPartitions', { topic, total });
  }

  async produce(topic: string, codec: Codec, rows: RowRange): Promise<void> {
    await this.#agent.ask('produce', { topic, codec, file: rowsFile, ...rows });
  }

  async offsetsForTime(topic: string, timestamp: number): Promise<ReadonlyMap<number, number>> {
    return byPartition(await this.#agent.ask('offsetsForTime', { topic, timestamp }));
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return byPartition(await this.#agent.ask('committed', { group, topic }));
  }

  async join(options: JoinOptions): Promise<Member> {
    const agent = await AgentProcess.start(this.#command);
    try {
      await agent.ask('join', {
        topic: options.topic,
        group: options.group,
        commits: options.commits,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        startAt: options.startAt === undefined ? null : Object.fromEntries(options.startAt.offsets),
      });
    } catch (error) {
      await agent.kill();
      throw error;
    }
    return {
      received: agent.received,
      assigned: agent.assigned,
      changing: agent.changing,
      kill: () => agent.kill(),
      leave: async () => {
        await agent.ask('leave', {});
        await agent.end();
      },
    };
  }

  close(): Promise<void> {
    return this.#agent.end();
  }
}

function byPartition(offsets: Record<string, number>): Map<number, number> {
  return new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]));
}
