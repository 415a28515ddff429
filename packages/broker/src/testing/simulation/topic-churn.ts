// An administrator who makes a topic, writes to it, reads it back, deletes it, and begins again under the same name. What was made stays,
// what was deleted stays away, and a topic never shows records of its namesake.
import { ErrorCode } from '@moldau/protocol';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { batchOf } from '../batches.ts';
import { createTopic, deleteTopic, describeTopic, produce, readAll } from '../calls.ts';
import { untilAnswered, type BrokerConnections } from './broker-connections.ts';
import { mayRetry, violated, type World } from './world.ts';

const TOPIC = 'churn';
const PARTITIONS = 2;

export class TopicChurn {
  readonly #world: World;
  readonly #connections: BrokerConnections;
  readonly #random: SeededRandom;
  rounds = 0;

  constructor(world: World, connections: BrokerConnections) {
    this.#world = world;
    this.#connections = connections;
    this.#random = world.cluster.random.fork();
  }

  async run(): Promise<void> {
    while (!this.#world.draining) {
      const id = await this.#create();
      if (id === undefined) return;
      for (let i = this.#random.integer(4); i > 0; i--) await this.#write(id);
      await this.#verify(id);
      await this.#delete();
      this.rounds += 1;
      await this.#world.cluster.sleep(this.#random.integer(200));
    }
  }

  /** The id of the topic, once it is there. */
  #create(): Promise<string | undefined> {
    return this.#until(async () => {
      const made = await this.#connections.use(0, (client) => createTopic(client, TOPIC, PARTITIONS));
      // A try before may have made it without our hearing of it.
      if (made.errorCode !== ErrorCode.NONE && made.errorCode !== ErrorCode.TOPIC_ALREADY_EXISTS) {
        mayRetry(this.#world, 'CreateTopics', made.errorCode);
        return undefined;
      }
      const found = await this.#connections.use(0, (client) => describeTopic(client, TOPIC));
      if (found.errorCode !== ErrorCode.NONE) {
        violated(this.#world, `the topic ${TOPIC} was made and is not there (error ${found.errorCode})`);
        return undefined;
      }
      return idText(found.topicId);
    });
  }

  /** One record that names the topic's id; it may be there any number of times. */
  async #write(id: string): Promise<void> {
    const partition = this.#random.integer(PARTITIONS);
    await this.#until(async () => {
      const leader = await this.#connections.leader(TOPIC, partition);
      const { errorCode } = await this.#connections.use(leader, (client) =>
        produce(client, TOPIC, batchOf([id]), { partition }),
      );
      if (errorCode === ErrorCode.NONE) return true;
      mayRetry(this.#world, `Produce to ${TOPIC}`, errorCode);
      this.#connections.forgetLeaders();
      return undefined;
    });
  }

  async #verify(id: string): Promise<void> {
    await this.#until(async () => {
      const found = await this.#connections.use(0, (client) => describeTopic(client, TOPIC));
      if (found.errorCode !== ErrorCode.NONE || idText(found.topicId) !== id) {
        violated(
          this.#world,
          `the topic ${TOPIC} had id ${id} and now has ${idText(found.topicId)} (error ${found.errorCode})`,
        );
        return true;
      }
      const partition = this.#random.integer(PARTITIONS);
      const leader = await this.#connections.leader(TOPIC, partition);
      const records = await this.#connections.use(leader, (client) => readAll(client, TOPIC, partition));
      for (const { offset, value } of records) {
        if (value !== id)
          violated(
            this.#world,
            `${TOPIC}/${partition} of id ${id} shows at offset ${offset} a record of ${value}`,
          );
      }
      return true;
    });
  }

  async #delete(): Promise<void> {
    await this.#until(async () => {
      const error = await this.#connections.use(0, (client) => deleteTopic(client, TOPIC));
      if (error === ErrorCode.NONE || error === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return true;
      mayRetry(this.#world, 'DeleteTopics', error);
      return undefined;
    });
    await this.#until(async () => {
      const { errorCode } = await this.#connections.use(0, (client) => describeTopic(client, TOPIC));
      if (errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        violated(this.#world, `the topic ${TOPIC} was deleted and is there (error ${errorCode})`);
      this.#connections.forgetLeaders();
      return true;
    });
  }

  #until<Result>(attempt: () => Promise<Result | undefined>): Promise<Result | undefined> {
    return untilAnswered(this.#world.cluster, () => this.#world.over, attempt);
  }
}

function idText(id: Uint8Array): string {
  return Buffer.from(id).toString('base64url');
}
