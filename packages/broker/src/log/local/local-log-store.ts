// The embedded log store: all partitions of a process over one write-ahead log.
//
//   <folder>/
//     checkpoint                      what is durable in the segments (checkpoint-file.ts)
//     wal/00000001.wal ...            everything since (wal-frame.ts)
//     <topic>-<partition>/ ...        segments (partition-files.ts)
//     quarantine/                     copies of damaged files
//
// Must stay true: one store a folder (whoever opens it holds the folder's lock); nothing is written before the first append; after a failed
// write or sync the store takes nothing any more.
import type { Clock, Disk, Timer } from '@moldau/runtime';
import { makeDurableDirectory } from '@moldau/runtime/small-files.ts';

import {
  LogError,
  type LogConfig,
  type LogObserver,
  type LogStore,
  type PartitionId,
  type PartitionLog,
} from '../partition-log.ts';
import type { PartitionCheckpoint } from './checkpoint-file.ts';
import { Checkpointer } from './checkpointer.ts';
import { DEFAULT_CLEANER_SETTINGS, type CleanerSettings } from './compaction/cleaner-settings.ts';
import { Compactor } from './compaction/compactor.ts';
import { DiskState } from './disk-state.ts';
import { GroupCommit } from './group-commit.ts';
import { LocalPartitionLog } from './local-partition-log.ts';
import type { LogContext, LogLogger } from './log-context.ts';
import { OpenFiles } from './open-files.ts';
import { partitionFolderName, removedFolderName } from './partition-files.ts';
import {
  NO_CONFIG,
  emptyCheckpoint,
  partitionKey,
  recoverStore,
  type RecoveredStore,
} from './store-recovery.ts';
import { ReadCache } from './read-cache.ts';
import { replayInto } from './replay.ts';
import { DEFAULT_LOCAL_LOG_SETTINGS, type LocalLogSettings } from './settings.ts';
import { TailMemory } from './tail-memory.ts';
import { WalFiles } from './wal-files.ts';

export interface LocalLogOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The store's own folder; made at the first write. */
  readonly folder: string;
  readonly settings?: Partial<LocalLogSettings>;
  /** How compaction works; asked whenever it matters, so that changes count at once. */
  readonly cleaner?: () => Partial<CleanerSettings>;
  readonly logger?: LogLogger;
  /** A write or a sync failed: the broker must stop and recover by starting again. Called once. */
  readonly onFatal: (reason: LogError) => void;
}

/** Opens the store and recovers what the last run left in the write-ahead log. @throws LogError CORRUPT, IO */
export async function openLocalLogStore(options: LocalLogOptions): Promise<LocalLogStore> {
  const settings = { ...DEFAULT_LOCAL_LOG_SETTINGS, ...options.settings };
  const recover = async () => {
    // There before the first record: administrators ask for the space of its disk.
    await makeDurableDirectory(options.disk, options.folder);
    return recoverStore({ ...options, settings });
  };
  const recovered = await recover().catch((error: unknown) => {
    throw error instanceof LogError
      ? error
      : new LogError('IO', `Cannot recover the log in ${options.folder}: ${(error as Error).message}`, {
          cause: error,
        });
  });
  return new LocalLogStore(options, settings, recovered);
}

export class LocalLogStore implements LogStore {
  readonly #options: LocalLogOptions;
  readonly #settings: LocalLogSettings;
  readonly #memory: TailMemory<LocalPartitionLog>;
  readonly #files: OpenFiles;
  readonly #wal: WalFiles;
  readonly #commit: GroupCommit;
  readonly #disk: DiskState;
  readonly #checkpointer: Checkpointer;
  readonly #context: LogContext;
  /** The newest checkpoint of each partition that is not open. */
  readonly #stored: Map<string, PartitionCheckpoint>;
  readonly #open = new Map<string, LocalPartitionLog>();
  #nextWalNumber = 1;
  #retention: Timer | undefined;
  readonly #compactor: Compactor;
  #closing: Promise<void> | undefined;

  constructor(options: LocalLogOptions, settings: LocalLogSettings, recovered: RecoveredStore) {
    const { disk, clock, folder } = options;
    this.#options = options;
    this.#settings = settings;
    this.#stored = recovered.partitions;
    this.#memory = new TailMemory(settings);
    this.#files = new OpenFiles(disk, settings.maxOpenFiles);
    this.#wal = new WalFiles(disk, folder, settings, {
      nextEpoch: recovered.nextEpoch,
      nextFileNumber: recovered.nextFileNumber,
      free: recovered.files,
    });
    this.#commit = new GroupCommit(clock, this.#wal, settings, {
      nextSequence: recovered.nextSequence,
      durableSequence: recovered.nextSequence - 1,
    });
    this.#disk = new DiskState(disk, clock, folder, settings);
    const writeFailed = (error: unknown): LogError => this.#disk.writeFailed(error);
    this.#checkpointer = new Checkpointer({
      disk,
      folder,
      settings,
      memory: this.#memory,
      commit: this.#commit,
      wal: this.#wal,
      partitions: () => this.#checkpoints(),
      writeFailed,
      failure: () => (this.#disk.failed ? this.#disk.refusal : undefined),
      refusal: () => this.#disk.refusal,
    });
    this.#context = {
      disk,
      clock,
      folder,
      settings,
      files: this.#files,
      memory: this.#memory,
      cache: new ReadCache(settings),
      commit: this.#commit,
      logger: options.logger,
      cleaner: () => ({ ...DEFAULT_CLEANER_SETTINGS, ...options.cleaner?.() }),
      refusal: () => this.#refusal(),
      dirty: (log) => this.#checkpointer.dirty(log),
      checkpointed: (log) => this.#checkpointer.checkpointed(log),
      writeFailed,
    };
    this.#wire();
    this.#retentionLater();
    this.#compactor = new Compactor({
      clock,
      logger: options.logger,
      logs: () => this.#open.values(),
      cleaner: () => this.#context.cleaner(),
    });
  }

  /** Producers should be held back: more is in memory than the segments have taken. */
  get pressure(): boolean {
    return this.#memory.pressure;
  }

  /** Calls `listener` when `pressure` changes; returns what ends that. */
  onPressure(listener: (pressure: boolean) => void): () => void {
    return this.#memory.onPressure(listener);
  }

  /** Group commits since the start. */
  get commits(): number {
    return this.#commit.count;
  }

  /** Bytes in memory, for metrics: batches in the tails (not in segments yet: `unwritten`), and the read cache. */
  get memoryUse(): { readonly tails: number; readonly unwritten: number; readonly readCache: number } {
    return {
      tails: this.#memory.heldBytes,
      unwritten: this.#memory.unwrittenBytes,
      readCache: this.#context.cache.bytes,
    };
  }

  async open(id: PartitionId, config: LogConfig, observer: LogObserver): Promise<PartitionLog> {
    this.#refuseWhenClosed();
    const key = partitionKey(id);
    if (this.#open.has(key)) throw new LogError('FAILED', `${partitionFolderName(id)} is open already`);
    await this.#removeNamesake(id);
    const checkpoint = this.#stored.get(key) ?? emptyCheckpoint(id);
    const log = new LocalPartitionLog(this.#context, this.#nextWalNumber++, checkpoint, config);
    await replayInto(log, observer);
    log.attach(observer);
    this.#stored.delete(key);
    this.#open.set(key, log);
    return log;
  }

  async remove(id: PartitionId): Promise<void> {
    this.#refuseWhenClosed();
    const key = partitionKey(id);
    const log =
      this.#open.get(key) ??
      new LocalPartitionLog(
        this.#context,
        this.#nextWalNumber++,
        this.#stored.get(key) ?? emptyCheckpoint(id),
        NO_CONFIG,
      );
    try {
      log.close();
      // A group in flight may hold its batches: they stay in memory until it has ended, and no later frame has any.
      while (log.tail.taken > log.tail.durable && !this.#disk.failed) await this.#commit.next();
      // Nothing takes what is left of it any more: whoever waits for that is told so now, or never.
      log.discard(new LogError('CLOSED', `The log ${log.folder} is removed.`));
      await log.detach();
      log.release();
      await this.#takeFolderAway(log.folder, id);
    } catch (error) {
      throw this.#disk.writeFailed(error);
    } finally {
      this.#open.delete(key);
      this.#stored.delete(key);
    }
    this.#checkpointer.forget(log, key);
    // Frames of it may still be in the write-ahead log: the empty folder says that they do not count until a checkpoint does.
    // What cannot be removed now goes at the next start.
    this.#checkpointer
      .covered()
      .then(() => this.#options.disk.removeTree(`${this.#options.folder}/${removedFolderName(id)}`))
      .catch(() => {});
  }

  async stored(): Promise<readonly PartitionId[]> {
    const ids = [...this.#stored.values()].map((checkpoint) => checkpoint.id);
    for (const log of this.#open.values()) if (log.endOffset > 0) ids.push(log.id);
    return ids;
  }

  space(): Promise<{ readonly free: number; readonly total: number }> {
    return this.#options.disk.space(this.#options.folder);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#retention?.cancel();
    this.#disk.close();
    while (!this.#commit.idle && !this.#disk.failed) await this.#commit.next();
    // For frames that there is no time to bring into segments.
    await this.#commit.mark();
    this.#commit.stop();
    for (const log of this.#open.values()) log.close();
    await this.#compactor.stop();
    if (this.#disk.failed || (this.#commit.untouched && !this.#checkpointer.changed)) {
      await this.#checkpointer.stop();
    } else {
      const end = this.#options.clock.monotonic() + this.#settings.closeBudgetMs;
      const inTime = (): boolean => this.#options.clock.monotonic() < end;
      await this.#checkpointer.finish(inTime);
      // What is missing in an index file is made again from the segment.
      for (const log of this.#open.values()) if (inTime()) await log.writeAllIndexes();
    }
    await this.#files.close();
    await this.#wal.close();
  }

  #wire(): void {
    this.#commit.onCommitted = () => this.#checkpointer.committed();
    this.#commit.onFailure = (error) => {
      const reason = this.#disk.writeFailed(error);
      for (const log of this.#open.values()) log.discard(reason);
      this.#commit.forgetWaiting();
    };
    this.#wal.onSealed = () => this.#checkpointer.committed();
    this.#disk.onFull = (reason) =>
      this.#options.logger?.warn({ folder: this.#options.folder }, reason.message);
    this.#disk.onRoom = () => {
      this.#options.logger?.warn(
        { folder: this.#options.folder },
        'There is space on the disk again: appends are taken.',
      );
      this.#checkpointer.start();
      this.#checkpointer.flush();
    };
    this.#disk.onFailed = (reason) => {
      this.#commit.stop();
      for (const log of this.#open.values()) log.discard(reason);
      this.#options.onFatal(reason);
    };
  }

  /** Renames the folder, which is what makes the removal durable, and frees its disk space. */
  async #takeFolderAway(path: string, id: PartitionId): Promise<void> {
    const { disk, folder } = this.#options;
    const removed = `${folder}/${removedFolderName(id)}`;
    if (await disk.exists(path)) {
      await disk.rename(path, removed);
    } else if (await disk.exists(folder)) {
      await disk.makeDirectory(removed);
    } else {
      return;
    }
    await disk.syncDirectory(folder);
    for (const entry of await disk.list(removed)) await disk.remove(`${removed}/${entry.name}`);
  }

  #refusal(): LogError | undefined {
    if (this.#disk.refusal !== undefined) return this.#disk.refusal;
    return this.#memory.exhausted
      ? new LogError(
          'NO_SPACE',
          `${this.#memory.unwrittenBytes} bytes wait to be written to ${this.#options.folder}: the disk cannot keep up`,
        )
      : undefined;
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined)
      throw new LogError('CLOSED', `The log store in ${this.#options.folder} is closed.`);
    if (this.#disk.failed) throw this.#disk.refusal!;
  }

  #checkpoints(): PartitionCheckpoint[] {
    const checkpoints = [...this.#stored.values()];
    for (const log of this.#open.values()) {
      if (log.checkpoint.endOffset > 0 || log.checkpoint.active !== undefined)
        checkpoints.push(log.checkpoint);
    }
    return checkpoints;
  }

  /** A topic of the same name that was removed while nobody was there to say so. */
  async #removeNamesake(id: PartitionId): Promise<void> {
    const all = [...this.#stored.values(), ...[...this.#open.values()].map((log) => log.checkpoint)];
    for (const other of all) {
      if (
        other.id.topic === id.topic &&
        other.id.partition === id.partition &&
        other.id.topicId !== id.topicId
      ) {
        await this.remove(other.id);
      }
    }
  }

  #retentionLater(): void {
    this.#retention = this.#options.clock.setTimer(this.#settings.retentionCheckIntervalMs, () => {
      void this.#applyRetention().finally(() => {
        if (this.#closing === undefined) this.#retentionLater();
      });
    });
  }

  async #applyRetention(): Promise<void> {
    const now = this.#options.clock.now();
    const work = [...this.#open.values()].map(async (log) => {
      try {
        await log.applyRetention(now);
      } catch (error) {
        this.#options.logger?.warn(
          { partition: log.folder },
          `Retention failed: ${(error as Error).message}`,
        );
      }
    });
    await Promise.all(work);
  }
}
