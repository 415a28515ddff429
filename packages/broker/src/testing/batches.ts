// Record batches as test producers send them.
import assert from 'node:assert/strict';
import { batchBaseOffset, batchComputedCrc, batchCrc } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';

/** A moment in the life of simulated worlds, which begin at 2026-01-01. */
export const SOME_TIME = 1_767_225_600_000;

/** One batch of these values, without keys. */
export function batchOf(
  values: readonly string[],
  options: BatchOptions & { readonly timestamps?: readonly number[]; readonly keys?: readonly string[] } = {},
): Uint8Array {
  return buildBatch({
    ...options,
    records: values.map((value, i) => ({
      timestamp: options.timestamps?.[i] ?? SOME_TIME,
      key: options.keys?.[i] === undefined ? null : Buffer.from(options.keys[i]),
      value: Buffer.from(value),
    })),
  });
}

/** A batch of an idempotent producer. */
export function sequenced(
  values: readonly string[],
  producerId: number,
  baseSequence: number,
  producerEpoch = 0,
): Uint8Array {
  return batchOf(values, { producerId, producerEpoch, baseSequence });
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string;
  readonly timestamp: number;
}

/** What a fetch answered, whether it came as one piece or several. */
export function inOnePiece(records: Uint8Array | readonly Uint8Array[] | null): Uint8Array {
  if (records === null) return new Uint8Array(0);
  return records instanceof Uint8Array ? records : Buffer.concat(records);
}

/** Every record of the whole batches in `records`. */
export function recordsIn(records: Uint8Array | readonly Uint8Array[] | null): ReadRecord[] {
  const bytes = inOnePiece(records);
  const read: ReadRecord[] = [];
  for (const at of batchPositions(bytes)) {
    assert.equal(batchCrc(bytes, at), batchComputedCrc(bytes, at), 'the CRC of a batch that was read');
    const cursor = openBatch(bytes, at);
    while (cursor.next())
      read.push({
        offset: cursor.offset,
        value: Buffer.from(cursor.value ?? []).toString(),
        timestamp: cursor.timestamp,
      });
  }
  return read;
}

/** The base offset of each batch in `records`. */
export function batchOffsetsIn(records: Uint8Array | readonly Uint8Array[] | null): number[] {
  const bytes = inOnePiece(records);
  return [...batchPositions(bytes)].map((at) => batchBaseOffset(bytes, at));
}
