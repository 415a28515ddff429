// An administrator who moves partitions from broker to broker while others work with them: those of topics, and those that coordinators keep their state
// in, so that coordinators move too.
import {
  alterPartitionReassignmentsRequest,
  alterPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/alter-partition-reassignments.ts';
import { electLeadersRequest, electLeadersResponse } from '@moldau/protocol/generated/elect-leaders.ts';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { ask } from '../ask.ts';
import { Unanswered, type BrokerConnections } from './broker-connections.ts';
import type { SimulatedRun } from './world.ts';

const MAX_PAUSE_MS = 500;
const TIMEOUT_MS = 1000;
const PREFERRED = 0;

export interface MovablePartition {
  readonly topic: string;
  readonly partition: number;
}

export class LeaderMoves {
  readonly #world: SimulatedRun;
  readonly #connections: BrokerConnections;
  readonly #partitions: readonly MovablePartition[];
  readonly #brokerIds: readonly number[];
  readonly #random: SeededRandom;
  moves = 0;

  constructor(
    world: SimulatedRun,
    connections: BrokerConnections,
    partitions: readonly MovablePartition[],
    brokerIds: readonly number[],
  ) {
    this.#world = world;
    this.#connections = connections;
    this.#partitions = partitions;
    this.#brokerIds = brokerIds;
    this.#random = world.cluster.random.fork();
  }

  /** Until the world drains. */
  async run(): Promise<void> {
    while (!this.#world.draining) {
      await this.#world.cluster.sleep(this.#random.integer(MAX_PAUSE_MS));
      try {
        await this.#move();
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
      }
    }
  }

  async #move(): Promise<void> {
    const { topic, partition } = this.#partitions[this.#random.integer(this.#partitions.length)]!;
    const first = this.#random.integer(this.#brokerIds.length);
    const replicas = [...this.#brokerIds.slice(first), ...this.#brokerIds.slice(0, first)];
    const reassignment = {
      timeoutMs: TIMEOUT_MS,
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, replicas }] }],
    };
    const broker = this.#random.integer(this.#brokerIds.length);
    await this.#connections.use(broker, (client) =>
      ask(client, alterPartitionReassignmentsRequest, alterPartitionReassignmentsResponse, reassignment),
    );
    const election = {
      electionType: PREFERRED,
      topicPartitions: [{ topic, partitions: [partition] }],
      timeoutMs: TIMEOUT_MS,
    };
    await this.#connections.use(broker, (client) =>
      ask(client, electLeadersRequest, electLeadersResponse, election),
    );
    this.moves += 1;
  }
}
