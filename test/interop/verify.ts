// Whether what a consumer got is what was produced: every record once (repeats of the same offset allowed where delivery is at
// least once), with its content, each key in one partition and in the order of producing.
import assert from 'node:assert/strict';
import type { InteropClient, ReceivedRecord } from './client.ts';
import type { Row } from './dataset.ts';

/** The records without repeats, by partition and offset; a repeat that differs from the first is an error. */
export function distinct(records: readonly ReceivedRecord[]): ReceivedRecord[] {
  const seen = new Map<string, ReceivedRecord>();
  for (const record of records) {
    const at = `${record.partition}:${record.offset}`;
    const first = seen.get(at);
    if (first === undefined) seen.set(at, record);
    else assert.deepEqual(record, first, `offset ${at} (partition:offset) was delivered twice, differently`);
  }
  return [...seen.values()];
}

/**
 * Checks `records` against the rows that were produced, in their order. Throws an AssertionError that says what is missing,
 * too many, different or out of order. With `keysMayMove`, a key's records may be in several partitions (the number of
 * partitions has changed in between) and are then compared without their order.
 */
export function verifyRecords(
  client: InteropClient,
  records: readonly ReceivedRecord[],
  rows: readonly Row[],
  options: { readonly keysMayMove?: boolean } = {},
): void {
  assert.equal(records.length, rows.length, 'number of records');
  const got = byKey(records);
  const wanted = byKey(rows);
  assert.deepEqual([...got.keys()].sort(), [...wanted.keys()].sort(), 'keys');
  for (const [key, of] of got) {
    const sent = (wanted.get(key) ?? []).map((row) => content(row.value, client.headersOf(row)));
    const partitions = new Set(of.map((record) => record.partition));
    const ordered = of.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
    const received = ordered.map((record) => content(record.value, record.headers));
    if (options.keysMayMove === true && partitions.size > 1) {
      assert.deepEqual(received.sort(), sent.sort(), `records of key ${key}`);
    } else {
      assert.equal(partitions.size, 1, `key ${key} is in partitions ${[...partitions].join(', ')}`);
      assert.deepEqual(received, sent, `records of key ${key}, in order`);
    }
  }
}

/** Checks that within each partition the records were delivered in the order of their offsets, none twice. */
export function verifyDeliveryOrder(records: readonly ReceivedRecord[]): void {
  const last = new Map<number, number>();
  for (const { partition, offset } of records) {
    const before = last.get(partition) ?? -1;
    assert.ok(offset > before, `partition ${partition}: offset ${offset} came after ${before}`);
    last.set(partition, offset);
  }
}

function content(value: string, headers: Readonly<Record<string, string>>): string {
  return `${value} ${JSON.stringify(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

function byKey<T extends { readonly key: string }>(items: readonly T[]): Map<string, T[]> {
  return Map.groupBy(items, (item) => item.key);
}
