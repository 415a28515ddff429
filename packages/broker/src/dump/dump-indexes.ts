// Prints the indexes beside a segment, entry by entry, in Kafka's formats:
//
//   .index       int32 relative offset, int32 position                           both grow
//   .timeindex   int64 timestamp, int32 relative offset                          both grow
//   .txnindex    version, producer id, first, last, last stable offset           last offsets grow
//
// Zeros behind the last entry are room that a broker allocated and had not used when it died; they end the file.
import type { Disk, DiskFile } from '@moldau/runtime';
import { OFFSET_INDEX_ENTRY_BYTES } from '../log/local/offset-index.ts';
import { TIME_INDEX_ENTRY_BYTES } from '../log/local/time-index.ts';
import { ABORTED_ENTRY_BYTES, decodeAborted } from '../log/local/transaction-index.ts';
import type { DumpRow, DumpSink } from './dump-row.ts';

export type IndexKind = 'index' | 'timeindex' | 'txnindex';

const ENTRY_BYTES: Readonly<Record<IndexKind, number>> = {
  index: OFFSET_INDEX_ENTRY_BYTES,
  timeindex: TIME_INDEX_ENTRY_BYTES,
  txnindex: ABORTED_ENTRY_BYTES,
};
const BLOCK_ENTRIES = 4096;
const ADVICE =
  'An index is made again from the .log file when it is missing: with the broker stopped, move this file away and start it.';

/** Returns how many damages were found (0 or 1: it ends at the first). @throws DiskError */
export async function dumpIndex(
  disk: Disk,
  path: string,
  kind: IndexKind,
  baseOffset: number,
  sink: DumpSink,
): Promise<number> {
  const file = await disk.open(path, { mode: 'read' });
  try {
    return await dumpEntries(file, kind, baseOffset, sink);
  } finally {
    await file.close();
  }
}

async function dumpEntries(
  file: DiskFile,
  kind: IndexKind,
  baseOffset: number,
  sink: DumpSink,
): Promise<number> {
  const size = await file.size();
  const length = ENTRY_BYTES[kind];
  const damage = async (position: number, problem: string): Promise<number> => {
    await sink({ row: 'damage', position, problem, advice: ADVICE });
    return 1;
  };
  const block = Buffer.alloc(BLOCK_ENTRIES * length);
  const order = new EntryOrder(kind, baseOffset);
  for (let position = 0; position + length <= size; position += block.length) {
    const got = await file.read(block, position);
    for (let at = 0; at + length <= got; at += length) {
      const row = order.next(block, at);
      if (row === undefined) {
        if (!block.subarray(at, at + length).every((byte) => byte === 0)) {
          return damage(position + at, 'the entry does not follow on the one before it');
        }
        await sink({ row: 'unused', position: position + at, bytes: size - position - at });
        return 0;
      }
      await sink(row);
    }
  }
  const rest = size % length;
  return rest === 0 ? 0 : damage(size - rest, `the file ends within an entry (${rest} of ${length} bytes)`);
}

class EntryOrder {
  readonly #kind: IndexKind;
  readonly #baseOffset: number;
  #first = true;
  /** Of the entry before; what both columns must grow beyond. */
  #offset = -1;
  #other = -1;

  constructor(kind: IndexKind, baseOffset: number) {
    this.#kind = kind;
    this.#baseOffset = baseOffset;
  }

  /** The row of the entry; undefined when it is none, or out of order. */
  next(block: Buffer, at: number): DumpRow | undefined {
    const first = this.#first;
    this.#first = false;
    if (this.#kind === 'txnindex') {
      const entry = decodeAborted(block, at, Math.max(this.#offset + 1, this.#baseOffset));
      if (entry === undefined) return undefined;
      this.#offset = entry.lastOffset;
      return { row: 'aborted', ...entry };
    }
    const [offset, other] =
      this.#kind === 'index'
        ? [block.readUInt32BE(at), block.readUInt32BE(at + 4)]
        : [block.readUInt32BE(at + 8), Number(block.readBigInt64BE(at))];
    // Kafka repeats the last entry of a time index when a segment ends with it, and may begin it with offset 0 at any time.
    const grows =
      this.#kind === 'index'
        ? offset > this.#offset && other > this.#other
        : offset >= this.#offset && other >= this.#other;
    if (!first && !grows) return undefined;
    if (first && offset === 0 && other === 0) return undefined;
    this.#offset = offset;
    this.#other = other;
    return this.#kind === 'index'
      ? { row: 'index', offset: this.#baseOffset + offset, position: other }
      : { row: 'timeindex', timestamp: other, offset: this.#baseOffset + offset };
  }
}
