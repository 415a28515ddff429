// Writes one partition's batches into its segments: the only code that touches the partition's files but for reading them.
//
//   flush     durable batches, in large writes, unsynced
//   direct    a large group on its way to being durable, synced, and counted only once the whole group is
//   sync      what a checkpoint may count on
//
// Must stay true: work on files is done one piece after the other (`io`); a file is made only for batches that are durable, so that nothing that was
// discarded has a file of its own; bytes behind what counts are cut off before a segment is completed.
import assert from 'node:assert/strict';

import type { AppendedBatch } from '../partition-log.ts';
import type { DirectTarget, DirectWrite } from './group-commit.ts';
import type { LeaderEpochs } from './leader-epochs.ts';
import type { LocalPartitionLog } from './local-partition-log.ts';
import { EPOCHS_FILE, METADATA_FILE, encodePartitionMetadata } from './partition-files.ts';
import { Serial } from './serial.ts';
import type { Segment } from './segment.ts';
import { writeHint } from '@moldau/runtime/small-files.ts';

/** Buffers in one write of a flush: what the systems take at a time. */
const FLUSH_BATCHES = 1024;
/** More batches than this, with those that wait for their segment, do not go straight there. */
const DIRECT_BATCHES = 4096;
/** Bytes in one write of a flush (and a batch more). */
const FLUSH_BYTES = 8 * 1024 * 1024;

export class PartitionWriter {
  readonly io = new Serial();
  /** Base offsets of segments that have no durable batch in a file yet. */
  readonly newSegments = new Set<number>();
  epochsChanged = false;
  /** Entries of the folder changed since its last sync. */
  folderChanged = false;
  /** The partition's folder is there. */
  folderMade: boolean;
  /** ... and survives: a checkpoint has synced the folder above. */
  folderDurable: boolean;
  /** The folder has been taken away. */
  gone = false;
  readonly #log: LocalPartitionLog;

  constructor(log: LocalPartitionLog, folderDurable: boolean) {
    this.#log = log;
    this.folderMade = folderDurable;
    this.folderDurable = folderDurable;
  }

  /** Writes what is durable. To be called as a piece of file work. */
  async flush(): Promise<void> {
    const { tail } = this.#log;
    while (tail.written < tail.durable && !this.gone) {
      const first = tail.at(tail.written);
      const segment = this.#log.segments.find(first.baseOffset);
      assert(segment !== undefined, `no segment of ${this.#log.folder} for offset ${first.baseOffset}`);
      const next = this.#log.segments.after(segment);
      const batches: AppendedBatch[] = [];
      let bytes = 0;
      for (
        let i = tail.written;
        i < tail.durable && batches.length < FLUSH_BATCHES && bytes < FLUSH_BYTES;
        i++
      ) {
        const batch = tail.at(i);
        if (next !== undefined && batch.baseOffset >= next.baseOffset) break;
        batches.push(batch);
        bytes += batch.bytes.length;
      }
      await this.finishBefore(segment);
      if (!segment.created) await this.#prepareFolder();
      await segment.write(batches, this.#log.config.indexIntervalBytes);
      this.newSegments.delete(segment.baseOffset);
      tail.written += batches.length;
      this.#log.context.memory.written(bytes);
      await segment.indexes.write(false);
    }
  }

  /** Completes the segments before `segment`: nothing is written to them any more. */
  async finishBefore(segment: Segment): Promise<void> {
    for (const before of this.#log.segments.known) {
      if (before === segment) return;
      if (before.finished || !before.created) continue;
      await before.trim();
      await before.indexes.write(true);
      before.finished = true;
    }
  }

  directTarget(from: number): DirectTarget | undefined {
    const { tail } = this.#log;
    const segment = this.#log.segments.active!;
    const first = tail.at(Math.min(tail.written, from));
    if (first.baseOffset < segment.baseOffset || tail.end - tail.written > DIRECT_BATCHES) return undefined;
    if (!segment.entryDurable || !this.folderDurable) {
      // A file is made for batches that are durable, never for those that may be discarded.
      this.#log.settleSoon();
      return undefined;
    }
    let bytes = 0;
    for (let i = from; i < tail.end; i++) bytes += tail.at(i).bytes.length;
    return { segmentBase: segment.baseOffset, position: segment.planned.size - bytes };
  }

  async writeDirect(upTo: number, target: DirectTarget): Promise<DirectWrite> {
    const end = await this.io.turn();
    const segment = this.#log.segments.find(target.segmentBase)!;
    const { tail } = this.#log;
    const batches: AppendedBatch[] = [];
    let bytes = 0;
    for (let i = tail.written; i < upTo; i++) {
      batches.push(tail.at(i));
      bytes += tail.at(i).bytes.length;
    }
    const abandon = (): void => {
      segment.abandonBehind();
      end();
    };
    try {
      await this.finishBefore(segment);
      await segment.prepareToWrite();
      if (this.#log.context.settings.durability === 'fsync') await segment.writeBehindDurably(batches);
      else await segment.writeBehind(batches);
    } catch (error) {
      abandon();
      throw error;
    }
    const commit = (): void => {
      segment.wrote(batches, this.#log.config.indexIntervalBytes);
      // Synced already, but for what a flush wrote meanwhile: there was none, this was the partition's turn.
      if (this.#log.context.settings.durability === 'fsync') segment.dirty = false;
      this.newSegments.delete(segment.baseOffset);
      tail.written = upTo;
      this.#log.context.memory.written(bytes);
      end();
    };
    return { commit, abandon };
  }

  async #prepareFolder(): Promise<void> {
    this.folderChanged = true;
    if (this.folderMade) return;
    const { disk } = this.#log.context;
    await disk.makeDirectory(this.#log.folder);
    await writeHint(disk, `${this.#log.folder}/${METADATA_FILE}`, encodePartitionMetadata(this.#log.id));
    this.folderMade = true;
  }

  /** Makes durable what has been written, snapshots and epochs too. To be called as a piece of file work. */
  async sync(epochs: LeaderEpochs): Promise<void> {
    const { disk } = this.#log.context;
    if (this.epochsChanged) {
      this.epochsChanged = false;
      await writeHint(disk, `${this.#log.folder}/${EPOCHS_FILE}`, epochs.encode());
      this.folderChanged = true;
    }
    // Before the snapshot, from which the next replay begins: it finds only what lies behind.
    if (await this.#log.aborted.store(this.#log.writtenEndOffset)) await disk.syncDirectory(this.#log.folder);
    if (await this.#log.snapshots.store(this.#log.writtenEndOffset)) {
      await this.#log.snapshots.prune(this.#log.writtenEndOffset);
      this.folderChanged = true;
    }
    for (const segment of this.#log.segments.known) {
      if (segment.dirty) await segment.sync();
    }
    if (this.folderChanged) {
      this.folderChanged = false;
      await disk.syncDirectory(this.#log.folder);
      for (const segment of this.#log.segments.known) if (segment.created) segment.entryDurable = true;
    }
  }
}
