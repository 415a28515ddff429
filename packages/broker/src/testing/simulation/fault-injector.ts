// What goes wrong in a simulated run, by the seed: the power, the process, the network, the disk. And the supervisor that starts the broker again
// whenever it is down, in the middle of which the next fault may come.
import { LogError } from '../../log/partition-log.ts';
import { MetadataError } from '../../metadata/metadata-store.ts';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { BROKER_HOST } from '../simulated-cluster.ts';
import { violated, type SimulatedRun } from './world.ts';

const SUPERVISION_MS = 5;
const STOP_LIMIT_MS = 5000;
const PLENTY = 2 ** 40;
/** How likely something that is under way provokes a fault, how soon that comes, and how much slower the disk is until then. */
const PROVOKED = 0.12;
const SOONEST_MS = 20;
const DOUBLINGS = 5;
const MAX_SLOWNESS = 60;

/** Told of what happens to the broker. */
export interface FaultObserver {
  /** It is about to die. */
  dying(): void;
  started(): void;
}

export class FaultInjector {
  readonly #world: SimulatedRun;
  readonly #hosts: readonly string[];
  readonly #random: SeededRandom;
  readonly #observer: FaultObserver | undefined;
  /** Faults are over: a start that fails now is a violation. */
  #calm = false;
  #stopping = false;
  /** Faults come. */
  #active = false;
  readonly counts: Record<string, number> = {};

  constructor(world: SimulatedRun, hosts: readonly string[], observer?: FaultObserver) {
    this.#observer = observer;
    this.#world = world;
    this.#hosts = hosts;
    this.#random = world.cluster.random.fork();
  }

  /** Keeps the broker running until the world is over. */
  async supervise(): Promise<void> {
    const { cluster } = this.#world;
    while (!this.#world.over) {
      if (cluster.fatal !== undefined && !cluster.down) {
        this.#count('stopped for good by a failed disk');
        if (this.#calm) violated(this.#world, `the broker gave up without a fault: ${cluster.fatal.message}`);
        cluster.processCrash();
      }
      if (cluster.down && !this.#stopping) void this.#start();
      await cluster.sleep(SUPERVISION_MS);
    }
  }

  async #start(): Promise<void> {
    const { cluster } = this.#world;
    this.#count('started');
    try {
      await cluster.start();
      this.#observer?.started();
    } catch (error) {
      const corrupt =
        (error instanceof LogError || error instanceof MetadataError) && error.code === 'CORRUPT';
      if (corrupt || this.#calm) {
        violated(this.#world, `the broker does not start: ${(error as Error).message}`);
        this.#world.abandon();
      }
      await cluster.sleep(50);
    }
  }

  /** Faults for about `durationMs`, then everything is healthy. */
  async run(durationMs: number): Promise<void> {
    const { cluster } = this.#world;
    this.#active = true;
    const end = cluster.scheduler.clock.monotonic() + durationMs;
    while (cluster.scheduler.clock.monotonic() < end) {
      await cluster.sleep(10 + this.#random.integer(600));
      await this.#one();
    }
    this.#active = false;
    this.#heal();
    // A disk that failed before may still take the broker down; from then on nothing may.
    await cluster.sleep(200);
    if (cluster.fatal !== undefined) cluster.processCrash();
    this.#heal();
    this.#calm = true;
  }

  /**
   * Something is under way that must not be seen half done: now and then the disk becomes slow at once, and within a moment the power goes, the process
   * dies, or the disk is full.
   */
  provoke(): void {
    const { cluster } = this.#world;
    if (!this.#active || cluster.down || !this.#random.chance(PROVOKED)) return;
    this.#count('provoked faults');
    cluster.disk.faults.slowDown(1 + this.#random.integer(MAX_SLOWNESS));
    const kind = this.#random.integer(4);
    // The process survives that, and what it had appended is taken back.
    if (kind === 0)
      cluster.disk.faults.fail({
        operation: 'write',
        code: 'NO_SPACE',
        after: this.#random.integer(4),
        times: 1 + this.#random.integer(3),
      });
    const withinMs = SOONEST_MS * 2 ** this.#random.integer(DOUBLINGS);
    cluster.scheduler.clock.setTimer(this.#random.integer(withinMs), () => {
      cluster.disk.faults.slowDown(1);
      if (!this.#active) return;
      if (kind > 0) this.#observer?.dying();
      if (kind === 1 && !cluster.down) cluster.processCrash();
      else if (kind > 1) cluster.powerCut();
    });
  }

  #heal(): void {
    const { cluster } = this.#world;
    cluster.disk.faults.clear();
    cluster.disk.setCapacity(PLENTY);
    cluster.network.slowDown(1);
    for (const host of this.#hosts) cluster.network.heal(host, BROKER_HOST);
  }

  async #one(): Promise<void> {
    const { cluster } = this.#world;
    const { disk, network } = cluster;
    const host = this.#hosts[this.#random.integer(this.#hosts.length)]!;
    const later = (action: () => void) => cluster.scheduler.clock.setTimer(this.#random.integer(800), action);
    switch (this.#random.integer(12)) {
      case 0:
      case 1:
      case 2:
        this.#count('power cuts');
        this.#observer?.dying();
        return cluster.powerCut();
      case 3:
      case 4:
        if (cluster.down) return undefined;
        this.#count('process crashes');
        this.#observer?.dying();
        return cluster.processCrash();
      case 5:
        return this.#stop();
      case 6:
        this.#count('connections cut');
        return network.cut(host, BROKER_HOST);
      case 7:
        this.#count('partitions');
        network.partition(host, BROKER_HOST);
        later(() => network.heal(host, BROKER_HOST));
        return undefined;
      case 8:
        this.#count('slow networks');
        network.slowDown(1 + this.#random.integer(20));
        later(() => network.slowDown(1));
        return undefined;
      case 9:
        this.#count('slow disks');
        disk.faults.slowDown(1 + this.#random.integer(50));
        later(() => disk.faults.slowDown(1));
        return undefined;
      case 10:
        this.#count('disk failures');
        disk.faults.fail({
          operation: (['sync', 'write', 'metadata', 'open', 'resize'] as const)[this.#random.integer(5)]!,
          after: this.#random.integer(20),
        });
        return undefined;
      default:
        this.#count('full disks');
        disk.setCapacity(this.#random.integer(2_000_000));
        later(() => cluster.disk.setCapacity(PLENTY));
        return undefined;
    }
  }

  async #stop(): Promise<void> {
    const { cluster } = this.#world;
    if (!cluster.alive || cluster.fatal !== undefined) return;
    this.#count('orderly stops');
    this.#stopping = true;
    const ended = cluster.stop().then(
      () => true,
      () => false,
    );
    const outcome = await Promise.race([ended, cluster.sleep(STOP_LIMIT_MS).then(() => undefined)]);
    if (outcome !== true && !cluster.down) cluster.processCrash();
    this.#stopping = false;
  }

  #count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }
}
