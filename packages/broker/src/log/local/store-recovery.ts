// What a start does before any partition is opened: reads the checkpoint, then puts the frames of the write-ahead log that it does not
// cover into the segments, where an orderly end would have put them. Nothing is opened, read or written for the other partitions.
//
//   checkpoint: segments are durable up to here        write-ahead log
//   [segment ........................|...garbage?]     [frame][frame][frame]torn
//                                    ^ cut, then written again from the frames
//
// Must stay true: the write-ahead log stays as it is until a checkpoint covers what was recovered, so a crash in here only means doing it
// again; frames of a removed partition are not taken for those of a namesake.
import type { Clock, Disk } from '@moldau/runtime';

import { batchMaxTimestamp } from '@moldau/protocol/records/batch-header.ts';

import { LogError, type LogConfig, type PartitionId } from '../partition-log.ts';
import { isBatchOf } from './batch-check.ts';
import { readCheckpoint, writeCheckpoint, type PartitionCheckpoint } from './checkpoint-file.ts';
import { LocalPartitionLog } from './local-partition-log.ts';
import type { LogContext } from './log-context.ts';
import { DEFAULT_CLEANER_SETTINGS } from './compaction/cleaner-settings.ts';
import { OpenFiles } from './open-files.ts';
import { offsetName, parseRemovedFolderName, partitionFolderName } from './partition-files.ts';
import { ReadCache } from './read-cache.ts';
import { recoverSegment, rewriteSegment } from './recover-segment.ts';
import type { LocalLogSettings } from './settings.ts';
import { TailMemory } from './tail-memory.ts';
import { WAL_FOLDER, type WalFile } from './wal-files.ts';
import type { FrameSection } from './wal-frame.ts';
import { scanWal, type ScannedFrame, type SegmentSection } from './wal-scan.ts';

export interface RecoveredStore {
  readonly partitions: Map<string, PartitionCheckpoint>;
  /** Write-ahead files, all free. */
  readonly files: WalFile[];
  readonly nextSequence: number;
  readonly nextEpoch: number;
  readonly nextFileNumber: number;
  /** Frames that were put into segments. */
  readonly frames: number;
  /** A write that never ended was cut off. */
  readonly torn: boolean;
}

export interface RecoveryOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly folder: string;
  readonly settings: LocalLogSettings;
}

/** Settings of a log whose topic's are not known yet: nothing in them changes what recovery does. */
export const NO_CONFIG: LogConfig = {
  segmentBytes: Infinity,
  segmentMs: Infinity,
  segmentJitterMs: 0,
  segmentIndexBytes: Infinity,
  indexIntervalBytes: 4096,
  retentionMs: -1,
  retentionBytes: -1,
  fileDeleteDelayMs: 0,
  deletes: false,
  compacts: false,
  deleteRetentionMs: 86_400_000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: Infinity,
  minCleanableDirtyRatio: 0.5,
};

export function partitionKey(id: PartitionId): string {
  return `${id.topicId}-${id.partition}`;
}

/** @throws LogError CORRUPT with nothing changed; DiskError */
export async function recoverStore(options: RecoveryOptions): Promise<RecoveredStore> {
  const { disk, folder } = options;
  const checkpoint = await readCheckpoint(disk, folder);
  const removedFolders = await removedPartitions(disk, folder);
  const removed = new Set([
    ...removedFolders.keys(),
    ...(checkpoint?.removed ?? []).map((partition) => partition.key),
  ]);
  const recovery = new StoreRecovery(options, checkpoint?.partitions ?? [], removed);
  const scanned = await scanWal({
    disk,
    storeFolder: folder,
    walFolder: `${folder}/${WAL_FOLDER}`,
    fromSequence: checkpoint?.walSequence ?? 1,
    fromEpoch: checkpoint?.walEpoch ?? 1,
    checkSegment: (section, id) => recovery.checkSegment(section, id),
    onFrame: (frame) => recovery.take(frame),
  });
  await recovery.finish();
  const { partitions, frames } = recovery;
  if (frames > 0 || scanned.torn || removedFolders.size > 0) {
    const { nextSequence: walSequence, nextEpoch: walEpoch } = scanned;
    await writeCheckpoint(disk, folder, {
      walSequence,
      walEpoch,
      partitions: [...partitions.values()],
      removed: [],
    });
  }
  for (const path of removedFolders.values()) await disk.removeTree(path);
  return { ...scanned, partitions, frames };
}

class StoreRecovery {
  readonly partitions = new Map<string, PartitionCheckpoint>();
  frames = 0;
  readonly #options: RecoveryOptions;
  readonly #removed: ReadonlySet<string>;
  readonly #logs = new Map<string, LocalPartitionLog>();
  readonly #context: LogContext;
  /** What the last frame says is in segments: no later frame says that its sync succeeded. */
  #lastSections: { readonly log: LocalPartitionLog; readonly section: SegmentSection }[] = [];
  /** Of the batches in segments that have been checked and not yet taken. */
  readonly #timestamps = new Map<SegmentSection, number[]>();

  constructor(
    options: RecoveryOptions,
    partitions: readonly PartitionCheckpoint[],
    removed: ReadonlySet<string>,
  ) {
    this.#options = options;
    for (const partition of partitions) {
      const key = partitionKey(partition.id);
      if (!removed.has(key)) this.partitions.set(key, partition);
    }
    this.#removed = removed;
    const { disk, clock, folder, settings } = options;
    this.#context = {
      disk,
      clock,
      folder,
      settings,
      files: new OpenFiles(disk, settings.maxOpenFiles),
      memory: new TailMemory(settings),
      cache: new ReadCache(settings),
      commit: { nextSequence: 1, add: () => {} },
      logger: undefined,
      cleaner: () => DEFAULT_CLEANER_SETTINGS,
      refusal: () => undefined,
      dirty: () => {},
      checkpointed: () => Promise.resolve(),
      writeFailed: (error) => new LogError('FAILED', String(error)),
    };
  }

  async take({ header, body, partitions }: ScannedFrame): Promise<void> {
    let at = 0;
    this.frames += 1;
    this.#lastSections = [];
    for (const section of header.sections) {
      const id = partitions.get(section.number);
      if (id === undefined) {
        throw new LogError(
          'CORRUPT',
          `Frame ${header.sequence} of the write-ahead log names partition ${section.number}, which no frame defines.`,
        );
      }
      const end =
        section.kind === 'batches' ? section.batches.reduce((sum, batch) => sum + batch.length, at) : at;
      if (!this.#removed.has(partitionKey(id))) {
        await this.#apply(id, section, body.subarray(at, end), header.sequence);
      }
      at = end;
    }
    const { memory, settings } = this.#context;
    while (memory.unwrittenBytes > settings.flushBytes) await memory.oldestUnwritten!.flush();
  }

  /** Whether the batches that a frame says are in a segment are there. */
  async checkSegment(section: SegmentSection, id: PartitionId | undefined): Promise<string | undefined> {
    if (id === undefined) return `partition ${section.number} is not defined`;
    if (this.#removed.has(partitionKey(id))) return undefined;
    // A checkpoint has it, and since then compaction may have replaced the segment.
    const covered = this.partitions.get(partitionKey(id))?.endOffset ?? 0;
    if (section.batches.every((batch) => batch.lastOffset < covered)) return undefined;
    const path = `${this.#options.folder}/${partitionFolderName(id)}/${offsetName(section.segmentBase)}.log`;
    if (!(await this.#options.disk.exists(path))) return `${path} is missing`;
    const file = await this.#options.disk.open(path, { mode: 'read' });
    const timestamps: number[] = [];
    this.#timestamps.set(section, timestamps);
    try {
      let position = section.position;
      for (const batch of section.batches) {
        const bytes = new Uint8Array(batch.length);
        if ((await file.read(bytes, position)) < bytes.length || !isBatchOf(bytes, 0, batch)) {
          return `the batch of offsets ${batch.baseOffset} to ${batch.lastOffset} in ${path} at byte ${position} is not what was written`;
        }
        timestamps.push(batchMaxTimestamp(bytes, 0));
        position += batch.length;
      }
    } finally {
      await file.close();
    }
    return undefined;
  }

  async finish(): Promise<void> {
    for (const { log, section } of this.#lastSections) await rewriteSegment(log, section);
    for (const [key, log] of this.#logs) {
      await log.settle(false);
      this.partitions.set(key, log.checkpoint);
      await log.writeAllIndexes();
      log.release();
    }
    await this.#context.files.close();
  }

  async #apply(id: PartitionId, section: FrameSection, body: Uint8Array, sequence: number): Promise<void> {
    const log = this.#log(id);
    switch (section.kind) {
      case 'batches': {
        let at = 0;
        for (const entry of section.batches) {
          const bytes = body.subarray(at, at + entry.length);
          at += entry.length;
          if (entry.lastOffset < log.endOffset) continue;
          if (entry.baseOffset !== log.endOffset) {
            throw new LogError(
              'CORRUPT',
              `${log.folder} ends at offset ${log.endOffset}, but frame ${sequence} of the write-ahead log goes on at ${entry.baseOffset}: what lies between is missing.`,
            );
          }
          log.recover(
            { ...entry, bytes, maxTimestamp: batchMaxTimestamp(bytes, 0) },
            entry.beginsSegment,
            sequence,
          );
        }
        return;
      }
      case 'start':
        log.committed(0, section.startOffset, sequence);
        return;
      case 'segment':
        await recoverSegment(log, section, this.#timestamps.get(section) ?? [], sequence);
        this.#timestamps.delete(section);
        this.#lastSections.push({ log, section });
        return;
    }
  }

  #log(id: PartitionId): LocalPartitionLog {
    const key = partitionKey(id);
    let log = this.#logs.get(key);
    if (log === undefined) {
      log = new LocalPartitionLog(
        this.#context,
        this.#logs.size,
        this.partitions.get(key) ?? emptyCheckpoint(id),
        NO_CONFIG,
      );
      log.beginRecovery();
      this.#logs.set(key, log);
    }
    return log;
  }
}

export function emptyCheckpoint(id: PartitionId): PartitionCheckpoint {
  return {
    id,
    startOffset: 0,
    endOffset: 0,
    sizeInBytes: 0,
    active: undefined,
    epochs: [],
    snapshot: undefined,
  };
}

/** Partitions that were removed by a run which did not live to say so in a checkpoint: key and folder. */
async function removedPartitions(disk: Disk, folder: string): Promise<Map<string, string>> {
  const removed = new Map<string, string>();
  if (!(await disk.exists(folder))) return removed;
  for (const entry of await disk.list(folder)) {
    const parsed = parseRemovedFolderName(entry.name);
    if (parsed !== undefined) removed.set(partitionKey({ topic: '', ...parsed }), `${folder}/${entry.name}`);
  }
  return removed;
}
