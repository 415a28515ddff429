// One partition of a Kafka node becomes one of ours: its segments, its producers' state, its epochs, and the entry of the checkpoint that names them.
//
//   Kafka's folder                             ours
//     0.log 1000.log 2000.log          ->        the same, closed: appends go to a segment of their own at the end offset
//     *.index *.timeindex *.txnindex   ->        made anew from the batches (adopt-segment.ts)
//     *.snapshot                       ->        the newest two that are readable and not beyond the end
//     leader-epoch-checkpoint          ->        epochs, up to the end
//     *.cleaned *.deleted ...          ->        left out: what a compaction or a deletion had not finished or not removed
//
// After an orderly stop every byte counts: anything invalid is damage, and so is an end elsewhere than Kafka noted. After a kill the log is cut at the
// first invalid batch, as Kafka's own recovery does, but never below the recovery point: that was durable.
//
// Must stay true: the source is only read; all that is written here is synced when it resolves (the folder's entries too).
import type { Disk } from '@moldau/runtime';
import { readWhole } from '@moldau/runtime/small-files.ts';
import { failureText } from '../log/batch-scan.ts';
import type { PartitionCheckpoint } from '../log/local/checkpoint-file.ts';
import { LeaderEpochs, type EpochEntry } from '../log/local/leader-epochs.ts';
import {
  EPOCHS_FILE,
  METADATA_FILE,
  encodePartitionMetadata,
  offsetName,
  parseOffsetName,
} from '../log/local/partition-files.ts';
import type { PartitionId } from '../log/partition-log.ts';
import { decodeProducerSnapshot } from '../partition/producer-snapshot.ts';
import { AdoptError } from './adopt-error.ts';
import { adoptSegment, writeSynced, type AdoptedSegment, type PartitionScan } from './adopt-segment.ts';
import { parseEpochsFile } from './kafka-text-files.ts';
import { TransactionScan } from './transaction-scan.ts';

const KEPT_SNAPSHOTS = 2;

export interface PartitionToAdopt {
  readonly id: PartitionId;
  readonly folder: string;
  /** From `log-start-offset-checkpoint`; undefined: where the first segment begins. */
  readonly startOffset: number | undefined;
  /** Up to where the log was durable (after an orderly stop: where it ends); undefined when Kafka did not say. */
  readonly recoveryPoint: number | undefined;
  /** Up to where it was compacted. */
  readonly cleanedTo: number | undefined;
  /** The node stopped in order. */
  readonly clean: boolean;
  /** Offsets may be missing between segments: the topic is compacted, or the user says so. */
  readonly mayHaveGaps: boolean;
  readonly indexIntervalBytes: number;
}

export interface AdoptOnto {
  readonly disk: Disk;
  /** Where to put it; undefined only to look. */
  readonly folder: string | undefined;
  readonly link: boolean;
  readonly progress: (bytes: number) => void;
}

export interface AdoptedPartition {
  readonly checkpoint: PartitionCheckpoint;
  /** -1: no batch has one. */
  readonly maxProducerId: number;
  readonly notices: readonly string[];
}

/** @throws AdoptError DAMAGED, UNSUPPORTED, TARGET; DiskError */
export async function adoptPartition(source: PartitionToAdopt, onto: AdoptOnto): Promise<AdoptedPartition> {
  const { disk } = onto;
  const names = (await disk.list(source.folder)).map((entry) => entry.name);
  const unfinished = names.find((name) => name.endsWith('.swap'));
  if (unfinished !== undefined) {
    throw new AdoptError(
      'DAMAGED',
      `${source.folder}/${unfinished}: Kafka died while it put a compacted segment in place. Start Kafka once, which finishes that, and stop it in order.`,
    );
  }
  const bases = names
    .map(parseOffsetName)
    .filter((parsed) => parsed?.suffix === 'log')
    .map((parsed) => parsed!.offset)
    .sort((a, b) => a - b);
  if (onto.folder !== undefined && bases.length > 0) await disk.makeDirectory(onto.folder);
  const walk = new PartitionWalk(source, onto, bases);
  await walk.segments();
  const snapshots = await adoptSnapshots(source, onto, names, walk);
  const checkpoint = await walk.finish(snapshots);
  return { checkpoint, maxProducerId: walk.scan.maxProducerId, notices: walk.notices };
}

class PartitionWalk {
  readonly notices: string[] = [];
  readonly scan: PartitionScan;
  readonly #source: PartitionToAdopt;
  readonly #onto: AdoptOnto;
  readonly #bases: readonly number[];
  #size = 0;
  #startOffset: number;

  constructor(source: PartitionToAdopt, onto: AdoptOnto, bases: readonly number[]) {
    this.#source = source;
    this.#onto = onto;
    this.#bases = bases;
    const first = bases[0] ?? 0;
    this.#startOffset = Math.max(first, source.startOffset ?? first);
    this.scan = {
      nextOffset: first,
      gaps: false,
      maxProducerId: -1,
      batches: 0,
      epochs: new LeaderEpochs(),
      transactions: new TransactionScan(),
    };
  }

  get startOffset(): number {
    return this.#startOffset;
  }

  async segments(): Promise<void> {
    const { clean, recoveryPoint = 0, folder, startOffset } = this.#source;
    for (const [i, base] of this.#bases.entries()) {
      this.#checkFollows(base);
      const last = i === this.#bases.length - 1;
      const segment = await adoptSegment(
        {
          disk: this.#onto.disk,
          folder,
          baseOffset: base,
          indexIntervalBytes: this.#source.indexIntervalBytes,
          progress: this.#onto.progress,
        },
        this.scan,
        this.#onto.folder,
        // Kafka, were it started again, would write on in the newest.
        this.#onto.link && !last ? 'link' : 'copy',
      );
      this.#size += segment.size;
      if (segment.size === 0) await this.#removeEmpty(base);
      if (segment.problem !== undefined) {
        await this.#cut(base, segment, i);
        break;
      }
    }
    const end = this.scan.nextOffset;
    if (clean && this.#source.recoveryPoint !== undefined && end < recoveryPoint) {
      throw this.#damaged(
        `${folder} ends at offset ${end}, but Kafka noted ${recoveryPoint} when it stopped: a segment is missing`,
      );
    }
    if ((startOffset ?? 0) > end) {
      throw this.#damaged(`${folder} ends at offset ${end}, but begins at ${startOffset}, as Kafka noted`);
    }
  }

  /** The log ends within the segment number `index`: right only where Kafka was killed, and behind what was durable. */
  async #cut(base: number, segment: AdoptedSegment, index: number): Promise<void> {
    const { clean, recoveryPoint, folder } = this.#source;
    const path = `${folder}/${offsetName(base)}.log`;
    const what = `${path} is damaged at byte ${segment.size}: ${failureText(segment.problem!)}`;
    const end = this.scan.nextOffset;
    if (clean) throw this.#damaged(`${what}, though Kafka had stopped in order`);
    if (end < (recoveryPoint ?? 0)) {
      throw this.#damaged(
        `${what}; the log ends at offset ${end} there, and up to ${recoveryPoint} it had been durable`,
      );
    }
    const later = this.#bases.length - 1 - index;
    const more = later > 0 ? ` and ${later} later segments` : '';
    this.notices.push(
      `${path}: cut at byte ${segment.size} of ${segment.fileSize}${more} (offset ${end}): ${failureText(segment.problem!)}. Kafka was killed; its own recovery does the same.`,
    );
  }

  /** A segment without batches is none of ours: its files are made with its first batch. */
  async #removeEmpty(base: number): Promise<void> {
    const { disk, folder } = this.#onto;
    if (folder === undefined) return;
    for (const suffix of ['.log', '.index', '.timeindex', '.txnindex']) {
      await disk.remove(`${folder}/${offsetName(base)}${suffix}`);
    }
  }

  #checkFollows(base: number): void {
    const { folder, mayHaveGaps } = this.#source;
    const end = this.scan.nextOffset;
    const path = `${folder}/${offsetName(base)}.log`;
    if (base < end) {
      throw this.#damaged(
        `${path} begins at offset ${base}, within the segment before it, which ends at ${end}`,
      );
    }
    if (base === end) return;
    if (!mayHaveGaps) {
      throw new AdoptError(
        'DAMAGED',
        `A segment is missing: ${path} follows on offset ${end}, and the topic is not compacted. Restore the file, or adopt with --allow-gaps if the topic was compacted once.`,
      );
    }
    this.scan.gaps = true;
    this.scan.nextOffset = base;
  }

  #damaged(what: string): AdoptError {
    return new AdoptError(
      'DAMAGED',
      `${what}. Nothing was adopted; restore the partition's folder from a copy or from another replica, or leave the topic out with --topic.`,
    );
  }

  async finish(snapshot: PartitionCheckpoint['snapshot']): Promise<PartitionCheckpoint> {
    const { id, cleanedTo } = this.#source;
    const { disk, folder } = this.#onto;
    const endOffset = this.scan.nextOffset;
    const epochs = new LeaderEpochs(await this.#epochs(endOffset));
    epochs.truncateFromEnd(endOffset);
    epochs.truncateFromStart(this.#startOffset);
    if (folder !== undefined && this.#bases.length > 0) {
      await writeSynced(disk, `${folder}/${METADATA_FILE}`, encodePartitionMetadata(id));
      await writeSynced(disk, `${folder}/${EPOCHS_FILE}`, epochs.encode());
      await disk.syncDirectory(folder);
    }
    for (const [producerId, offset] of this.scan.transactions.open) {
      this.notices.push(
        `${id.topic}-${id.partition}: the transaction of producer ${producerId} is open since offset ${offset}; read_committed consumers wait there until it ends.`,
      );
    }
    return {
      id,
      startOffset: this.#startOffset,
      endOffset,
      sizeInBytes: this.#size,
      active: undefined,
      epochs: epochs.entries,
      snapshot,
      ...(this.scan.gaps || cleanedTo !== undefined
        ? {
            compaction: {
              cleanedTo: Math.min(Math.max(cleanedTo ?? 0, this.#startOffset), endOffset),
              gapsBelow: this.scan.gaps ? endOffset : 0,
            },
          }
        : {}),
    };
  }

  /** As Kafka has them, where that agrees with the batches; else as the batches say. */
  async #epochs(endOffset: number): Promise<readonly EpochEntry[]> {
    const seen = this.scan.epochs.entries;
    const content = await readWhole(this.#onto.disk, `${this.#source.folder}/${EPOCHS_FILE}`);
    const stored = content === undefined ? undefined : parseEpochsFile(content);
    const kept = stored?.filter((entry) => entry.startOffset < endOffset);
    const agrees = seen.at(-1) === undefined || (kept?.at(-1)?.epoch ?? -1) >= seen.at(-1)!.epoch;
    return kept !== undefined && agrees ? kept : seen;
  }
}

/** Copies the newest producer snapshots; returns the newest, for the checkpoint. */
async function adoptSnapshots(
  source: PartitionToAdopt,
  onto: AdoptOnto,
  names: readonly string[],
  walk: PartitionWalk,
): Promise<PartitionCheckpoint['snapshot']> {
  const offsets = names
    .map(parseOffsetName)
    .filter((parsed) => parsed?.suffix === 'snapshot' && parsed.offset <= walk.scan.nextOffset)
    .map((parsed) => parsed!.offset)
    .sort((a, b) => b - a);
  let newest: PartitionCheckpoint['snapshot'];
  let kept = 0;
  for (const offset of offsets) {
    if (kept === KEPT_SNAPSHOTS || offset < walk.startOffset) break;
    const name = `${offsetName(offset)}.snapshot`;
    const content = await readWhole(onto.disk, `${source.folder}/${name}`);
    const producers = content === undefined ? undefined : decodeProducerSnapshot(content);
    if (content === undefined || producers === undefined) {
      walk.notices.push(
        `${source.folder}/${name} cannot be read; the producers' state is made again from the log.`,
      );
      continue;
    }
    for (const producerId of producers.keys()) {
      walk.scan.maxProducerId = Math.max(walk.scan.maxProducerId, producerId);
    }
    if (onto.folder !== undefined) await writeSynced(onto.disk, `${onto.folder}/${name}`, content);
    newest ??= { offset, stored: true };
    kept += 1;
  }
  return newest;
}
