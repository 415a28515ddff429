// Exactly once, under everything at once, from one seed: copiers that write in transactions, with zombies of theirs beside them, over a network that cuts
// and delays, a disk that loses power, fails and fills up, clocks that jump, and partitions and coordinators that move between brokers.
//
//   start -> copy and faults -> faults end -> all is copied, nothing is open -> one last power cut -> all is read again
//
// What must hold (simulation/copy-history.ts checks it as it goes on): every record of the source is in the copy once and in order, of each transaction
// all or nothing; nothing undecided or aborted is ever read as committed; neither offsets nor the last stable offset go back; after the faults no
// transaction stays open for ever.
import type { Disk } from '@moldau/runtime';
import { listOffsetsRequest, listOffsetsResponse } from '@moldau/protocol/generated/list-offsets.ts';
import { ask } from './ask.ts';
import { createTopic, fetch, leaderOf } from './calls.ts';
import { findCoordinator } from './group-calls.ts';
import { BrokerConnections, Unanswered } from './simulation/broker-connections.ts';
import { CommittedReader, endOf, READ_COMMITTED } from './simulation/committed-reader.ts';
import { COPY_GROUP, SOURCE } from './simulation/copier-calls.ts';
import { AUDIT, copyOf, CopyHistory } from './simulation/copy-history.ts';
import { FaultInjector } from './simulation/fault-injector.ts';
import { LeaderMoves, type MovablePartition } from './simulation/leader-moves.ts';
import { TransactionalCopier } from './simulation/transactional-copier.ts';
import { between, drive, violated, type SimulatedRun } from './simulation/world.ts';
import type { SimulatedClient } from './simulated-client.ts';
import { BROKER_HOST, CLIENT_HOST, SimulatedCluster } from './simulated-cluster.ts';
import { consumedRecords, transactionCoordinator } from './transaction-calls.ts';

export interface TransactionSimulationOptions {
  /** Puts something between broker and disk: to show that the run notices a broken promise. */
  readonly wrapDisk?: (disk: Disk) => Disk;
}

export interface TransactionSimulationResult {
  readonly seed: number;
  /** What contradicts the promises, in words; empty when all held. */
  readonly violations: readonly string[];
  readonly brokers: number;
  /** Transactions, by how they ended. */
  readonly committed: number;
  readonly aborted: number;
  readonly fenced: number;
  readonly copiers: number;
  readonly moves: number;
  /** How often each fault came. */
  readonly faults: Readonly<Record<string, number>>;
  /** How much time passed in the simulated world, in ms. */
  readonly simulatedMs: number;
}

/** The source partitions of each transactional id. */
const SHARES: readonly (readonly number[])[] = [[0, 2], [1]];
const SOURCES = 3;
const RECORDS = 60;
const INTERNAL_PARTITIONS = 2;
/** How long everything may take to come to rest, in simulated ms. */
const REST_LIMIT_MS = 60_000;
const MAX_JUMP_MS = 3_600_000;
const SETTINGS = [
  'auto.create.topics.enable=false',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms=100',
  `offsets.topic.num.partitions=${INTERNAL_PARTITIONS}`,
  `transaction.state.log.num.partitions=${INTERNAL_PARTITIONS}`,
];
/** Clocks jump: no time is wrong. */
const TARGET_CONFIG = { 'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER) };
const LATEST = -1;

/** One run. Never rejects for what the broker does wrong: that is in `violations`. */
export async function runTransactionSimulation(
  seed: number,
  options: TransactionSimulationOptions = {},
): Promise<TransactionSimulationResult> {
  const simulation = new TransactionSimulation(seed, options);
  await simulation.run();
  return simulation.result();
}

/** A copier that works, or will. */
interface Candidate {
  /** The number of its transactional id. */
  readonly id: number;
  readonly copier: TransactionalCopier;
  readonly death: Promise<void>;
  readonly die: () => void;
}

class TransactionSimulation {
  readonly #seed: number;
  readonly #brokers: number;
  readonly #cluster: SimulatedCluster;
  readonly #world: SimulatedRun;
  readonly #history = new CopyHistory();
  readonly #abandoned: Promise<void>;
  /** Whose connections to the brokers fail; brokers talk to each other too. */
  readonly #hosts: string[] = [CLIENT_HOST, BROKER_HOST];
  #injector: FaultInjector | undefined;
  #moves: LeaderMoves | undefined;
  #readers: CommittedReader[] = [];
  #copiers = 0;

  constructor(seed: number, options: TransactionSimulationOptions) {
    this.#seed = seed;
    this.#brokers = seed % 2 === 0 ? 3 : 1;
    this.#cluster = new SimulatedCluster({ seed, brokers: this.#brokers, settings: SETTINGS, ...options });
    let abandon = (): void => {};
    this.#abandoned = new Promise((resolve) => {
      abandon = resolve;
    });
    this.#world = { cluster: this.#cluster, draining: false, over: false, violations: [], abandon };
  }

  result(): TransactionSimulationResult {
    const { committedAttempts, abortedAttempts, fencedAttempts } = this.#history;
    return {
      seed: this.#seed,
      violations: this.#world.violations,
      brokers: this.#brokers,
      committed: committedAttempts,
      aborted: abortedAttempts,
      fenced: fencedAttempts,
      copiers: this.#copiers,
      moves: this.#moves?.moves ?? 0,
      faults: this.#injector?.counts ?? {},
      simulatedMs: Math.round(this.#cluster.scheduler.clock.monotonic()),
    };
  }

  run(): Promise<void> {
    return drive(this.#world, () => this.#everything(), this.#abandoned);
  }

  async #everything(): Promise<void> {
    const cluster = this.#cluster;
    await this.#setUp();
    this.#injector = new FaultInjector(this.#world, this.#hosts, {
      dying: () => this.#noteStableOffsets(),
      started: () => this.#noteStableOffsets(),
    });
    this.#readers = this.#targets().map(
      ({ topic, partition }) =>
        new CommittedReader(this.#world, this.#history, topic, partition, this.#connections()),
    );
    const supervision = this.#injector.supervise();
    const reading = Promise.all(this.#readers.map((reader) => reader.run()));
    const copying = Promise.all(SHARES.map((sources, i) => this.#keepCopying(`share-${i}`, sources)));
    const moving = this.#moveLeaders();
    const jumping = this.#jumpClocks();
    await this.#injector.run(between(cluster.random, 500, 2500));
    this.#world.draining = true;
    await this.#inTime(copying, 'the copiers');
    await this.#inTime(this.#rest(), 'the transactions');
    this.#world.over = true;
    await Promise.all([supervision, reading, moving, jumping]);
    for (const problem of this.#history.finish()) violated(this.#world, problem);
    await this.#readAgain();
  }

  async #setUp(): Promise<void> {
    const cluster = this.#cluster;
    await cluster.start();
    const client = await cluster.connect();
    await createTopic(client, SOURCE, SOURCES, {}, this.#brokers);
    await createTopic(client, 'copy', SOURCES, TARGET_CONFIG, this.#brokers);
    await createTopic(client, 'audit', 1, TARGET_CONFIG, this.#brokers);
    // The internal topics, so that their partitions can be moved.
    await findCoordinator(client, COPY_GROUP);
    await transactionCoordinator(cluster, client, 'any');
  }

  /**
   * One copier after the other for some sources; some begin while the one before still lives, and fence it by its transactional id. Where nobody lives a
   * successor may come with an id of its own: then it is stable offsets (KIP-447) that keep it from beginning before a transaction of old has ended.
   */
  async #keepCopying(share: string, sources: readonly number[]): Promise<void> {
    const { cluster } = this.#world;
    const random = cluster.random.fork();
    const all: Promise<boolean>[] = [];
    const living = new Set<TransactionalCopier>();
    /** The number of the id that those who live have, and the largest given out. */
    let line = 0;
    let ids = 0;
    let spare: Candidate | undefined;
    const create = (id: number, name: string): Candidate => {
      let die = (): void => {};
      const death = new Promise<void>((resolve) => {
        die = () => {
          copier.dying = true;
          living.delete(copier);
          resolve();
        };
      });
      const options = {
        name,
        transactionalId: `${share}-${id}`,
        sources,
        records: RECORDS,
        flavour: random.chance(0.5) ? 'V1' : 'V2',
        onEnd: () => {
          this.#injector?.provoke();
          // The process dies, and what it has sent is on its way.
          if (!this.#world.draining && random.chance(0.1))
            cluster.scheduler.clock.setTimer(random.integer(20), die);
        },
      } as const;
      const copier = new TransactionalCopier(this.#world, this.#history, options, this.#connections());
      this.#copiers += 1;
      return { id, copier, death, die };
    };
    for (let n = 0; !this.#world.over; n++) {
      let next: Candidate;
      if (living.size === 0 && spare !== undefined) {
        next = spare;
        line = next.id;
        spare = undefined;
      } else {
        if (living.size === 0 && random.chance(0.5)) line = ++ids;
        next = create(line, `${share}.${n}`);
      }
      if (spare === undefined && !this.#world.draining && random.chance(0.5)) {
        spare = create(++ids, `${share}.${n}-spare`);
        spare.copier.prepare();
      }
      const { copier, death, die } = next;
      living.add(copier);
      const running = copier.run().finally(() => living.delete(copier));
      all.push(running);
      const life = cluster.sleep(between(random, 100, 1200));
      const ended = await Promise.race(this.#world.draining ? [running, death] : [running, death, life]);
      if (ended === true) break;
      if (ended === false || copier.dying) {
        if (random.chance(0.5)) await cluster.sleep(random.integer(50));
      } else if (random.chance(0.3)) die();
      else if (random.chance(0.4) && (await Promise.race([running, death])) === true) break;
      // Otherwise it goes on as a zombie.
    }
    await Promise.all(all);
  }

  /** As any consumer could be told them at this moment: what was told before a fault must hold after it. */
  #noteStableOffsets(): void {
    if (!this.#cluster.alive) return;
    for (const { services } of this.#cluster.running.brokers) {
      const { topics } = services.metadata.image;
      for (const { topic, partition } of this.#targets()) {
        const image = topics.get(topic);
        if (image?.partitions[partition]?.leader !== services.brokerId) continue;
        const led = services.partitions.get(image.id, partition);
        if (led === undefined || led.closed) continue;
        const name = `${topic}/${partition}`;
        for (const problem of this.#history.stableOffset(name, led.lastStableOffset, led.highWatermark))
          violated(this.#world, problem);
      }
    }
  }

  async #moveLeaders(): Promise<void> {
    if (this.#brokers === 1) return;
    const internal = ['__consumer_offsets', '__transaction_state'].flatMap((topic) =>
      Array.from({ length: INTERNAL_PARTITIONS }, (_, partition) => ({ topic, partition })),
    );
    const ids = this.#cluster.running.brokers.map(({ id }) => id);
    this.#moves = new LeaderMoves(this.#world, this.#connections(), [...this.#targets(), ...internal], ids);
    await this.#moves.run();
  }

  /** Operators and NTP set the wall clock. */
  async #jumpClocks(): Promise<void> {
    const { cluster } = this.#world;
    const random = cluster.random.fork();
    while (!this.#world.draining) {
      await cluster.sleep(between(random, 200, 2000));
      cluster.scheduler.clock.jump(between(random, -MAX_JUMP_MS, MAX_JUMP_MS));
    }
  }

  #targets(): MovablePartition[] {
    const names = [AUDIT, ...Array.from({ length: SOURCES }, (_, source) => copyOf(source))];
    return names.map((name) => {
      const [topic = '', partition] = name.split('/');
      return { topic, partition: Number(partition) };
    });
  }

  /** Each actor sits on a host of its own, so that it can be cut off alone. */
  #connections(): BrokerConnections {
    const host = `host${this.#hosts.length}`;
    this.#hosts.push(host);
    return new BrokerConnections(this.#cluster, host, this.#brokers);
  }

  async #inTime(work: Promise<unknown>, who: string): Promise<void> {
    const outcome = await Promise.race([work.then(() => true), this.#cluster.sleep(REST_LIMIT_MS)]);
    if (outcome === true) return;
    const why = (await this.#unrest()) ?? 'at rest only then';
    violated(this.#world, `${who} did not come to rest within ${REST_LIMIT_MS} ms after the faults: ${why}`);
    this.#world.abandon();
  }

  async #rest(): Promise<void> {
    while (!this.#world.over && (await this.#unrest()) !== undefined) await this.#cluster.sleep(100);
  }

  /** Why there is no rest yet. */
  async #unrest(): Promise<string | undefined> {
    for (let source = 0; source < SOURCES; source++) {
      for (const partition of [copyOf(source), AUDIT]) {
        const copied = this.#history.copied(partition, source);
        if (copied < RECORDS)
          return `${copied} of ${RECORDS} records of source ${source} are in ${partition}`;
      }
    }
    for (const reader of this.#readers) if (reader.unrest !== undefined) return reader.unrest;
    return this.#openOffsets();
  }

  /** Whether a transaction has offsets pending in `__consumer_offsets`. */
  async #openOffsets(): Promise<string | undefined> {
    const connections = new BrokerConnections(this.#cluster, CLIENT_HOST, this.#brokers);
    const topic = '__consumer_offsets';
    try {
      for (let partition = 0; partition < INTERNAL_PARTITIONS; partition++) {
        const leader = await connections.leader(topic, partition);
        const [stable, end] = await connections.use(leader, (client) =>
          Promise.all([READ_COMMITTED, 0].map((level) => latestOffset(client, topic, partition, level))),
        );
        if (stable !== end) return `${topic}/${partition} is stable up to ${stable} and ends at ${end}`;
      }
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      return 'no answer';
    }
    return undefined;
  }

  /** After one last power cut, from the first record to the last. */
  async #readAgain(): Promise<void> {
    const cluster = this.#cluster;
    if (!cluster.down) cluster.powerCut();
    await cluster.start();
    const clients = await Promise.all(
      Array.from({ length: this.#brokers }, (_, broker) => cluster.connect(broker)),
    );
    for (const { topic, partition } of this.#targets()) {
      const leader = clients[await leaderOf(cluster, clients[0]!, topic, partition)]!;
      const records: { readonly offset: number; readonly value: string }[] = [];
      for (let position = 0; ;) {
        const data = await fetch(leader, topic, position, { partition, isolationLevel: READ_COMMITTED });
        records.push(...consumedRecords(data));
        const end = endOf(data);
        if (end === undefined) break;
        position = end;
      }
      for (const problem of this.#history.readAgain(`${topic}/${partition}`, records))
        violated(this.#world, problem);
    }
    await cluster.stop();
  }
}

/** The end of a partition as consumers of the isolation level see it. */
async function latestOffset(
  client: SimulatedClient,
  topic: string,
  partition: number,
  isolationLevel: number,
): Promise<number> {
  const partitions = [{ partitionIndex: partition, timestamp: LATEST }];
  const fields = { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions }] };
  const { topics } = await ask(client, listOffsetsRequest, listOffsetsResponse, fields);
  return topics[0]?.partitions[0]?.offset ?? -1;
}
