// For tests: what transactions mean, worked out from the whole log the slow and obvious way, and how a read_committed consumer reads.
import {
  batchBaseOffset,
  batchIsControl,
  batchIsTransactional,
  batchLastOffset,
  batchProducerId,
} from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import { openBatch } from '@moldau/protocol/records/record-reader.ts';
import type { AbortedTransaction } from '../log/aborted-transaction.ts';
import { loggedMarker } from '../log/logged-marker.ts';

export interface Understood {
  /** The first offset of an open transaction, or the end. */
  readonly lastStableOffset: number;
  readonly aborted: readonly Pick<AbortedTransaction, 'producerId' | 'firstOffset' | 'lastOffset'>[];
  /** Values of the records that are committed or belong to no transaction, by offset. */
  readonly committed: ReadonlyMap<number, string>;
  /** First offsets of the transactions that are open, by producer. */
  readonly open: ReadonlyMap<number, number>;
}

/** Takes in all of a log from `startOffset` on. */
export function understand(log: Uint8Array, startOffset: number, endOffset: number): Understood {
  const open = new Map<number, { first: number; records: Map<number, string> }>();
  const aborted: Pick<AbortedTransaction, 'producerId' | 'firstOffset' | 'lastOffset'>[] = [];
  const decided = new Map<number, string>();
  for (const at of batchPositions(log)) {
    const producerId = batchProducerId(log, at);
    if (batchIsControl(log, at)) {
      const transaction = open.get(producerId);
      if (transaction === undefined) continue;
      open.delete(producerId);
      if (loggedMarker(log, at)?.committed) {
        for (const [offset, value] of transaction.records) decided.set(offset, value);
      } else {
        aborted.push({ producerId, firstOffset: transaction.first, lastOffset: batchBaseOffset(log, at) });
      }
      continue;
    }
    const transactional = batchIsTransactional(log, at);
    if (transactional && !open.has(producerId))
      open.set(producerId, { first: batchBaseOffset(log, at), records: new Map() });
    const into = transactional ? open.get(producerId)!.records : decided;
    const cursor = openBatch(log, at);
    while (cursor.next()) into.set(cursor.offset, Buffer.from(cursor.value ?? []).toString());
  }
  const firsts = [...open].map(([producerId, { first }]) => [producerId, first] as const);
  const lastStableOffset = Math.min(endOffset, ...firsts.map(([, first]) => Math.max(first, startOffset)));
  const committed = [...decided].filter(([offset]) => offset >= startOffset);
  return {
    lastStableOffset,
    aborted,
    committed: new Map(committed.sort(([a], [b]) => a - b)),
    open: new Map(firsts),
  };
}

/** What a consumer hands to its application of one fetched piece, from `fetchOffset` on: it drops what the list of aborted transactions names. */
export function readCommitted(
  bytes: Uint8Array,
  fetchOffset: number,
  aborted: readonly Pick<AbortedTransaction, 'producerId' | 'firstOffset'>[],
): Map<number, string> {
  const coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const dropped = new Set<number>();
  const records = new Map<number, string>();
  for (const at of batchPositions(bytes)) {
    while (coming.length > 0 && coming[0]!.firstOffset <= batchLastOffset(bytes, at))
      dropped.add(coming.shift()!.producerId);
    const producerId = batchProducerId(bytes, at);
    if (batchIsControl(bytes, at)) {
      if (loggedMarker(bytes, at)?.committed === false) dropped.delete(producerId);
      continue;
    }
    if (batchIsTransactional(bytes, at) && dropped.has(producerId)) continue;
    const cursor = openBatch(bytes, at);
    while (cursor.next())
      if (cursor.offset >= fetchOffset)
        records.set(cursor.offset, Buffer.from(cursor.value ?? []).toString());
  }
  return records;
}
