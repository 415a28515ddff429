// For tests: a store on the simulated disk and clock, partitions whose observers write down what they are told, and batches.
import {
  batchBaseOffset,
  batchLastOffset,
  batchSizeInBytes,
  writeBatchHeader,
} from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import type { Disk, DiskFile } from '@moldau/runtime';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { SimulatedScheduler } from '@moldau/runtime/simulated/simulated-scheduler.ts';

import type {
  AppendedBatch,
  LastOfProducer,
  LogConfig,
  LogError,
  LogObserver,
  LogSlice,
  PartitionLog,
} from '../partition-log.ts';
import type { CleanerSettings } from './compaction/cleaner-settings.ts';
import { openLocalLogStore, type LocalLogStore } from './local-log-store.ts';
import type { LocalLogSettings } from './settings.ts';

export const FOLDER = '/data/log';
export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const OTHER_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAg';
export const KB = 1024;

export const TEST_CONFIG: LogConfig = {
  segmentBytes: 1024 * KB,
  segmentMs: 604_800_000,
  segmentJitterMs: 0,
  segmentIndexBytes: 10 * 1024 * KB,
  indexIntervalBytes: 4096,
  retentionMs: -1,
  retentionBytes: -1,
  fileDeleteDelayMs: 60_000,
  deletes: true,
  compacts: false,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  minCleanableDirtyRatio: 0.5,
};

/** An observer that writes everything down as text. */
export class Witness implements LogObserver {
  readonly events: string[] = [];
  /** What `takeSnapshot` gives. */
  snapshot: Uint8Array | undefined;
  durable(endOffset: number): void {
    this.events.push(`durable ${endOffset}`);
  }
  discarded(endOffset: number, error: LogError): void {
    this.events.push(`discarded ${endOffset} ${error.code}`);
  }
  startMoved(startOffset: number): void {
    this.events.push(`start ${startOffset}`);
  }
  /** What `stableEndOffset` gives: no transaction is open. */
  stableEnd = Infinity;
  readonly lastOfProducers = new Map<number, LastOfProducer>();
  stableEndOffset(): number {
    return this.stableEnd;
  }
  lastOfProducer(producerId: number): LastOfProducer | undefined {
    return this.lastOfProducers.get(producerId);
  }
  takeSnapshot(offset: number): Uint8Array | undefined {
    this.events.push(`snapshot ${offset}`);
    return this.snapshot;
  }
  restore(snapshot: Uint8Array | undefined, offset: number): boolean {
    this.events.push(
      `restore ${snapshot === undefined ? 'nothing' : Buffer.from(snapshot).toString()} at ${offset}`,
    );
    return true;
  }
  replay(bytes: Uint8Array, at: number): void {
    this.events.push(`replay ${Buffer.from(bytes.buffer, bytes.byteOffset).readBigInt64BE(at)}`);
  }
  /** What was written down since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }
}

export class LogWorld {
  readonly scheduler: SimulatedScheduler;
  disk: SimulatedDisk;
  store!: LocalLogStore;
  readonly calls: string[] = [];
  /** Called before each call of the disk. */
  onCall: () => void = () => {};
  /** Log lines. */
  readonly warnings: string[] = [];
  cleaner: Partial<CleanerSettings>;
  readonly fatal: LogError[] = [];
  readonly witnesses: Witness[] = [];
  readonly #settings: Partial<LocalLogSettings>;

  private constructor(seed: number, settings: Partial<LocalLogSettings>, cleaner: Partial<CleanerSettings>) {
    this.cleaner = cleaner;
    this.scheduler = SimulatedScheduler.fromSeed(seed);
    this.disk = new SimulatedDisk({ scheduler: this.scheduler });
    this.#settings = { walFileBytes: 256 * KB, ...settings };
  }

  static async start(
    settings: Partial<LocalLogSettings> = {},
    seed = 1,
    cleaner: Partial<CleanerSettings> = {},
  ): Promise<LogWorld> {
    const world = new LogWorld(seed, settings, cleaner);
    await world.openStore();
    return world;
  }

  async openStore(): Promise<void> {
    this.store = await this.run(
      openLocalLogStore({
        disk: recording(this.disk, (call) => {
          this.calls.push(call);
          this.onCall();
        }),
        clock: this.scheduler.clock,
        folder: FOLDER,
        settings: this.#settings,
        cleaner: () => this.cleaner,
        logger: { warn: (_details, message) => this.warnings.push(message) },
        onFatal: (reason) => this.fatal.push(reason),
      }),
    );
  }

  async open(partition = 0, config: LogConfig = TEST_CONFIG, topicId = TOPIC_ID): Promise<PartitionLog> {
    const witness = new Witness();
    this.witnesses[partition] = witness;
    return this.run(this.store.open({ topic: 'topic', topicId, partition }, config, witness));
  }

  run<T>(work: Promise<T>): Promise<T> {
    return this.scheduler.run(work);
  }

  /** Lets everything that is due within a millisecond or two happen: a commit, say. */
  settle(ms = 4): Promise<void> {
    return this.scheduler.runFor(ms);
  }

  /** The power goes, and comes back: the next store is on what survived. */
  async powerCut(): Promise<void> {
    this.disk.powerCut();
    this.disk = this.disk.restart();
    await this.openStore();
  }

  /** The process is killed, and started again. */
  async kill(): Promise<void> {
    this.disk.processCrash();
    this.disk = this.disk.restart();
    await this.openStore();
  }

  async reopen(): Promise<void> {
    await this.run(this.store.close());
    this.disk.processCrash();
    this.disk = this.disk.restart();
    await this.openStore();
  }

  /** How often a call was made since the last time this was asked. */
  count(call: string): number {
    return this.calls.filter((made) => made.startsWith(call)).length;
  }

  async content(path: string): Promise<Buffer> {
    const file = await this.run(this.disk.open(`${FOLDER}/${path}`, { mode: 'read' }));
    const bytes = Buffer.alloc(await this.run(file.size()));
    await this.run(file.read(bytes, 0));
    await this.run(file.close());
    return bytes;
  }

  async overwrite(path: string, position: number, bytes: Uint8Array): Promise<void> {
    const file = await this.run(this.disk.open(`${FOLDER}/${path}`, { mode: 'write' }));
    await this.run(file.writeDurably([bytes], position));
    await this.run(file.close());
  }

  async names(folder = ''): Promise<string[]> {
    const path = `${FOLDER}/${folder}`.replace(/\/$/, '');
    if (!(await this.run(this.disk.exists(path)))) return [];
    return (await this.run(this.disk.list(path))).map((entry) => entry.name).sort();
  }
}

export interface BatchShape {
  readonly records?: number;
  readonly size?: number;
  readonly timestamp?: number;
  readonly epoch?: number;
  readonly fill?: number;
}

/** A batch with a right header and CRC; its records are `size` bytes of nothing in particular. */
export function batchAt(baseOffset: number, shape: BatchShape = {}): AppendedBatch {
  const { records = 1, size = 200, timestamp = 1000 + baseOffset, epoch = 0, fill = baseOffset } = shape;
  const bytes = new Uint8Array(size).fill(fill & 0xff);
  writeBatchHeader(bytes, 0, {
    baseOffset,
    sizeInBytes: size,
    leaderEpoch: epoch,
    attributes: 0,
    lastOffsetDelta: records - 1,
    baseTimestamp: timestamp,
    maxTimestamp: timestamp,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    recordCount: records,
  });
  return {
    bytes,
    baseOffset,
    lastOffset: baseOffset + records - 1,
    leaderEpoch: epoch,
    maxTimestamp: timestamp,
  };
}

/** Appends `count` batches of one record, each by itself. */
export function appendMany(log: PartitionLog, count: number, shape: BatchShape = {}): void {
  for (let i = 0; i < count; i++) log.append([batchAt(log.endOffset, shape)]);
}

/** Base offsets of the batches in a slice. */
export function basesOf(slice: LogSlice): number[] {
  return slice.buffers.flatMap((bytes) =>
    Array.from(batchPositions(bytes), (at) => batchBaseOffset(bytes, at)),
  );
}

/** The offset behind the last batch of a slice. */
function findEnd(slice: LogSlice): number {
  let end = 0;
  for (const buffer of slice.buffers) {
    for (let at = 0; at < buffer.length; at += batchSizeInBytes(buffer, at))
      end = batchLastOffset(buffer, at) + 1;
  }
  return end;
}

/** Everything from `from` on. */
export async function readAll(world: LogWorld, log: PartitionLog, from = log.startOffset): Promise<number[]> {
  const bases: number[] = [];
  for (let offset = from; offset < log.durableEndOffset;) {
    const limits = { maxBytes: 64 * KB, atLeastOneBatch: true, upToOffset: Infinity };
    const slice = await world.run(Promise.resolve(log.read(offset, limits)));
    if (slice.byteLength === 0) break;
    const found = basesOf(slice);
    bases.push(...found);
    const next = findEnd(slice);
    if (next <= offset) throw new Error(`reading on from ${offset} ended at ${next}`);
    offset = next;
  }
  return bases;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** A disk that writes down the calls that make things durable. */
function recording(disk: Disk, called: (call: string) => void): Disk {
  return new Proxy(disk, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        called(`${String(property)} ${String(args[0])}`);
        const result = (value as (...args: unknown[]) => unknown).apply(target, args);
        return property === 'open'
          ? (result as Promise<DiskFile>).then((file) => recordingFile(file, called))
          : result;
      };
    },
  });
}

function recordingFile(file: DiskFile, called: (call: string) => void): DiskFile {
  return new Proxy(file, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        called(`${String(property)} ${file.path}`);
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
