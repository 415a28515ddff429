// Walks over the batches in a segment file, by their headers.
import {
  RECORD_BATCH_OVERHEAD,
  batchBaseOffset,
  batchLastOffset,
} from '@moldau/protocol/records/batch-header.ts';

import { LogError } from '../partition-log.ts';
import { hasGoodCrc, plausibleBatchSize } from './batch-check.ts';
import type { StoredFile } from './open-files.ts';
import type { Segment } from './segment.ts';
import type { Located } from './segment-indexes.ts';

export interface ScanOptions {
  readonly from: Located;
  /** Read and check each batch whole; otherwise only headers are read and seen by `onBatch`. */
  readonly whole: boolean;
  /** Gets each batch in order; `bytes` is used again afterwards. Returning false ends the walk, a promise holds it up. */
  readonly onBatch: (
    bytes: Uint8Array,
    at: number,
    position: number,
    size: number,
  ) => boolean | void | Promise<boolean | void>;
}

const BLOCK_BYTES = 256 * 1024;

/**
 * Walks to the end of what is written.
 * @throws LogError CORRUPT, saying where, when what is there cannot be a batch
 */
export async function scanSegment(segment: Segment, options: ScanOptions): Promise<void> {
  const file = segment.log;
  const end = segment.written.size;
  let { position, baseOffset, lastOffset } = options.from;
  let block = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(RECORD_BATCH_OVERHEAD, end - position)));
  let blockAt = 0;
  let blockEnd = 0;
  const fill = async (bytes: number): Promise<void> => {
    if (bytes > block.length) block = new Uint8Array(bytes);
    blockAt = position;
    const got = await file.read(block.subarray(0, Math.min(block.length, end - position)), position);
    blockEnd = position + got;
    if (got < bytes) throw damaged(file, position, 'the file ends within a batch');
  };
  while (position < end) {
    if (position + RECORD_BATCH_OVERHEAD > blockEnd) await fill(RECORD_BATCH_OVERHEAD);
    const size = plausibleBatchSize(block, position - blockAt, baseOffset ?? segment.baseOffset);
    if (
      size === undefined ||
      position + size > end ||
      !segment.follows(baseOffset, batchBaseOffset(block, position - blockAt))
    ) {
      throw damaged(file, position, 'there is no batch');
    }
    if (options.whole) {
      if (position + size > blockEnd) await fill(size);
      if (!hasGoodCrc(block, position - blockAt))
        throw damaged(file, position, 'the checksum of the batch is wrong');
    }
    const last = batchLastOffset(block, position - blockAt);
    if (lastOffset !== undefined && last !== lastOffset)
      throw damaged(file, position, 'the index names another batch');
    lastOffset = undefined;
    baseOffset = last + 1;
    const goesOn = options.onBatch(block, position - blockAt, position, size);
    if ((goesOn instanceof Promise ? await goesOn : goesOn) === false) return;
    position += size;
  }
}

export function damaged(file: StoredFile, position: number, what: string): LogError {
  return new LogError('CORRUPT', `${file.path} is damaged at byte ${position}: ${what}.`);
}
