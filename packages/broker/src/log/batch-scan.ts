// Walks over the batches of a file and checks each of them whole: for those who read a log that another program wrote.
//
//   [batch][batch][batch]...garbage
//                        ^ the walk ends here and says why
//
// Must stay true: total over any bytes; memory is bounded by one block, or by the largest batch that is really there.
import { crc32 } from 'node:zlib';
import type { DiskFile } from '@moldau/runtime';
import { RECORD_BATCH_OVERHEAD, batchSizeInBytes } from '@moldau/protocol/records/batch-header.ts';
import { checkBatch, type BatchFailure } from '@moldau/protocol/records/check-batch.ts';

const BLOCK_BYTES = 1024 * 1024;
/** A batch that claims more is taken for damage: no broker takes one like that. */
const MAX_BATCH_BYTES = 512 * 1024 * 1024;

/** Gets one valid batch; `bytes` is used again afterwards. Returning false ends the walk behind the batch. */
export type BatchVisitor = (
  bytes: Uint8Array,
  at: number,
  position: number,
  size: number,
) => boolean | void | Promise<boolean | void>;

export interface EndOfScan {
  /** Behind the last valid batch. */
  readonly position: number;
  /** Why no batch is there; undefined at the end of the file, or where the visitor ended it. */
  readonly problem: BatchFailure | undefined;
}

/** Visits the batches from `from` to before `to`. @throws DiskError, and whatever the visitor throws */
export async function scanBatches(
  file: DiskFile,
  visit: BatchVisitor,
  from = 0,
  to: number = Infinity,
): Promise<EndOfScan> {
  const end = Math.min(to, await file.size());
  let block = new Uint8Array(Math.max(RECORD_BATCH_OVERHEAD, Math.min(BLOCK_BYTES, end - from)));
  let blockAt = from;
  let blockEnd = from;
  let position = from;
  while (position < end) {
    const have = (bytes: number): boolean => position + bytes <= blockEnd;
    const fill = async (bytes: number): Promise<void> => {
      if (bytes > block.length) block = new Uint8Array(bytes);
      blockAt = position;
      blockEnd = position;
      while (blockEnd < Math.min(end, position + block.length)) {
        const room = block.subarray(blockEnd - position, Math.min(block.length, end - position));
        const got = await file.read(room, blockEnd);
        if (got === 0) break;
        blockEnd += got;
      }
    };
    if (!have(RECORD_BATCH_OVERHEAD)) await fill(RECORD_BATCH_OVERHEAD);
    if (have(RECORD_BATCH_OVERHEAD)) {
      const size = batchSizeInBytes(block, position - blockAt);
      if (size > MAX_BATCH_BYTES) return { position, problem: 'length-out-of-bounds' };
      if (size > 0 && position + size <= end && !have(size)) await fill(size);
    }
    const at = position - blockAt;
    const problem = checkBatch(block, at, blockEnd - blockAt, 'log');
    if (problem === 'old-magic' && !isOldMessage(block.subarray(at, blockEnd - blockAt))) {
      return { position, problem: 'length-out-of-bounds' };
    }
    if (problem !== undefined) return { position, problem };
    const size = batchSizeInBytes(block, at);
    position += size;
    if ((await visit(block, at, position - size, size)) === false) break;
  }
  return { position, problem: undefined };
}

const OLD_CRC_AT = 12;
const OLD_MAGIC_AT = 16;

/** Whether these bytes begin with a message of format v0 or v1. Zeros, which a power cut leaves behind, look like one but for the checksum. */
function isOldMessage(bytes: Uint8Array): boolean {
  const size = batchSizeInBytes(bytes, 0);
  if (size <= OLD_MAGIC_AT || size > bytes.length) return false;
  const stored = new DataView(bytes.buffer, bytes.byteOffset + OLD_CRC_AT).getUint32(0);
  return stored === crc32(bytes.subarray(OLD_MAGIC_AT, size));
}

/** What a failure means, for people. */
export function failureText(failure: BatchFailure): string {
  return FAILURES[failure] ?? `there is no valid batch (${failure})`;
}

const FAILURES: Partial<Record<BatchFailure, string>> = {
  'too-short': 'the file ends within a batch',
  'old-magic': 'a batch of message format v0 or v1',
  'crc-mismatch': 'the checksum of the batch is wrong',
  'length-out-of-bounds': 'there is no batch (its length makes no sense)',
  'unknown-magic': 'there is no batch (its format is unknown)',
};
