// Records of the controllers' log: what is written is read, and any other bytes end in a clear error.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { newPartitionRecord } from '../generated/metadata/partition-record.ts';
import { newTopicRecord } from '../generated/metadata/topic-record.ts';
import { DecodeError } from '../protocol-error.ts';
import { readMetadataRecord, writeMetadataRecord } from './metadata-record.ts';
import { RecordError } from './record-error.ts';

test('a topic and its partition, framed as the controllers write them', () => {
  const id = new Uint8Array(16).fill(7);
  const bytes = writeMetadataRecord('TopicRecord', newTopicRecord({ name: 'orders', topicId: id }));
  assert.deepEqual([...bytes.subarray(0, 4)], [1, 2, 0, 7], 'frame 1, kind 2, version 0, a string of 6');
  const topic = readMetadataRecord(bytes);
  assert.equal(topic.name, 'TopicRecord');
  assert.equal((topic.message as { name: string }).name, 'orders');
  const partition = newPartitionRecord({ partitionId: 3, topicId: id, replicas: [1], isr: [1], leader: 1 });
  assert.deepEqual(
    (readMetadataRecord(writeMetadataRecord('PartitionRecord', partition)).message as typeof partition)
      .replicas,
    [1],
  );
});

test('kinds that nobody here needs are named', () => {
  assert.deepEqual(readMetadataRecord(Uint8Array.of(1, 20, 0)), {
    name: 'NoOpRecord',
    kind: 20,
    version: 0,
    message: undefined,
  });
  assert.equal(readMetadataRecord(Uint8Array.of(1, 99, 0)).name, 'kind 99');
});

test('an unknown frame, and any other bytes, are refused clearly', () => {
  assert.throws(() => readMetadataRecord(Uint8Array.of(2, 2, 0)), RecordError);
  assert.throws(() => readMetadataRecord(null), RecordError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(16), (bytes, kind) => {
      try {
        readMetadataRecord(Uint8Array.of(1, kind, 0, ...bytes));
      } catch (error) {
        assert.ok(error instanceof RecordError || error instanceof DecodeError, String(error));
      }
    }),
  );
});
