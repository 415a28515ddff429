// Walks over the batches in a segment file, by their headers.
import { RECORD_BATCH_OVERHEAD, batchLastOffset } from '@moldau/protocol/records/batch-header.ts';

import { LogError } from '../partition-log.ts';
import { hasGoodCrc, plausibleBatchSize } from './batch-check.ts';
import type { StoredFile } from './open-files.ts';

export interface ScanOptions {
  readonly from: number;
  /** The batches end here exactly. */
  readonly to: number;
  /** No batch begins below this offset. */
  readonly minOffset: number;
  /** Read and check each batch whole; otherwise only headers are read and seen by `onBatch`. */
  readonly whole: boolean;
  /** Gets each batch in order; `bytes` is used again afterwards. Returning false ends the walk. */
  readonly onBatch: (bytes: Uint8Array, at: number, position: number, size: number) => boolean | void;
}

const BLOCK_BYTES = 256 * 1024;

/** @throws LogError CORRUPT, saying where, when what is there cannot be a batch. */
export async function scanSegment(file: StoredFile, options: ScanOptions): Promise<void> {
  let position = options.from;
  let minOffset = options.minOffset;
  let block = new Uint8Array(
    Math.min(BLOCK_BYTES, Math.max(RECORD_BATCH_OVERHEAD, options.to - options.from)),
  );
  let blockAt = 0;
  let blockEnd = 0;
  const fill = async (bytes: number): Promise<boolean> => {
    if (bytes > block.length) block = new Uint8Array(bytes);
    blockAt = position;
    blockEnd =
      position +
      (await file.read(block.subarray(0, Math.min(block.length, options.to - position)), position));
    return blockEnd - position >= bytes;
  };
  while (position < options.to) {
    if (position < blockAt || position + RECORD_BATCH_OVERHEAD > blockEnd) {
      if (!(await fill(RECORD_BATCH_OVERHEAD))) throw damaged(file, position, 'the file ends within a batch');
    }
    const size = plausibleBatchSize(block, position - blockAt, minOffset);
    if (size === undefined || position + size > options.to)
      throw damaged(file, position, 'there is no batch');
    if (options.whole) {
      if (position + size > blockEnd && !(await fill(size)))
        throw damaged(file, position, 'the file ends within a batch');
      if (!hasGoodCrc(block, position - blockAt))
        throw damaged(file, position, 'the checksum of the batch is wrong');
    }
    minOffset = batchLastOffset(block, position - blockAt) + 1;
    if (options.onBatch(block, position - blockAt, position, size) === false) return;
    position += size;
  }
}

export function damaged(file: StoredFile, position: number, what: string): LogError {
  return new LogError('CORRUPT', `${file.path} is damaged at byte ${position}: ${what}.`);
}
