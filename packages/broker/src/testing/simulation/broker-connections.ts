// How an actor reaches the brokers: a connection to each, made again when it is lost, requests with a time limit, and who leads or coordinates what.
//
// Must stay true: once a request has failed for lack of an answer, nothing that was sent before reaches the broker after what is sent later: hence
// the pause before a new connection is used.
import type { Codec } from '@moldau/protocol';
import {
  findCoordinatorRequest,
  findCoordinatorResponse,
} from '@moldau/protocol/generated/find-coordinator.ts';
import { ask } from '../ask.ts';
import { describeTopic } from '../calls.ts';
import { findCoordinator } from '../group-calls.ts';
import { Disconnected, type SimulatedClient } from '../simulated-client.ts';
import type { SimulatedCluster } from '../simulated-cluster.ts';

/** Longer than anything travels, in ms. */
const SETTLING_MS = 40;
const REQUEST_LIMIT_MS = 5000;
/** FindCoordinator: of transactional ids. */
const TRANSACTION = 1;

/** No answer came; whether the request had its effect is not known. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

export class BrokerConnections {
  readonly #cluster: SimulatedCluster;
  readonly #host: string;
  readonly #clients = new Map<number, Promise<SimulatedClient>>();
  readonly #leaders = new Map<string, number>();
  readonly #brokers: number;

  constructor(cluster: SimulatedCluster, host: string, brokers: number) {
    this.#cluster = cluster;
    this.#host = host;
    this.#brokers = brokers;
  }

  /** @throws Unanswered */
  async request<Request, Response>(
    broker: number,
    request: Codec<Request>,
    response: Codec<Response>,
    message: Request,
    version: number,
    limitMs = REQUEST_LIMIT_MS,
  ): Promise<Response> {
    return this.use(broker, (client) => client.request(request, response, message, version), limitMs);
  }

  /** Does something with the connection to a broker, within a time limit. @throws Unanswered */
  async use<Result>(
    broker: number,
    action: (client: SimulatedClient) => Promise<Result>,
    limitMs = REQUEST_LIMIT_MS,
  ): Promise<Result> {
    const connecting = this.#client(broker);
    let client: SimulatedClient | undefined;
    try {
      client = await connecting;
      return await this.#within(action(client), limitMs);
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
      client?.disconnect();
      if (this.#clients.get(broker) === connecting) this.#clients.delete(broker);
      this.#leaders.clear();
      throw new Unanswered(error.message, { cause: error });
    }
  }

  /** The number of the broker that leads a partition. @throws Unanswered */
  async leader(topic: string, partition: number): Promise<number> {
    const key = `${topic}/${partition}`;
    const known = this.#leaders.get(key);
    if (known !== undefined) return known;
    const described = await this.use(this.#any(), (client) => describeTopic(client, topic));
    for (const { partitionIndex, leaderId } of described.partitions)
      this.#leaders.set(`${topic}/${partitionIndex}`, this.#numberOf(leaderId));
    return this.#leaders.get(key) ?? this.#any();
  }

  /** @throws Unanswered */
  async coordinator(group: string): Promise<number> {
    const { nodeId } = await this.use(this.#any(), (client) => findCoordinator(client, group));
    return this.#numberOf(nodeId);
  }

  /** @throws Unanswered */
  async transactionCoordinator(transactionalId: string): Promise<number> {
    const { coordinators } = await this.use(this.#any(), (client) =>
      ask(client, findCoordinatorRequest, findCoordinatorResponse, {
        keyType: TRANSACTION,
        coordinatorKeys: [transactionalId],
      }),
    );
    return this.#numberOf(coordinators[0]?.nodeId ?? -1);
  }

  /** What was known of leaders is out of date. */
  forgetLeaders(): void {
    this.#leaders.clear();
  }

  #any(): number {
    return this.#cluster.random.integer(this.#brokers);
  }

  /** Brokers are numbered in order of their ids, which are the same in every process. */
  #numberOf(brokerId: number): number {
    return this.#cluster.alive ? Math.max(0, this.#cluster.indexOf(brokerId)) : this.#any();
  }

  #client(broker: number): Promise<SimulatedClient> {
    let client = this.#clients.get(broker);
    if (client === undefined) {
      client = this.#connect(broker);
      this.#clients.set(broker, client);
    }
    return client;
  }

  async #connect(broker: number): Promise<SimulatedClient> {
    const client = await this.#cluster.connect(broker, this.#host);
    await this.#cluster.sleep(SETTLING_MS);
    return client;
  }

  #within<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      const timer = this.#cluster.scheduler.clock.setTimer(limitMs, () =>
        reject(new Disconnected('no answer in time')),
      );
      work.finally(() => timer.cancel()).then(resolve, reject);
    });
  }
}

/** Tries until there is a result (not undefined) or `ended`; an Unanswered counts as none. Waits a little between tries. */
export async function untilAnswered<Result>(
  cluster: SimulatedCluster,
  ended: () => boolean,
  attempt: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  while (!ended()) {
    try {
      const result = await attempt();
      if (result !== undefined) return result;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
    await cluster.sleep(5 + cluster.random.integer(50));
  }
  return undefined;
}
