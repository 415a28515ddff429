// The embedded log on a disk that fails in every way it may: power cuts in the middle of anything, killed processes, failed
// writes and syncs, a full disk, flipped bits. Everything follows from one seed.
//
//   round:  start, verify everything -> random work -> an end by the seed -> next round
//
// A run fails when an acknowledged batch is missing or different, when something is served that was never appended, when state replayed
// from a snapshot is not that of the batches, or when the store does not start (but for a flipped bit, which it has to report: it may serve
// all, or say CORRUPT; it may not serve less).
//
// A frame that was the very last write is the one place where a flipped bit cannot be told from a torn write; the store closes that gap by a
// mark once it is idle, and so bits are flipped after such a moment.
import assert from 'node:assert/strict';

import { openLocalLogStore, type LocalLogStore } from '@moldau/broker/log/local/local-log-store.ts';
import { LogError, type LogConfig } from '@moldau/broker/log/partition-log.ts';
import { writeBatchHeader } from '@moldau/protocol/records/batch-header.ts';
import type { Disk, DiskFile } from '@moldau/runtime';
import type { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { SimulatedScheduler } from '@moldau/runtime/simulated/simulated-scheduler.ts';

import { ModelPartition } from './log-model.ts';

export interface SimulatedCrashOptions {
  /** Breaks the order on purpose: acknowledges what was written and not synced. The run is expected to fail, for most seeds. */
  readonly acknowledgeBeforeSync?: boolean;
}

export interface SimulatedCrashResult {
  readonly seed: number;
  readonly rounds: number;
  readonly appended: number;
  readonly powerCuts: number;
  readonly kills: number;
  readonly failures: number;
  readonly flips: number;
  /** Rounds that ended with a report of corruption. */
  readonly reported: number;
}

const FOLDER = '/data/log';
const PARTITIONS = 4;
const MAX_ROUNDS = 5;
const KB = 1024;

const SETTINGS = {
  walFileBytes: 64 * KB,
  walMaxBytes: 256 * KB,
  walCheckpointBytes: 64 * KB,
  walKeptBytes: 128 * KB,
  commitMaxBytes: 48 * KB,
  tailMaxBytes: 48 * KB,
  flushBytes: 24 * KB,
  pressureBytes: 64 * KB,
  directMinBytes: 8 * KB,
  directMaxPartitions: 2,
  idleMarkMs: 5,
  closeBudgetMs: 4,
  readCacheBytes: 32 * KB,
  readAheadBytes: 8 * KB,
  maxOpenFiles: 3,
  retentionCheckIntervalMs: 40,
  diskFullProbeMs: 3,
  diskFullReserveBytes: 96 * KB,
} as const;

const CONFIG: LogConfig = {
  segmentBytes: 24 * KB,
  segmentMs: 1_000_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * KB,
  indexIntervalBytes: 1024,
  retentionMs: -1,
  retentionBytes: -1,
  fileDeleteDelayMs: 10,
  deletes: true,
  compacts: false,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  minCleanableDirtyRatio: 0.5,
};

type End = 'power-cut' | 'kill' | 'close' | 'flip';

/** Runs one seed. @throws with the seed in the message when a promise was broken */
export async function runSimulatedCrash(
  seed: number,
  options: SimulatedCrashOptions = {},
): Promise<SimulatedCrashResult> {
  const world = new CrashWorld(seed, options);
  try {
    await world.run();
  } catch (error) {
    throw new Error(`seed ${seed}, round ${world.round}: ${(error as Error).message}`, { cause: error });
  }
  return world.result();
}

class CrashWorld {
  round = 0;
  readonly #seed: number;
  readonly #options: SimulatedCrashOptions;
  readonly #scheduler: SimulatedScheduler;
  readonly #random: SeededRandom;
  #disk: SimulatedDisk;
  #store: LocalLogStore | undefined;
  #models: ModelPartition[] = [];
  #nextTopicId = 1;
  #fatal = false;
  #alive = true;
  #faulty = false;
  #flipped = false;
  readonly #counts = { powerCuts: 0, kills: 0, failures: 0, flips: 0, reported: 0, appended: 0 };

  constructor(seed: number, options: SimulatedCrashOptions) {
    this.#seed = seed;
    this.#options = options;
    this.#scheduler = SimulatedScheduler.fromSeed(seed);
    this.#random = this.#scheduler.random.fork();
    this.#disk = new SimulatedDisk({ scheduler: this.#scheduler });
    for (let i = 0; i < PARTITIONS; i++) this.#models.push(this.#newPartition(i));
  }

  result(): SimulatedCrashResult {
    return { seed: this.#seed, rounds: this.round, ...this.#counts };
  }

  async run(): Promise<void> {
    const rounds = 2 + this.#random.integer(MAX_ROUNDS - 1);
    for (this.round = 1; this.round <= rounds; this.round++) {
      if (!(await this.#start())) return;
      const end = this.#drawEnd();
      await this.#work(end);
      await this.#end(end);
    }
    await this.#start();
  }

  /** Starts and verifies. False when a flipped bit was reported: this run ends here. */
  async #start(): Promise<boolean> {
    this.#fatal = false;
    this.#alive = true;
    this.#disk.faults.clear();
    this.#disk.setCapacity(2 ** 40);
    try {
      await this.#scheduler.run(this.#openAll());
      return true;
    } catch (error) {
      if (this.#flipped && error instanceof LogError && error.code === 'CORRUPT') {
        this.#counts.reported += 1;
        return false;
      }
      throw error;
    }
  }

  async #openAll(): Promise<void> {
    this.#store = await openLocalLogStore({
      disk: this.#options.acknowledgeBeforeSync === true ? withoutSync(this.#disk) : this.#disk,
      clock: this.#scheduler.clock,
      folder: FOLDER,
      settings: SETTINGS,
      onFatal: () => {
        this.#fatal = true;
      },
    });
    for (const model of this.#models) {
      model.alive = true;
      model.log = await this.#store.open(model.id, CONFIG, model);
    }
    for (const model of this.#models) {
      if (model.mayBeRemoved && model.log!.endOffset === 0) {
        // The removal had not been answered, but was durable.
        const next = this.#newPartition(model.id.partition);
        this.#models = this.#models.map((other) => (other === model ? next : other));
        next.log = await this.#store.open(next.id, CONFIG, next);
      } else {
        await model.verify();
      }
    }
  }

  #drawEnd(): End {
    return (['power-cut', 'power-cut', 'power-cut', 'kill', 'close', 'flip'] as const)[
      this.#random.integer(6)
    ]!;
  }

  /** Random work; unless the end is an orderly one, it comes in the middle of it. */
  async #work(end: End): Promise<void> {
    const orderly = end === 'close' || end === 'flip';
    if (!orderly && this.#chance(3)) this.#orderFault();
    const work = this.#operations(20 + this.#random.integer(60));
    if (orderly) {
      await this.#scheduler.run(work);
    } else {
      const abrupt = new Promise<void>((resolve) => {
        this.#scheduler.clock.setTimer(this.#random.integer(40), resolve);
      });
      await this.#scheduler.run(Promise.race([work, abrupt]));
    }
  }

  async #operations(count: number): Promise<void> {
    for (let i = 0; i < count && !this.#fatal; i++) {
      await this.#operation(this.#models[this.#random.integer(this.#models.length)]!);
      if (this.#chance(2)) await this.#sleep(this.#random.integer(3));
    }
  }

  async #operation(model: ModelPartition): Promise<void> {
    const log = model.log!;
    switch (this.#random.integer(12)) {
      case 0:
        return this.#tolerate(
          model.spotCheck(log.startOffset + this.#random.integer(log.durableEndOffset - log.startOffset + 1)),
        );
      case 1: {
        if (!this.#chance(3)) return undefined;
        const offset = this.#random.integer(log.durableEndOffset + 1);
        model.possibleStart = Math.max(model.possibleStart, offset);
        return this.#tolerate(log.deleteBefore(offset));
      }
      case 2: {
        if (!this.#chance(3)) return undefined;
        model.possibleStart = Math.max(model.possibleStart, log.endOffset);
        log.configure({ ...CONFIG, retentionBytes: 30 * KB });
        await this.#tolerate(log.applyRetention(this.#scheduler.clock.now()));
        log.configure(CONFIG);
        return undefined;
      }
      case 3:
        return this.#chance(10) ? this.#recreate(model) : undefined;
      case 4:
        return this.#sleep(this.#random.integer(15));
      default:
        return this.#append(model);
    }
  }

  async #append(model: ModelPartition): Promise<void> {
    const log = model.log!;
    while (this.#store!.pressure && !this.#fatal) await this.#sleep(1);
    const batches = [];
    let offset = log.endOffset;
    for (let i = 1 + this.#random.integer(3); i > 0; i--) {
      const records = 1 + this.#random.integer(5);
      const size = this.#chance(8)
        ? 8 * KB + this.#random.integer(20 * KB)
        : 100 + this.#random.integer(3000);
      batches.push(this.#batch(offset, records, size));
      offset += records;
    }
    try {
      model.append(batches);
      this.#counts.appended += batches.length;
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      await this.#sleep(2);
    }
  }

  #batch(baseOffset: number, records: number, sizeInBytes: number) {
    const bytes = this.#random.bytes(sizeInBytes);
    const maxTimestamp = this.#scheduler.clock.now();
    const [leaderEpoch, producerEpoch] = [this.round, 0];
    writeBatchHeader(bytes, 0, {
      baseOffset,
      sizeInBytes,
      leaderEpoch,
      attributes: 0,
      lastOffsetDelta: records - 1,
      baseTimestamp: maxTimestamp,
      maxTimestamp,
      producerId: 1,
      producerEpoch,
      baseSequence: 0,
      recordCount: records,
    });
    return { bytes, baseOffset, lastOffset: baseOffset + records - 1, leaderEpoch, maxTimestamp };
  }

  async #recreate(model: ModelPartition): Promise<void> {
    const store = this.#store!;
    const next = this.#newPartition(model.id.partition);
    try {
      model.mayBeRemoved = true;
      await store.remove(model.id);
      model.alive = false;
      this.#models = this.#models.map((other) => (other === model ? next : other));
      next.log = await store.open(next.id, CONFIG, next);
      assert.equal(next.log.endOffset, 0, 'a topic created anew sees data of its namesake');
    } catch (error) {
      if (!(error instanceof LogError) || !this.#failing()) throw error;
      this.#fatal = true;
    }
  }

  #newPartition(partition: number): ModelPartition {
    const id = Buffer.alloc(16);
    id.writeUInt32BE(this.#nextTopicId++, 12);
    return new ModelPartition({ topic: 'topic', topicId: id.toString('base64url'), partition });
  }

  #orderFault(): void {
    const { faults } = this.#disk;
    const after = this.#random.integer(30);
    switch (this.#random.integer(4)) {
      case 0:
        faults.fail({ operation: 'sync', after });
        break;
      case 1:
        faults.fail({ operation: 'write', after });
        break;
      case 2:
        faults.fail({ operation: 'metadata', after });
        break;
      default:
        this.#fillUp(this.#random.integer(10), this.#random.integer(400 * KB), 10 + this.#random.integer(20));
    }
    this.#faulty = true;
    this.#counts.failures += 1;
  }

  #fillUp(afterMs: number, capacity: number, untilMs: number): void {
    const disk = this.#disk;
    const set = (bytes: number) => () => {
      if (disk === this.#disk) disk.setCapacity(bytes);
    };
    this.#scheduler.clock.setTimer(afterMs, set(capacity));
    this.#scheduler.clock.setTimer(untilMs, set(2 ** 40));
  }

  #failing(): boolean {
    return this.#faulty;
  }

  async #tolerate(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!this.#failing() || !(error instanceof LogError)) throw error;
    }
  }

  async #end(end: End): Promise<void> {
    if (end === 'close') await this.#scheduler.run(this.#store!.close());
    if (end === 'flip') {
      if (this.#chance(2)) await this.#scheduler.run(this.#store!.close());
      else await this.#scheduler.runFor(30);
    }
    this.#alive = false;
    for (const model of this.#models) model.alive = false;
    if (end === 'power-cut' || end === 'flip' || this.#chance(2)) {
      this.#disk.powerCut();
      this.#counts.powerCuts += 1;
    } else {
      this.#disk.processCrash();
      this.#counts.kills += 1;
    }
    this.#disk = this.#disk.restart();
    this.#faulty = false;
    if (end === 'flip' && this.#disk.flipBit({ path: FOLDER }) !== undefined) {
      this.#flipped = true;
      this.#counts.flips += 1;
    }
  }

  #chance(outOf: number): boolean {
    return this.#random.integer(outOf) === 0;
  }

  /** Never ends when the process does not live to see it. */
  #sleep(ms: number): Promise<void> {
    const round = this.round;
    return new Promise((resolve) => {
      this.#scheduler.clock.setTimer(ms, () => {
        if (this.round === round && this.#alive) resolve();
      });
    });
  }
}

/** A disk which says that a write is durable when it is not. */
function withoutSync(disk: Disk): Disk {
  return new Proxy(disk, {
    get(target, property) {
      if (property !== 'open') {
        const value = Reflect.get(target, property) as unknown;
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      }
      return async (...args: Parameters<Disk['open']>): Promise<DiskFile> => {
        const file = await target.open(...args);
        file.writeDurably = (buffers, position) => file.write(buffers, position);
        return file;
      };
    },
  });
}
