// The normal client beside the attack: kafkajs produces and a group member of its own consumes, round after round. It must see
// no error, and every record within the usual patience.
import { join } from 'node:path';
import { AgentProcess } from '../interop/agent/agent-process.ts';
import { clientsNode, installClientsNode } from '../interop/clients-node/folder.ts';
import { loadRows } from '../interop/dataset.ts';
import { askUntil, until } from '../interop/deadline.ts';
import { rowsFile, writeRowsFile } from '../interop/rows-file.ts';
import type { Findings } from './findings.ts';

const ROUND = 200;

export class Bystander {
  readonly #producer: AgentProcess;
  readonly #consumer: AgentProcess;
  readonly #topic: string;
  readonly #findings: Findings;
  /** Rounds done, and the longest of them. */
  rounds = 0;
  slowestMs = 0;

  private constructor(producer: AgentProcess, consumer: AgentProcess, topic: string, findings: Findings) {
    this.#producer = producer;
    this.#consumer = consumer;
    this.#topic = topic;
    this.#findings = findings;
  }

  /** Starts both, creates the topic and joins the group; before the attack begins. */
  static async start(bootstrap: string, findings: Findings): Promise<Bystander> {
    await installClientsNode();
    writeRowsFile(loadRows(Date.now()));
    const command = [process.execPath, join(clientsNode, 'kafkajs-agent.ts'), bootstrap];
    const [producer, consumer] = await Promise.all([
      AgentProcess.start(command),
      AgentProcess.start(command),
    ]);
    const topic = `bystander-${process.pid}`;
    await producer.ask('createTopic', { topic, partitions: 3 });
    await askUntil(
      'the topic',
      () => producer.ask('partitionCount', { topic }),
      (count) => count === 3,
    );
    await consumer.ask('join', {
      topic,
      group: topic,
      commits: true,
      sessionTimeoutMs: 10_000,
      startAt: null,
    });
    await until(
      [consumer.changing],
      'the bystander to have its partitions',
      () => consumer.assigned.size === 3,
    );
    return new Bystander(producer, consumer, topic, findings);
  }

  /** Produces and consumes until `time` (of performance.now); what goes wrong is a finding. */
  async run(time: number): Promise<void> {
    while (performance.now() < time) {
      const started = performance.now();
      try {
        const from = (this.rounds * ROUND) % 10_000;
        const wanted = (this.rounds + 1) * ROUND;
        await this.#producer.ask('produce', {
          topic: this.#topic,
          codec: 'none',
          file: rowsFile,
          from,
          to: from + ROUND,
        });
        await until(
          [this.#consumer.changing],
          `${wanted} records`,
          () => this.#consumer.received.distinct >= wanted,
        );
        if (this.#consumer.received.distinct > wanted) throw new Error('more records than were produced');
      } catch (error) {
        this.#findings.add(
          'the normal client failed',
          error instanceof Error ? error.message : String(error),
        );
        return;
      }
      this.rounds += 1;
      this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#producer.end(), this.#consumer.end()]);
  }
}
