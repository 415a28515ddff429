// Record batches as test producers send them.
import { batchBaseOffset } from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';

/** A moment in the life of simulated worlds, which begin at 2026-01-01. */
export const SOME_TIME = 1_767_225_600_000;

/** One batch of these values, without keys. */
export function batchOf(values: readonly string[], options: BatchOptions & { readonly timestamps?: readonly number[]; readonly keys?: readonly string[] } = {}): Uint8Array {
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
export function sequenced(values: readonly string[], producerId: number, baseSequence: number, producerEpoch = 0): Uint8Array {
  return batchOf(values, { producerId, producerEpoch, baseSequence });
}

export interface ReadRecord {
  readonly offset: number;
  readonly value: string;
  readonly timestamp: number;
}

/** Every record of the whole batches in `bytes`. */
export function recordsIn(bytes: Uint8Array | null): ReadRecord[] {
  const records: ReadRecord[] = [];
  if (bytes === null) return records;
  for (const at of batchPositions(bytes)) {
    const cursor = openBatch(bytes, at);
    while (cursor.next()) records.push({ offset: cursor.offset, value: Buffer.from(cursor.value ?? []).toString(), timestamp: cursor.timestamp });
  }
  return records;
}

/** The base offset of each batch in `bytes`. */
export function batchOffsetsIn(bytes: Uint8Array | null): number[] {
  return bytes === null ? [] : [...batchPositions(bytes)].map((at) => batchBaseOffset(bytes, at));
}
