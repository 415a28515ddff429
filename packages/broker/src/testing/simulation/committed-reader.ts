// Reads one partition of the copy as a consumer with isolation level read_committed does, from its beginning on and then on and on, and judges what it
// gets (copy-history.ts).
import { ErrorCode } from '@moldau/protocol';
import type { PartitionData } from '@moldau/protocol/generated/fetch.ts';
import { batchNextOffset } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { inOnePiece } from '../batches.ts';
import { fetch } from '../calls.ts';
import { consumedRecords } from '../transaction-calls.ts';
import { Unanswered, type BrokerConnections } from './broker-connections.ts';
import type { CopyHistory } from './copy-history.ts';
import { mayRetry, violated, type SimulatedRun } from './world.ts';

export const READ_COMMITTED = 1;
const MAX_PAUSE_MS = 60;

export class CommittedReader {
  readonly #world: SimulatedRun;
  readonly #history: CopyHistory;
  readonly #topic: string;
  readonly #partition: number;
  readonly #connections: BrokerConnections;
  readonly #random: SeededRandom;
  #position = 0;
  /** The last answer left nothing open: the last stable offset was the end. */
  #isStable = false;

  constructor(
    world: SimulatedRun,
    history: CopyHistory,
    topic: string,
    partition: number,
    connections: BrokerConnections,
  ) {
    this.#world = world;
    this.#history = history;
    this.#topic = topic;
    this.#partition = partition;
    this.#connections = connections;
    this.#random = world.cluster.random.fork();
  }

  get name(): string {
    return `${this.#topic}/${this.#partition}`;
  }

  /** Why there is no rest yet. */
  get unrest(): string | undefined {
    return this.#isStable
      ? undefined
      : `${this.name} is read to ${this.#position} and has open transactions behind`;
  }

  async run(): Promise<void> {
    while (!this.#world.over) {
      try {
        await this.#read();
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
      }
      await this.#world.cluster.sleep(this.#random.integer(MAX_PAUSE_MS));
    }
  }

  async #read(): Promise<void> {
    const leader = await this.#connections.leader(this.#topic, this.#partition);
    const data = await this.#connections.use(leader, (client) =>
      fetch(client, this.#topic, this.#position, {
        partition: this.#partition,
        maxWaitMs: 20,
        isolationLevel: READ_COMMITTED,
      }),
    );
    if (data.errorCode !== ErrorCode.NONE) {
      mayRetry(this.#world, `Fetch of ${this.name} at ${this.#position}`, data.errorCode);
      this.#connections.forgetLeaders();
      return;
    }
    const problems = this.#history.stableOffset(this.name, data.lastStableOffset, data.highWatermark);
    for (const { offset, value } of consumedRecords(data)) {
      if (offset >= this.#position) problems.push(...this.#history.read(this.name, offset, value));
    }
    for (const problem of problems) violated(this.#world, problem);
    this.#position = endOf(data) ?? this.#position;
    this.#isStable = data.lastStableOffset === data.highWatermark && this.#position >= data.highWatermark;
  }
}

/** The offset behind the last batch of an answer. */
export function endOf(data: PartitionData): number | undefined {
  const bytes = inOnePiece(data.records);
  let end: number | undefined;
  for (const at of batchPositions(bytes)) end = batchNextOffset(bytes, at);
  return end;
}
