// `checkpoint`: what is durable in the segments of every partition, and from where the write-ahead log is still needed.
// Replaced as a whole by each checkpoint; the one file that a start has to read, however many partitions there are.
//
//   moldau-log-checkpoint 1 <CRC-32C of the rest, 8 hex digits>\n
//   { "walSequence": ..., "walEpoch": ..., "partitions": [ ... ] }\n
//
// Beside it, for Kafka's tools and people: `log-start-offset-checkpoint` and `recovery-point-offset-checkpoint` in Kafka's format. They are
// written and never read.
//
// Must stay true: what an entry says is durable before the checkpoint is; frames below `walSequence` are in no way needed.
import type { Disk } from '@moldau/runtime';

import { crc32c } from '@moldau/protocol/crc32c.ts';

import { LogError, type PartitionId } from '../partition-log.ts';
import type { AbortedMark } from './aborted-transactions.ts';
import type { EpochEntry } from './leader-epochs.ts';
import type { SegmentProgressState } from './segment-progress.ts';
import { readWhole, replaceWhole, writeHint } from '@moldau/runtime/small-files.ts';

export interface PartitionCheckpoint {
  readonly id: PartitionId;
  readonly startOffset: number;
  /** Where the durable part of the segments ends. */
  readonly endOffset: number;
  /** Of all segments. */
  readonly sizeInBytes: number;
  /** The last segment; undefined when there is none yet. */
  readonly active: { readonly baseOffset: number; readonly progress: SegmentProgressState } | undefined;
  /** How many aborted transactions the newest `.txnindex` holds; undefined when there is none. */
  readonly aborted?: AbortedMark | undefined;
  readonly epochs: readonly EpochEntry[];
  /** The newest producer snapshot; `stored`: there is a file (else there was nothing to remember). */
  readonly snapshot: { readonly offset: number; readonly stored: boolean } | undefined;
  /** Of a log that is, or was, compacted. */
  readonly compaction?: CompactionMark | undefined;
}

/** How far compaction has come with a log. */
export interface CompactionMark {
  /** Everything below has been compacted; the rest is dirty. */
  readonly cleanedTo: number;
  /** Segments that begin below may have gaps between their offsets. Durable before the first of them is put in place. */
  readonly gapsBelow: number;
}

/** A partition that is gone while the write-ahead log may still have frames of it. */
export interface RemovedPartition {
  /** Topic id and partition. */
  readonly key: string;
  /** The first frame that cannot be of it any more. */
  readonly sequence: number;
}

export interface Checkpoint {
  /** The first frame of the write-ahead log that is needed. */
  readonly walSequence: number;
  /** Files of an older epoch hold nothing. */
  readonly walEpoch: number;
  readonly partitions: readonly PartitionCheckpoint[];
  readonly removed: readonly RemovedPartition[];
}

export const CHECKPOINT_FILE = 'checkpoint';
const FIRST_LINE = /^moldau-log-checkpoint 1 ([0-9a-f]{8})$/;

/** Undefined when there is none: a new store. @throws LogError CORRUPT */
export async function readCheckpoint(disk: Disk, folder: string): Promise<Checkpoint | undefined> {
  const path = `${folder}/${CHECKPOINT_FILE}`;
  const content = await readWhole(disk, path);
  if (content === undefined) return undefined;
  const lineEnd = content.indexOf(10);
  const crc = FIRST_LINE.exec(Buffer.from(content.subarray(0, Math.max(0, lineEnd))).toString('latin1'))?.[1];
  if (crc === undefined || Number.parseInt(crc, 16) !== crc32c(content, lineEnd + 1)) {
    throw new LogError(
      'CORRUPT',
      `${path} is damaged (its checksum is wrong). Nothing was changed; restore the file from a backup of the folder.`,
    );
  }
  return JSON.parse(Buffer.from(content.subarray(lineEnd + 1)).toString('utf8')) as Checkpoint;
}

/** Durable once it resolves. */
export async function writeCheckpoint(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(checkpoint)}\n`);
  // Folders of partitions that are new: they have to be there before a checkpoint that names them is.
  await disk.syncDirectory(folder);
  const crc = crc32c(body).toString(16).padStart(8, '0');
  await replaceWhole(
    disk,
    `${folder}/${CHECKPOINT_FILE}`,
    Buffer.concat([Buffer.from(`moldau-log-checkpoint 1 ${crc}\n`), body]),
  );
  const stored = checkpoint.partitions.filter((partition) => partition.active !== undefined);
  await writeHint(
    disk,
    `${folder}/log-start-offset-checkpoint`,
    offsetsFile(stored, (partition) => partition.startOffset),
  );
  await writeHint(
    disk,
    `${folder}/recovery-point-offset-checkpoint`,
    offsetsFile(stored, (partition) => partition.endOffset),
  );
  await disk.syncDirectory(folder);
}

function offsetsFile(
  partitions: readonly PartitionCheckpoint[],
  offset: (partition: PartitionCheckpoint) => number,
): Uint8Array {
  const lines = partitions.map(
    (partition) => `${partition.id.topic} ${partition.id.partition} ${offset(partition)}\n`,
  );
  return Buffer.from(`0\n${lines.length}\n${lines.join('')}`);
}
