// An idempotent producer as Kafka's clients are: up to five batches of a partition under way, all that is not acknowledged sent again in the same
// order with the same sequences until it is.
import { ErrorCode } from '@moldau/protocol';
import {
  initProducerIdRequest,
  initProducerIdResponse,
  newInitProducerIdRequest,
} from '@moldau/protocol/generated/init-producer-id.ts';
import { produceRequest, produceResponse } from '@moldau/protocol/generated/produce.ts';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { sequenced } from '../batches.ts';
import { PRODUCE_BY_NAME, produceTo } from '../calls.ts';
import { Unanswered, untilAnswered, type BrokerConnections } from './broker-connections.ts';
import type { PartitionHistory } from './partition-history.ts';
import { between, mayRetry, violated, type World } from './world.ts';

const MAX_IN_FLIGHT = 5;
const MAX_RECORDS = 3;
const MAX_FILLING = 2000;
const MAX_PAUSE_MS = 60;

interface PendingBatch {
  readonly sequence: number;
  readonly values: readonly string[];
}

/** How sending one batch ended: acknowledged at an offset, refused, or not answered. */
type Sent = { readonly baseOffset: number } | { readonly error: number } | undefined;

export class IdempotentProducer {
  readonly #world: World;
  readonly #name: string;
  readonly #connections: BrokerConnections;
  readonly #random: SeededRandom;

  constructor(world: World, name: string, connections: BrokerConnections) {
    this.#world = world;
    this.#name = name;
    this.#connections = connections;
    this.#random = world.cluster.random.fork();
  }

  /** Writes to every partition until the world drains; resolves when all of it is acknowledged. */
  async run(): Promise<void> {
    const { cluster } = this.#world;
    const message = newInitProducerIdRequest({ transactionalId: null, transactionTimeoutMs: 1000 });
    const id = await untilAnswered(
      cluster,
      () => this.#world.over,
      async () => {
        const answer = await this.#connections.request(
          0,
          initProducerIdRequest,
          initProducerIdResponse,
          message,
          5,
        );
        if (answer.errorCode === ErrorCode.NONE) return answer.producerId;
        mayRetry(this.#world, 'InitProducerId', answer.errorCode);
        return undefined;
      },
    );
    if (id === undefined) return;
    await Promise.all([...this.#world.partitions.values()].map((partition) => this.#write(partition, id)));
  }

  async #write(partition: PartitionHistory, producerId: number): Promise<void> {
    const world = this.#world;
    const pending: PendingBatch[] = [];
    let next = 0;
    let acknowledged = 0;
    while (!world.over) {
      // The first batch of all goes alone: a broker takes any sequence from a producer that it does not know.
      const most = acknowledged === 0 ? 1 : between(this.#random, 1, MAX_IN_FLIGHT);
      while (!world.draining && pending.length < most) {
        const values = this.#values(next);
        pending.push({ sequence: next, values });
        next += values.length;
      }
      if (pending.length === 0) return;
      const sent = await this.#sendAll(partition, producerId, pending);
      const done = this.#judge(partition, pending, sent);
      pending.splice(0, done);
      acknowledged += done;
      if (done < sent.length) this.#connections.forgetLeaders();
      await world.cluster.sleep(this.#random.integer(MAX_PAUSE_MS));
    }
    if (pending.length > 0)
      violated(world, `${this.#name} could not write to ${partition.name} after all faults had ended`);
  }

  #values(first: number): string[] {
    return Array.from({ length: between(this.#random, 1, MAX_RECORDS) }, (_, i) => {
      const filling = this.#random.chance(0.02) ? 100_000 : this.#random.integer(MAX_FILLING);
      return `${this.#name}.${first + i}.`.padEnd(filling, 'x');
    });
  }

  /** All on one connection, so that they arrive in order. */
  async #sendAll(
    partition: PartitionHistory,
    producerId: number,
    batches: readonly PendingBatch[],
  ): Promise<Sent[]> {
    try {
      const leader = await this.#connections.leader(partition.topic, partition.index);
      return await Promise.all(batches.map((batch) => this.#send(leader, partition, producerId, batch)));
    } catch (error) {
      if (error instanceof Unanswered) return batches.map(() => undefined);
      throw error;
    }
  }

  async #send(
    leader: number,
    partition: PartitionHistory,
    producerId: number,
    batch: PendingBatch,
  ): Promise<Sent> {
    const message = produceTo(
      partition.topic,
      partition.index,
      sequenced(batch.values, producerId, batch.sequence),
    );
    try {
      const answer = await this.#connections.request(
        leader,
        produceRequest,
        produceResponse,
        message,
        PRODUCE_BY_NAME,
      );
      const { errorCode, baseOffset } = answer.responses[0]!.partitionResponses[0]!;
      return errorCode === ErrorCode.NONE ? { baseOffset } : { error: errorCode };
    } catch (error) {
      if (error instanceof Unanswered) return undefined;
      throw error;
    }
  }

  /** Takes in what came of a series of batches. Returns how many from the front are acknowledged. */
  #judge(partition: PartitionHistory, batches: readonly PendingBatch[], sent: readonly Sent[]): number {
    let done = 0;
    for (const [i, outcome] of sent.entries()) {
      const what = `sequence ${batches[i]!.sequence} of ${this.#name} for ${partition.name}`;
      if (outcome === undefined) continue;
      if ('baseOffset' in outcome) {
        if (done !== i) violated(this.#world, `${what} was acknowledged, one before it was not`);
        for (const problem of partition.acknowledge(outcome.baseOffset, batches[i]!.values))
          violated(this.#world, problem);
        done = i + 1;
      } else {
        mayRetry(this.#world, what, outcome.error, i > done ? [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER] : []);
      }
    }
    return done;
  }
}
