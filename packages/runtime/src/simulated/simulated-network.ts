// A Network in memory between named hosts, all of whose timing is drawn from a seed.
//
// THE FAULT MODEL
//   - Every chunk takes a latency of its own, but bytes stay in order. Writes are cut into chunks at any border and joined across writes
//     (simulated-pipe.ts).
//   - `partition(a, b)`: nothing passes between the two hosts. Nothing is lost either: as with TCP it arrives after `heal`, unless
//     an end gives up before. Connecting fails with ETIMEDOUT.
//   - `cut(a, b)`: the connections between two hosts break at once. Both ends learn of it (ECONNRESET) each after a latency; what was
//     on its way is lost.
//   - `crash(host)`: its listeners and connections are gone; its handlers are not called any more; its peers see ECONNRESET.
//   - `destroy` reaches the peer as an orderly end or as ECONNRESET, as the seed has it.
//   - `slowDown(factor)`: all latencies are multiplied.
//
// An end that hears of the other's end is over at once, as the real one: there are no half-open connections.

import type { Address, Connection, ConnectionHandler, Listener, Network } from '../network.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedConnection } from './simulated-connection.ts';
import type { Latency, SimulatedScheduler } from './simulated-scheduler.ts';
import type { SimulatedWire } from './simulated-wire.ts';

const DEFAULT_LATENCY: Latency = { minMs: 0.02, maxMs: 0.5 };

/** How long connecting through a partition takes to fail. */
const CONNECT_TIMEOUT_MS = 10_000;

const FIRST_FREE_PORT = 32_768;

/** The host that SimulatedNetwork itself speaks for. */
const DEFAULT_HOST = '127.0.0.1';

export interface SimulatedNetworkOptions {
  readonly scheduler: SimulatedScheduler;
  /** Default: a fork of the scheduler's. */
  readonly random?: SeededRandom;
  /** Of each chunk, one way. Default 0.02 to 0.5 ms. */
  readonly latency?: Latency;
}

type Accept = (connection: Connection) => ConnectionHandler | undefined;

interface Tie {
  readonly ends: readonly [SimulatedConnection, SimulatedConnection];
  readonly hosts: readonly [string, string];
}

export class SimulatedNetwork implements Network {
  readonly #scheduler: SimulatedScheduler;
  readonly #random: SeededRandom;
  readonly #listeners = new Map<string, Accept>();
  readonly #ties = new Set<Tie>();
  readonly #partitions = new Set<string>();
  /** How often the process of each host has died. */
  readonly #crashes = new Map<string, number>();
  readonly #wire: SimulatedWire;
  #latency: Latency;
  #slowness = 1;
  #nextPort = FIRST_FREE_PORT;

  constructor(options: SimulatedNetworkOptions) {
    this.#scheduler = options.scheduler;
    this.#random = options.random ?? options.scheduler.random.fork();
    this.#latency = options.latency ?? DEFAULT_LATENCY;
    this.#wire = {
      random: this.#random,
      travel: (arrive) => this.#travel(arrive),
      soon: (task) => {
        this.#scheduler.clock.setTimer(0, task);
      },
      forget: () => {
        for (const tie of this.#ties) {
          if (tie.ends.every((end) => end.over)) {
            this.#ties.delete(tie);
          }
        }
      },
    };
  }

  /** The network as the named host sees it: connections that it opens come from there. */
  host(name: string): Network {
    return {
      listen: (address, accept) => this.listen(address, accept),
      connect: (address, open) => this.#connect(name, address, open),
    };
  }

  listen(address: Address, accept: Accept): Promise<Listener> {
    const port = address.port === 0 ? this.#nextPort++ : address.port;
    const key = `${address.host}:${port}`;
    if (this.#listeners.has(key)) {
      return Promise.reject(failure('EADDRINUSE', `listen EADDRINUSE: address already in use ${key}`));
    }
    this.#listeners.set(key, accept);
    return Promise.resolve({
      address: { host: address.host, port },
      close: () => {
        if (this.#listeners.get(key) === accept) {
          this.#listeners.delete(key);
        }
        return Promise.resolve();
      },
    });
  }

  connect(address: Address, open: (connection: Connection) => ConnectionHandler): Promise<Connection> {
    return this.#connect(DEFAULT_HOST, address, open);
  }

  setLatency(latency: Latency): void {
    this.#latency = latency;
  }

  /** All latencies are multiplied by `factor` from now on; 1 is normal. */
  slowDown(factor: number): void {
    this.#slowness = factor;
  }

  /** Lets nothing pass between two hosts until `heal`. */
  partition(one: string, other: string): void {
    this.#partitions.add(pairKey(one, other));
    this.#block(one, other, true);
  }

  heal(one: string, other: string): void {
    this.#partitions.delete(pairKey(one, other));
    this.#block(one, other, false);
  }

  /** Breaks the connections between two hosts. */
  cut(one: string, other: string): void {
    for (const { ends } of this.#tiesBetween(one, other)) {
      for (const end of ends) {
        end.setBlocked(true);
        this.#travel(() => end.reset());
      }
    }
  }

  /** The process on this host dies: it hears nothing more, and its peers are reset. */
  crash(host: string): void {
    this.#crashes.set(host, (this.#crashes.get(host) ?? 0) + 1);
    for (const key of this.#listeners.keys()) {
      if (key.slice(0, key.lastIndexOf(':')) === host) {
        this.#listeners.delete(key);
      }
    }
    for (const { ends, hosts } of this.#ties) {
      ends.forEach((end, index) => {
        if (hosts[index] === host) {
          end.vanish();
        }
      });
    }
  }

  #connect(
    from: string,
    to: Address,
    open: (connection: Connection) => ConnectionHandler,
  ): Promise<Connection> {
    const target = `${to.host}:${to.port}`;
    // A process that dies while it connects never hears of it.
    const crashes = this.#crashes.get(from);
    return new Promise((resolve, reject) => {
      if (this.#partitions.has(pairKey(from, to.host))) {
        this.#scheduler.clock.setTimer(CONNECT_TIMEOUT_MS, () => {
          reject(failure('ETIMEDOUT', `connect ETIMEDOUT ${target}`));
        });
        return;
      }
      this.#travel(() => {
        const accept = this.#listeners.get(target);
        if (this.#crashes.get(from) !== crashes) {
          return;
        }
        if (accept === undefined) {
          this.#travel(() => reject(failure('ECONNREFUSED', `connect ECONNREFUSED ${target}`)));
          return;
        }
        const [client, server] = SimulatedConnection.pair(
          this.#wire,
          { host: from, port: this.#nextPort++ },
          to,
        );
        this.#ties.add({ ends: [client, server], hosts: [from, to.host] });
        const handler = accept(server);
        if (handler === undefined) {
          server.destroy();
        } else {
          server.open(handler);
        }
        this.#travel(() => {
          if (this.#crashes.get(from) === crashes) {
            client.open(open(client));
            resolve(client);
          }
        });
      });
    });
  }

  #travel(arrive: () => void): void {
    const latency = {
      minMs: this.#latency.minMs * this.#slowness,
      maxMs: this.#latency.maxMs * this.#slowness,
    };
    this.#scheduler.schedule(latency, this.#random, arrive);
  }

  #block(one: string, other: string, blocked: boolean): void {
    for (const { ends } of this.#tiesBetween(one, other)) {
      for (const end of ends) {
        end.setBlocked(blocked);
      }
    }
  }

  #tiesBetween(one: string, other: string): Tie[] {
    return [...this.#ties].filter(({ hosts }) => pairKey(hosts[0], hosts[1]) === pairKey(one, other));
  }
}

function pairKey(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${message} (simulated)`), { code });
}
