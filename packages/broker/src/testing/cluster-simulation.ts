// The whole broker under everything at once, from one seed: idempotent producers that retry, a consumer group whose members come and go, an
// administrator who makes and deletes a topic, another who sets quotas and codecs, over a network that cuts and delays and a disk that loses power, fails and fills up.
//
//   start -> work and faults -> faults end -> everything comes to rest -> one last power cut -> all is read back
//
// What must hold (simulation/*-history.ts check it as it goes on): every acknowledged record is there once, in order, at its offset; nothing
// that was read vanishes; committed offsets never go back; what was created is there and what was deleted is not; after the faults every producer
// gets through and the group comes to rest, with nothing left to read.
import type { Disk } from '@moldau/runtime';
import { createTopic, leaderOf, readAll } from './calls.ts';
import { BrokerConnections } from './simulation/broker-connections.ts';
import { FaultInjector } from './simulation/fault-injector.ts';
import { GroupHistory } from './simulation/group-history.ts';
import { GroupMember } from './simulation/group-member.ts';
import { IdempotentProducer } from './simulation/idempotent-producer.ts';
import { PartitionHistory } from './simulation/partition-history.ts';
import { SettingsChurn } from './simulation/settings-churn.ts';
import { TopicChurn } from './simulation/topic-churn.ts';
import { between, drive, violated, type World } from './simulation/world.ts';
import { CLIENT_HOST, SimulatedCluster } from './simulated-cluster.ts';

export interface ClusterSimulationOptions {
  /** Puts something between broker and disk: to show that the run notices a broken promise. */
  readonly wrapDisk?: (disk: Disk) => Disk;
}

export interface ClusterSimulationResult {
  readonly seed: number;
  /** What contradicts the promises, in words; empty when all held. */
  readonly violations: readonly string[];
  readonly brokers: number;
  readonly acknowledged: number;
  readonly commits: number;
  readonly rebalances: number;
  readonly churns: number;
  /** Quotas and codecs that were set. */
  readonly settingsChanges: number;
  /** How often each fault came. */
  readonly faults: Readonly<Record<string, number>>;
  /** How much time passed in the simulated world, in ms. */
  readonly simulatedMs: number;
}

const MEMBERS = 3;
const PRODUCERS = 2;
/** How long everything may take to come to rest, in simulated ms. */
const REST_LIMIT_MS = 60_000;
const SETTINGS = ['group.min.session.timeout.ms=100', 'auto.create.topics.enable=false'];

/** One run. Never rejects for what the broker does wrong: that is in `violations`. */
export async function runClusterSimulation(
  seed: number,
  options: ClusterSimulationOptions = {},
): Promise<ClusterSimulationResult> {
  const simulation = new ClusterSimulation(seed, options);
  await simulation.run();
  return simulation.result();
}

class ClusterSimulation {
  readonly #seed: number;
  readonly #brokers: number;
  readonly #cluster: SimulatedCluster;
  readonly #world: World;
  readonly #abandoned: Promise<void>;
  readonly #hosts: string[] = [CLIENT_HOST];
  #churn: TopicChurn | undefined;
  #settings: SettingsChurn | undefined;
  #injector: FaultInjector | undefined;
  #members: GroupMember[] = [];

  constructor(seed: number, options: ClusterSimulationOptions) {
    this.#seed = seed;
    this.#brokers = seed % 3 === 0 ? 3 : 1;
    this.#cluster = new SimulatedCluster({ seed, brokers: this.#brokers, settings: SETTINGS, ...options });
    const partitions = [
      new PartitionHistory('one', 0),
      new PartitionHistory('two', 0),
      new PartitionHistory('two', 1),
    ];
    let abandon = (): void => {};
    this.#abandoned = new Promise((resolve) => {
      abandon = resolve;
    });
    this.#world = {
      cluster: this.#cluster,
      partitions: new Map(partitions.map((partition) => [partition.name, partition])),
      group: new GroupHistory(),
      draining: false,
      over: false,
      violations: [],
      abandon,
    };
  }

  result(): ClusterSimulationResult {
    const { partitions, group, violations } = this.#world;
    return {
      seed: this.#seed,
      violations,
      brokers: this.#brokers,
      acknowledged: [...partitions.values()].reduce(
        (sum, partition) => sum + partition.acknowledgedRecords,
        0,
      ),
      commits: group.commits,
      rebalances: group.rebalances,
      churns: this.#churn?.rounds ?? 0,
      settingsChanges: this.#settings?.changes ?? 0,
      faults: this.#injector?.counts ?? {},
      simulatedMs: Math.round(this.#cluster.scheduler.clock.monotonic()),
    };
  }

  run(): Promise<void> {
    return drive(this.#world, () => this.#everything(), this.#abandoned);
  }

  async #everything(): Promise<void> {
    const cluster = this.#cluster;
    await cluster.start();
    const setup = await cluster.connect();
    await createTopic(setup, 'one', 1, {}, this.#brokers);
    await createTopic(setup, 'two', 2, {}, this.#brokers);

    const producers = Array.from(
      { length: PRODUCERS },
      (_, i) => new IdempotentProducer(this.#world, `p${i}`, this.#connections()),
    );
    this.#members = Array.from(
      { length: MEMBERS },
      (_, i) => new GroupMember(this.#world, `m${i}`, this.#connections(), this.#connections()),
    );
    this.#churn = new TopicChurn(this.#world, this.#connections());
    this.#settings = new SettingsChurn(this.#world, this.#connections(), ['one', 'two']);
    this.#injector = new FaultInjector(this.#world, this.#hosts);
    const supervision = this.#injector.supervise();
    const reading = Promise.all(this.#members.map((member) => member.run()));
    const writing = Promise.all([
      ...producers.map((producer) => producer.run()),
      this.#churn.run(),
      this.#settings.run(),
    ]);

    await this.#injector.run(between(cluster.random, 500, 2500));
    this.#world.draining = true;
    await this.#inTime(writing, 'the producers and the administrator');
    await this.#inTime(this.#rest(), 'the group');
    this.#world.over = true;
    await Promise.all([supervision, reading]);
    await this.#readBack();
  }

  /** Each actor sits on a host of its own, so that it can be cut off alone. */
  #connections(): BrokerConnections {
    const host = `host${this.#hosts.length}`;
    this.#hosts.push(host);
    return new BrokerConnections(this.#cluster, host, this.#brokers);
  }

  async #inTime(work: Promise<unknown>, who: string): Promise<void> {
    const outcome = await Promise.race([work.then(() => true), this.#cluster.sleep(REST_LIMIT_MS)]);
    if (outcome !== true)
      violated(
        this.#world,
        `${who} did not come to rest within ${REST_LIMIT_MS} ms after the faults: ${this.#unrest() ?? 'at rest only then'}`,
      );
  }

  async #rest(): Promise<void> {
    while (!this.#world.over && this.#unrest() !== undefined) await this.#cluster.sleep(100);
  }

  /** Why there is no rest yet. */
  #unrest(): string | undefined {
    const { group, partitions } = this.#world;
    const unrest = group.unrest(MEMBERS, [...partitions.keys()]);
    if (unrest !== undefined) return unrest;
    for (const [key, partition] of partitions) {
      const position =
        this.#members.map((member) => member.positions.get(key)).find((at) => at !== undefined) ?? -1;
      if (position < partition.end || group.committed(key) < partition.end) {
        return `${key} ends at ${partition.end}, is read to ${position} and committed to ${group.committed(key)}`;
      }
    }
    return undefined;
  }

  /** After one last power cut, from the first record to the last. */
  async #readBack(): Promise<void> {
    const cluster = this.#cluster;
    if (!cluster.down) cluster.powerCut();
    await cluster.start();
    const clients = await Promise.all(
      Array.from({ length: this.#brokers }, (_, broker) => cluster.connect(broker)),
    );
    for (const partition of this.#world.partitions.values()) {
      const leader = await leaderOf(cluster, clients[0]!, partition.topic, partition.index);
      const records = await readAll(clients[leader]!, partition.topic, partition.index);
      for (const problem of partition.finish(records)) violated(this.#world, problem);
    }
    await cluster.stop();
  }
}
