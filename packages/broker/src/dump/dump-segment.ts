// Prints a .log file, or a snapshot of the controllers' log: batch by batch, and after damage on from the next batch that is whole.
//
//   [batch][batch] ...damage... [batch]
//                  ^ said here: where, why, how much until the next
import type { Disk, DiskFile } from '@moldau/runtime';
import {
  RECORD_BATCH_OVERHEAD,
  batchBaseOffset,
  batchLastOffset,
} from '@moldau/protocol/records/batch-header.ts';
import { checkBatchHeader } from '@moldau/protocol/records/check-batch.ts';
import { failureText, scanBatches } from '../log/batch-scan.ts';
import { dumpBatch, type BatchDumpOptions } from './dump-batches.ts';
import type { DumpSink } from './dump-row.ts';

/** How far behind damage the next batch is looked for. */
const RESYNC_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;

/** Returns how many damages were found. @throws DiskError */
export async function dumpSegment(
  disk: Disk,
  path: string,
  options: BatchDumpOptions,
  sink: DumpSink,
): Promise<number> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    const size = await file.size();
    let damages = 0;
    let nextOffset = 0;
    let position: number | undefined = 0;
    while (position !== undefined && position < size) {
      const end = await scanBatches(
        file,
        async (bytes, at, batchPosition) => {
          const baseOffset = batchBaseOffset(bytes, at);
          if (baseOffset < nextOffset) {
            damages += 1;
            const problem = `the batch begins at offset ${baseOffset}, the one before ended at ${nextOffset - 1}`;
            await sink({ row: 'damage', position: batchPosition, problem, advice: NOT_OF_ONE_LOG });
          }
          nextOffset = batchLastOffset(bytes, at) + 1;
          const problem = await dumpBatch(bytes, at, batchPosition, options, sink);
          if (problem === undefined) return;
          damages += 1;
          await sink({
            row: 'damage',
            position: batchPosition,
            problem: `the records of the batch cannot be read: ${problem}`,
            advice: 'Its checksum is right: it was written like this. Consumers fail on it too.',
          });
        },
        position,
      );
      if (end.problem === undefined) break;
      damages += 1;
      position = await findBatch(file, end.position + 1, size, nextOffset);
      await sink({
        row: 'damage',
        position: end.position,
        problem: failureText(end.problem),
        next: position ?? null,
        advice: position === undefined ? AT_THE_END : IN_THE_MIDDLE,
      });
    }
    return damages;
  } finally {
    await file.close();
  }
}

const NOT_OF_ONE_LOG =
  'The file has been put together from several, or written by two processes: restore it from a copy.';
const AT_THE_END =
  'All before it is whole. In the newest segment this is what a broker was writing when it died, and its next start cuts it off; in any other the file is damaged: restore it from a copy, or from another replica.';
const IN_THE_MIDDLE =
  'Records between here and `next` are lost in this file: restore it from a copy, or from another replica.';

/** The position of the next whole batch, from `from` on; undefined when there is none within `RESYNC_BYTES`. */
async function findBatch(
  file: DiskFile,
  from: number,
  size: number,
  minOffset: number,
): Promise<number | undefined> {
  const end = Math.min(size, from + RESYNC_BYTES);
  const block = new Uint8Array(BLOCK_BYTES);
  for (let blockAt = from; blockAt < end; blockAt += BLOCK_BYTES - RECORD_BATCH_OVERHEAD) {
    const got = await file.read(block, blockAt);
    for (let at = 0; at + RECORD_BATCH_OVERHEAD <= got; at++) {
      if (
        checkBatchHeader(block, at, Infinity, 'log') === undefined ||
        mayBeLonger(block, at, blockAt, size)
      ) {
        if (batchBaseOffset(block, at) < minOffset) continue;
        const first = await scanBatches(file, () => false, blockAt + at, size);
        if (first.position > blockAt + at) return blockAt + at;
      }
    }
    if (got < BLOCK_BYTES) return undefined;
  }
  return undefined;
}

/** A batch that goes on behind the block: its header is all that can be judged. */
function mayBeLonger(block: Uint8Array, at: number, blockAt: number, size: number): boolean {
  const length = 12 + new DataView(block.buffer, block.byteOffset + at).getInt32(8);
  return (
    block[at + 16] === 2 &&
    length >= RECORD_BATCH_OVERHEAD &&
    at + length > block.length &&
    blockAt + at + length <= size
  );
}
