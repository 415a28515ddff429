import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InteropClient, ReceivedRecord } from './client.ts';
import type { Row } from './dataset.ts';
import { distinct, verifyDeliveryOrder, verifyRecords } from './verify.ts';

const client = { headersOf: (row: Row) => row.headers } as InteropClient;
const rows: Row[] = ['a1', 'b1', 'a2', 'b2', 'a3'].map((value, index) => ({
  key: value.slice(0, 1),
  value,
  headers: { row: String(index) },
  timestamp: index,
}));
/** As a consumer gets them: key a in partition 0, key b in partition 1. */
const records: ReceivedRecord[] = rows.map((row, index) => ({
  ...row,
  partition: row.key === 'a' ? 0 : 1,
  offset: Math.floor(index / 2),
}));
const changed = (index: number, change: Partial<ReceivedRecord>): ReceivedRecord[] => {
  return records.map((record, at) => (at === index ? { ...record, ...change } : record));
};

test('what was produced, in any order between partitions, is accepted', () => {
  verifyRecords(client, records, rows);
  verifyRecords(client, records.toReversed(), rows);
});

test('a missing, an additional and a repeated record are found', () => {
  assert.throws(() => verifyRecords(client, records.slice(1), rows), /number of records/);
  assert.throws(() => verifyRecords(client, [...records, records[0]!], rows), /number of records/);
  assert.throws(() => verifyRecords(client, changed(0, records[2]!), rows), /records of key a/);
});

test('another value, header or key is found', () => {
  assert.throws(() => verifyRecords(client, changed(1, { value: 'b9' }), rows), /records of key b/);
  assert.throws(() => verifyRecords(client, changed(1, { headers: {} }), rows), /records of key b/);
  assert.throws(() => verifyRecords(client, changed(1, { key: 'c' }), rows), /keys/);
});

test('the order of a key is that of its offsets', () => {
  const swapped = records.map((record) =>
    record.partition === 0 ? { ...record, offset: 9 - record.offset } : record,
  );
  assert.throws(() => verifyRecords(client, swapped, rows), /records of key a, in order/);
  assert.throws(() => verifyDeliveryOrder(records.toReversed()), /came after/);
  verifyDeliveryOrder(records);
});

test('a key in two partitions is an error unless the partitions have grown', () => {
  const moved = changed(4, { partition: 5, offset: 0 });
  assert.throws(() => verifyRecords(client, moved, rows), /key a is in partitions 0, 5/);
  verifyRecords(client, moved, rows, { keysMayMove: true });
});

test('a repeat of an offset counts once, and must be the same record', () => {
  assert.equal(distinct([...records, records[0]!]).length, records.length);
  assert.throws(() => distinct([...records, { ...records[0]!, value: 'x' }]), /twice, differently/);
});
