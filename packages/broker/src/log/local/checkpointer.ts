// The work behind the commits: tails into segments (memory), segments synced and the write-ahead log freed (disk).
//
//   flush       when much is in no segment: the partition that waited the longest is written first, whole
//   checkpoint  when full write-ahead files pile up: each partition that a full file still serves is settled, then the checkpoint file
//               is replaced, then those files are free
//
// Must stay true: `walSequence` of a checkpoint is not above the first frame that any partition still needs; the file is durable before a
// write-ahead file is used again.
import type { Disk } from '@moldau/runtime';

import type { LogError } from '../partition-log.ts';
import { writeCheckpoint, type PartitionCheckpoint, type RemovedPartition } from './checkpoint-file.ts';
import type { GroupCommit } from './group-commit.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import type { LocalLogSettings } from './settings.ts';
import type { TailMemory } from './tail-memory.ts';
import type { WalFiles } from './wal-files.ts';

/** Partitions settled at the same time: as many as the thread pool has threads, less one for the commits. */
const SETTLE_PARALLEL = 3;

export interface CheckpointerParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly settings: LocalLogSettings;
  readonly memory: TailMemory<LocalPartitionLog>;
  readonly commit: GroupCommit;
  readonly wal: WalFiles;
  /** The newest checkpoint of every partition in the store. */
  partitions(): readonly PartitionCheckpoint[];
  writeFailed(error: unknown): LogError;
  /** The engine has failed: a sync that failed once may succeed when tried again without having written anything. */
  failure(): LogError | undefined;
  /** `failure`, or the disk is full: background work waits. */
  refusal(): LogError | undefined;
}

export class Checkpointer {
  readonly #parts: CheckpointerParts;
  readonly #dirty = new Set<LocalPartitionLog>();
  /** Partitions that someone wants covered, and who. */
  #wanted = new Map<
    LocalPartitionLog | undefined,
    { resolve: () => void; reject: (error: unknown) => void }[]
  >();
  #flushing: Promise<void> | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #inTime: () => boolean = () => true;
  #removed: RemovedPartition[] = [];
  /** The partitions of the store are not those of the last checkpoint file any more. */
  changed = false;

  constructor(parts: CheckpointerParts) {
    this.#parts = parts;
  }

  dirty(log: LocalPartitionLog): void {
    this.#dirty.add(log);
  }

  /** The partition is gone; frames of it that are still in the write-ahead log do not count. */
  forget(log: LocalPartitionLog, key: string): void {
    this.#dirty.delete(log);
    this.#removed.push({ key, sequence: this.#parts.commit.nextSequence });
    this.changed = true;
  }

  /** Resolves once a checkpoint says which partitions are gone. */
  covered(): Promise<void> {
    return this.changed ? this.checkpointed(undefined) : Promise.resolve();
  }

  /** To be called after each commit. */
  committed(): void {
    if (this.#stopped) return;
    const { settings, wal, commit } = this.#parts;
    if (this.#flushIsDue) this.flush();
    const much =
      wal.sealedBytes >= settings.walCheckpointBytes || commit.directBytes >= settings.directCheckpointBytes;
    if (much || wal.full) this.start();
  }

  /** Writes tails to segments until there is room again. */
  flush(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      // What was committed while the last piece was written has found this flush still going on.
      if (!this.#stopped && this.#flushIsDue) this.flush();
    });
  }

  get #flushIsDue(): boolean {
    const { memory, settings } = this.#parts;
    return (
      this.#parts.refusal() === undefined &&
      memory.unwrittenBytes > settings.flushBytes &&
      memory.oldestUnwritten !== undefined
    );
  }

  /** Begins a checkpoint, or another one behind the one that runs. */
  start(): void {
    if (this.#stopped) return;
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#run(false)
      .catch(() => {})
      .finally(() => {
        this.#running = undefined;
        if (this.#parts.failure() !== undefined) {
          this.#rejectWaiters();
        } else if (this.#again || this.#wanted.size > 0) {
          this.#again = false;
          this.start();
        }
      });
  }

  /** Resolves once a checkpoint that covers all of `log` up to now is durable (of nothing in particular: any that begins now). */
  checkpointed(log: LocalPartitionLog | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#wanted.get(log) ?? [];
      waiters.push({ resolve, reject });
      this.#wanted.set(log, waiters);
      if (this.#running === undefined) this.start();
    });
  }

  /** A last checkpoint, of everything that `inTime` leaves time for; nothing runs afterwards. */
  async finish(inTime: () => boolean): Promise<void> {
    this.#stopped = true;
    this.#inTime = inTime;
    await this.#flushing;
    await this.#running;
    await this.#run(true);
  }

  /** Waits for what runs; begins nothing. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#flushing;
    await this.#running;
  }

  async #flush(): Promise<void> {
    const { memory, settings } = this.#parts;
    try {
      while (memory.unwrittenBytes > settings.flushBytes / 2) {
        const log = memory.oldestUnwritten;
        if (log === undefined) return;
        await log.flush();
      }
    } catch (error) {
      this.#parts.writeFailed(error);
    }
  }

  async #run(everything: boolean): Promise<void> {
    const { commit, wal, disk, folder, settings } = this.#parts;
    const wanted = this.#wanted;
    this.#wanted = new Map();
    try {
      this.#refuseAfterFailure();
      // After much went straight to segments, all of it is covered; else only what holds full files back.
      const direct = commit.directBytes >= settings.directCheckpointBytes;
      const before = direct ? commit.nextSequence : wal.sealedUpTo;
      commit.directBytes = 0;
      const logs = new Set<LocalPartitionLog>();
      for (const log of wanted.keys()) if (log !== undefined) logs.add(log);
      for (const log of this.#dirty) {
        if (everything || (log.dirtyFrom !== 0 && log.dirtyFrom <= before)) logs.add(log);
      }
      const due = everything || wanted.size > 0 || logs.size > 0 || this.changed || wal.sealedBytes > 0;
      const settled = [...logs];
      await this.#settle([...settled]);
      this.#refuseAfterFailure();
      if (due) {
        if (everything) wal.seal();
        let walSequence = commit.nextSequence;
        for (const log of this.#dirty) {
          if (log.dirtyFrom === 0) this.#dirty.delete(log);
          else walSequence = Math.min(walSequence, log.dirtyFrom);
        }
        this.changed = false;
        this.#removed = this.#removed.filter((removed) => removed.sequence > walSequence);
        await wal.makeFolder();
        await writeCheckpoint(disk, folder, {
          walSequence,
          walEpoch: wal.epochFloor(walSequence),
          partitions: this.#parts.partitions(),
          removed: this.#removed,
        });
        for (const log of settled) log.writer.folderDurable = log.writer.folderMade;
        wal.release(walSequence);
      }
      for (const waiters of wanted.values()) for (const waiter of waiters) waiter.resolve();
    } catch (error) {
      const reason = this.#parts.failure() ?? this.#parts.writeFailed(error);
      for (const waiters of wanted.values()) for (const waiter of waiters) waiter.reject(reason);
      this.changed = true;
      throw reason;
    }
  }

  #rejectWaiters(): void {
    const wanted = this.#wanted;
    this.#wanted = new Map();
    for (const waiters of wanted.values()) for (const waiter of waiters) waiter.reject(this.#parts.failure());
  }

  #refuseAfterFailure(): void {
    const failure = this.#parts.failure();
    if (failure !== undefined) throw failure;
  }

  async #settle(logs: LocalPartitionLog[]): Promise<void> {
    const goesOn = (): boolean => this.#inTime() && this.#parts.failure() === undefined;
    const lane = async (): Promise<void> => {
      for (let log = logs.pop(); log !== undefined && goesOn(); log = logs.pop()) {
        await log.settle(true);
      }
    };
    await Promise.all(Array.from({ length: SETTLE_PARALLEL }, lane));
  }
}
