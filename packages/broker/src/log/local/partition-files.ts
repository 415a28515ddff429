// Names of what lies in a partition's folder, and of the folder, as Kafka has them.
//
//   <topic>-<partition>/
//     00000000000000000000.log .index .timeindex     a segment, named by its base offset
//     00000000000000000000.txnindex                  aborted transactions whose markers are in it, if there are any
//     00000000000000000000.log.cleaned ...           a segment that compaction writes; 00000000000000000000.swap puts it in place
//     00000000000000001234.snapshot                  producer state before that offset
//     leader-epoch-checkpoint                        leader epochs and where they began
//     partition.metadata                             the topic's id
//   <topic>-<partition>.<topic id, hex>-delete/      a removed partition, about to go
import type { PartitionId } from '../partition-log.ts';

export const METADATA_FILE = 'partition.metadata';
export const EPOCHS_FILE = 'leader-epoch-checkpoint';
/** Kinds of a segment's files. */
export const SEGMENT_FILES = ['.log', '.index', '.timeindex', '.txnindex'] as const;
export const DELETED_SUFFIX = '.deleted';
/** Of a segment that compaction writes. */
export const CLEANED_SUFFIX = '.cleaned';
/** The longest file name of common file systems. */
const MAX_NAME_BYTES = 255;

export function partitionFolderName(id: PartitionId): string {
  return `${id.topic}-${id.partition}`;
}

export function removedFolderName(id: PartitionId): string {
  const suffix = `-${id.partition}.${Buffer.from(id.topicId, 'base64url').toString('hex')}-delete`;
  return id.topic.slice(0, MAX_NAME_BYTES - suffix.length) + suffix;
}

/** Topic id and partition of a removed partition's folder; undefined for other names. */
export function parseRemovedFolderName(name: string): { topicId: string; partition: number } | undefined {
  const match = /-(\d+)\.([0-9a-f]{32})-delete$/.exec(name);
  return match === null
    ? undefined
    : { topicId: Buffer.from(match[2]!, 'hex').toString('base64url'), partition: Number(match[1]) };
}

/** Topic and partition of a folder's name; undefined when it is no partition's. */
export function parseFolderName(name: string): { topic: string; partition: number } | undefined {
  const match = /^(.+)-(\d+)$/.exec(name);
  return match === null || parseRemovedFolderName(name) !== undefined
    ? undefined
    : { topic: match[1]!, partition: Number(match[2]) };
}

/** The name that a segment's files share: 20 digits. */
export function offsetName(offset: number): string {
  return String(offset).padStart(20, '0');
}

/** The base offset and kind of a segment's file or snapshot; undefined for other names. */
export function parseOffsetName(name: string): { offset: number; suffix: string } | undefined {
  const match = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)((?:\.\d+)?\.deleted)?$/.exec(name);
  return match === null
    ? undefined
    : { offset: Number(match[1]), suffix: match[2]! + (match[3] === undefined ? '' : DELETED_SUFFIX) };
}

export function encodePartitionMetadata(id: PartitionId): Uint8Array {
  return Buffer.from(`version: 0\ntopic_id: ${id.topicId}`);
}

/** The topic id in a `partition.metadata`, as base64url; undefined when it cannot be read. */
export function decodePartitionMetadata(content: Uint8Array): string | undefined {
  return /^version: 0\s+topic_id: ([\w-]{22})\s*$/.exec(Buffer.from(content).toString('utf8'))?.[1];
}
