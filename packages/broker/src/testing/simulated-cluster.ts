// The whole broker process in the simulated world: the real composition (startBrokers) over a simulated disk, clock and network, driven from
// one seed, with everything that may befall it.
//
//   test body ---SimulatedClient---> SimulatedNetwork ---> startBrokers(...) ---> SimulatedDisk
//   cluster.powerCut() / processCrash() / stop(), then restart(): the next process over the same disk
//
// A test's body runs inside the world, by `simulate`: it awaits answers and simulated time and nothing else; the world goes on while it waits,
// and a body that can no longer settle fails the test.
//
// Must stay true: the same seed gives the same run; nothing of a dead process is heard of again.
import assert from 'node:assert/strict';
import type { Address, Disk } from '@moldau/runtime';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import type { SimulatedProcessClock } from '@moldau/runtime/simulated/simulated-clock.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { SimulatedNetwork } from '@moldau/runtime/simulated/simulated-network.ts';
import { SimulatedScheduler } from '@moldau/runtime/simulated/simulated-scheduler.ts';
import { brokerSettingsFrom } from '../settings/broker-settings.ts';
import { startBrokers, type RunningBrokers } from '../start-brokers.ts';
import { silentLogger, type Logger } from '../telemetry/logger.ts';
import { recordingLogger } from './recording-logger.ts';
import { SimulatedClient } from './simulated-client.ts';

/** Where the broker process runs, and where its clients do unless they say otherwise. */
export const BROKER_HOST = 'broker';
export const CLIENT_HOST = 'client';

const FOLDER = '/data';
const PORT = 9092;

export interface ClusterOptions {
  readonly seed?: number;
  /** Brokers in the process. Default 1. */
  readonly brokers?: number;
  readonly durability?: 'fsync' | 'os';
  /** Puts something between the process and its disk, to show that a test notices what is broken. */
  readonly wrapDisk?: (disk: Disk) => Disk;
  /** `key=value` each, over defaults that make a test short: few partitions of internal topics, no initial rebalance delay. */
  readonly settings?: readonly string[];
}

const TEST_SETTINGS: readonly string[] = [
  'offsets.topic.num.partitions=4',
  'transaction.state.log.num.partitions=4',
  'group.initial.rebalance.delay.ms=0',
];

export class SimulatedCluster {
  readonly scheduler: SimulatedScheduler;
  readonly network: SimulatedNetwork;
  /** What the test itself draws from. */
  readonly random: SeededRandom;
  /** What the brokers logged at level `warn` and above, oldest first. */
  readonly logged: string[] = [];
  readonly #logger: Logger = recordingLogger(this.logged);
  /** Why the storage gave up, in this process. */
  fatal: Error | undefined;
  readonly #options: ClusterOptions;
  #disk: SimulatedDisk;
  #running: RunningBrokers | undefined;
  #clock: SimulatedProcessClock | undefined;

  constructor(options: ClusterOptions = {}) {
    this.#options = options;
    this.scheduler = SimulatedScheduler.fromSeed(options.seed ?? 1);
    this.random = this.scheduler.random.fork();
    this.#disk = new SimulatedDisk({ scheduler: this.scheduler });
    this.network = new SimulatedNetwork({ scheduler: this.scheduler });
  }

  /** The disk as the process of now has it: orders faults and sizes. */
  get disk(): SimulatedDisk {
    return this.#disk;
  }

  /** The process that runs. */
  get running(): RunningBrokers {
    assert(this.#running !== undefined, 'the brokers run');
    return this.#running;
  }

  /** The process runs and answers. */
  get alive(): boolean {
    return this.#running !== undefined;
  }

  /** There is no process, not even one that starts. */
  get down(): boolean {
    return this.#clock === undefined;
  }

  /** The time of the world, in ms since 1970. */
  now(): number {
    return this.scheduler.clock.now();
  }

  /** Starts the process. Rejects with the reason when it does not start. */
  async start(): Promise<void> {
    assert(this.#clock === undefined, 'one process at a time');
    const clock = this.scheduler.clock.forProcess();
    this.#clock = clock;
    this.fatal = undefined;
    const { settings, problems } = brokerSettingsFrom('', [
      ...TEST_SETTINGS,
      ...(this.#options.settings ?? []),
    ]);
    assert.deepEqual(problems, []);
    try {
      const running = await startBrokers({
        runtime: {
          clock,
          random: this.scheduler.random.fork(),
          disk: this.#options.wrapDisk?.(this.#disk) ?? this.#disk,
          network: this.network.host(BROKER_HOST),
          threads: false,
        },
        folder: FOLDER,
        listen: { host: BROKER_HOST, port: PORT },
        brokers: this.#options.brokers ?? 1,
        durability: this.#options.durability ?? 'fsync',
        settings,
        logger: this.#logger,
        onFatal: (reason) => {
          if (this.#clock === clock) this.fatal ??= reason;
        },
      });
      if (this.#clock === clock) this.#running = running;
    } catch (error) {
      // The process that could not start has ended.
      if (this.#clock === clock) this.processCrash();
      throw error;
    }
  }

  /** A second process over the same folder, which must not be; gives back why it did not start. */
  async startSecond(): Promise<Error> {
    const { settings } = brokerSettingsFrom('', TEST_SETTINGS);
    try {
      await startBrokers({
        runtime: {
          clock: this.scheduler.clock.forProcess(),
          random: this.random.fork(),
          disk: this.#disk,
          network: this.network.host('second'),
        },
        folder: FOLDER,
        listen: { host: 'second', port: PORT },
        brokers: 1,
        durability: 'fsync',
        settings,
        logger: silentLogger(),
        onFatal: () => {},
      });
    } catch (error) {
      return error as Error;
    }
    throw new assert.AssertionError({ message: 'a second process owns the same folder' });
  }

  /** An orderly stop. */
  async stop(): Promise<void> {
    const { running } = this;
    const clock = this.#clock;
    await running.stop();
    if (this.#clock === clock) this.#end();
    // The next process finds the disk as this one left it.
    this.#disk.processCrash();
    this.#disk = this.#disk.restart();
  }

  /** The process dies; what it wrote stays with the operating system. */
  processCrash(): void {
    this.#end();
    this.#disk.processCrash();
    this.#disk = this.#disk.restart();
  }

  /** The machine loses power: what was not synced is gone, wholly or in part. */
  powerCut(): void {
    this.#end();
    this.#disk.powerCut();
    this.#disk = this.#disk.restart();
  }

  #end(): void {
    this.#clock?.kill();
    this.#clock = undefined;
    this.#running = undefined;
    this.network.crash(BROKER_HOST);
  }

  /** A connection to the broker of this number, counted from 0. */
  connect(broker = 0, host = CLIENT_HOST): Promise<SimulatedClient> {
    return SimulatedClient.connect(this.network.host(host), this.address(broker));
  }

  address(broker = 0): Address {
    return { host: BROKER_HOST, port: PORT + broker };
  }

  /** The number, counted from 0, of the broker with this id. */
  indexOf(brokerId: number): number {
    return this.running.brokers.findIndex((broker) => broker.id === brokerId);
  }

  /** Lets simulated time pass. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.clock.setTimer(ms, resolve);
    });
  }
}

/** Runs `body` against a cluster that has started, inside its simulated world, and stops the cluster in order if it still runs. */
export async function simulate(
  options: ClusterOptions,
  body: (cluster: SimulatedCluster) => Promise<void>,
): Promise<void> {
  const cluster = new SimulatedCluster(options);
  const whole = async (): Promise<void> => {
    await cluster.start();
    await body(cluster);
    if (cluster.alive && cluster.fatal === undefined) await cluster.stop();
  };
  try {
    await cluster.scheduler.run(whole());
  } catch (error) {
    for (const line of cluster.logged) process.stderr.write(`${line}\n`);
    throw error;
  }
}
