import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CoordinatorRecord } from '../coordinator-log.ts';
import { DecodeError } from '@moldau/protocol/protocol-error.ts';
import {
  groupMetadataRecord,
  groupTombstone,
  offsetRecord,
  offsetTombstone,
  readGroupRecord,
} from './group-records.ts';

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const inHex = ({ key, value }: CoordinatorRecord): string[] => [
  toHex(key),
  value === null ? 'null' : toHex(value),
];
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Written by Kafka 4.3.1 into its `__consumer_offsets`. */
const KAFKA_OFFSET = {
  key: fromHex('000100197363656e6172696f2d313739353531383435373430392d313800066f726465727300000000'),
  value: fromHex('00040000000000000002ffffffff01000001a20d3d7e1d010010cc8211d0e8bf4455b6cdd16e379209fa'),
};
const KAFKA_GROUP = {
  key: fromHex('00020011672d313739353531383337303331302d30'),
  value: fromHex(
    '00030008636f6e73756d657200000002000572616e67650026612d64396137363634362d643131622d343437362d623430622d623463356637333763623262' +
      '000001a20d3c2dd7000000010026612d64396137363634362d643131622d343437362d623430622d623463356637333763623262ffff000161000a2f3132372e302e' +
      '302e31000027100000c3500000001200000000000100066f7264657273ffffffff000000057030207031',
  ),
};

void test("Kafka's records are read, and written again to the same bytes", () => {
  const offset = readGroupRecord(KAFKA_OFFSET);
  assert(offset.kind === 'offset' && offset.offset !== undefined);
  assert.deepEqual(
    [offset.topic, offset.partition, offset.offset.offset, offset.offset.metadata],
    ['orders', 0, 2, ''],
  );
  assert.deepEqual(
    inHex(offsetRecord(offset.groupId, offset.topic, offset.partition, offset.offset)),
    inHex(KAFKA_OFFSET),
  );

  const read = readGroupRecord(KAFKA_GROUP);
  assert(read.kind === 'group' && read.group !== undefined);
  const { group } = read;
  assert.deepEqual(
    [group.state, group.generationId, group.protocolType, group.protocolName],
    ['Stable', 2, 'consumer', 'range'],
  );
  assert.deepEqual([...(group.subscribedTopics ?? [])], ['orders']);
  const [member] = group.members.values();
  assert.equal(member?.memberId, group.leaderId);
  assert.equal(toHex(member?.assignment ?? new Uint8Array()), toHex(new TextEncoder().encode('p0 p1')));
  assert.deepEqual(inHex(groupMetadataRecord(group)), inHex(KAFKA_GROUP));
});

void test('tombstones name what is gone', () => {
  assert.deepEqual(readGroupRecord(groupTombstone('g')), { kind: 'group', groupId: 'g', group: undefined });
  const gone = readGroupRecord(offsetTombstone('g', 't', 3));
  assert.deepEqual(gone, { kind: 'offset', groupId: 'g', topic: 't', partition: 3, offset: undefined });
});

void test('an expiry that was asked for is kept, as Kafka does in version 1', () => {
  const offset = {
    offset: 7,
    leaderEpoch: -1,
    metadata: 'm',
    commitTimestampMs: 5,
    expireTimestampMs: 9,
    topicId: undefined,
  };
  const record = offsetRecord('g', 't', 0, offset);
  assert.equal(record.value?.[1], 1);
  const read = readGroupRecord(record);
  assert(read.kind === 'offset');
  assert.deepEqual(read.offset, offset);
});

void test('keys of other kinds of groups are recognized as such', () => {
  assert.deepEqual(readGroupRecord({ key: Uint8Array.of(0, 3, 0, 1, 103), value: null }), {
    kind: 'other',
    type: 3,
  });
});

void test('damaged records are refused as such, never misread silently or with another error', () => {
  const damage = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), cut: fc.nat() });
  fc.assert(
    fc.property(fc.constantFrom(KAFKA_OFFSET, KAFKA_GROUP), damage, ({ key, value }, { at, to, cut }) => {
      const damaged = value.slice(0, value.length - (cut % value.length));
      damaged[at % damaged.length] = to;
      try {
        readGroupRecord({ key, value: damaged });
      } catch (error) {
        assert(error instanceof DecodeError, String(error));
      }
    }),
  );
});
