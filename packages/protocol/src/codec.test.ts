import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fetchRequest, newFetchPartition, newFetchRequest, newFetchTopic } from './generated/fetch.ts';
import { newListOffsetsRequest, listOffsetsRequest } from './generated/list-offsets.ts';
import {
  newPartitionProduceData,
  newPartitionProduceResponse,
  newProduceRequest,
  newProduceResponse,
  newTopicProduceData,
  newTopicProduceResponse,
  produceRequest,
  produceResponse,
} from './generated/produce.ts';
import { DecodeError, EncodeError } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

function bytesOf<T>(
  codec: { encode(writer: Writer, message: T, version: number): void },
  message: T,
  version: number,
) {
  const writer = new Writer();
  codec.encode(writer, message, version);
  return writer.toBytes();
}

const produce = newProduceRequest({
  acks: -1,
  topicData: [
    newTopicProduceData({
      name: 'orders',
      partitionData: [
        newPartitionProduceData({ index: 0 }),
        newPartitionProduceData({ index: 1, records: new Uint8Array(9) }),
      ],
    }),
  ],
});

test('a decode error tells message, version, path, reason and place', () => {
  const bytes = bytesOf(produceRequest, produce, 8);
  assert.throws(
    () => produceRequest.decode(new Reader(bytes, 0, bytes.length - 1), 8),
    (error) =>
      error instanceof DecodeError &&
      error.code === 'ERR_PROTOCOL_DECODE' &&
      error.path === 'topicData[0].partitionData[1].records' &&
      error.message ===
        'ProduceRequest v8: topicData[0].partitionData[1].records: 8 bytes left, 9 needed (at byte 40)',
  );
});

test('an encode error tells message, version, path and reason', () => {
  const broken = newProduceRequest({
    topicData: [newTopicProduceData({ partitionData: [newPartitionProduceData({ index: 0.5 })] })],
  });
  assert.throws(
    () => bytesOf(produceRequest, broken, 9),
    (error) =>
      error instanceof EncodeError &&
      error.code === 'ERR_PROTOCOL_ENCODE' &&
      error.message === 'ProduceRequest v9: topicData[0].partitionData[0].index: 0.5 is no int32',
  );
});

test('a version outside of the range is refused both ways', () => {
  for (const version of [2, 14, Number.NaN]) {
    assert.throws(() => produceRequest.decode(new Reader(new Uint8Array(100)), version), DecodeError);
    assert.throws(() => bytesOf(produceRequest, produce, version), /versions 3 to 13 are supported/);
  }
});

test('an ignorable field is left out of a version that does not have it; another is refused', () => {
  const partition = newPartitionProduceResponse({ errorMessage: 'too large' });
  const response = newProduceResponse({
    responses: [newTopicProduceResponse({ partitionResponses: [partition] })],
  });
  const decoded = produceResponse.decode(new Reader(bytesOf(produceResponse, response, 7)), 7);
  assert.equal(decoded.responses[0]?.partitionResponses[0]?.errorMessage, null);
  partition.currentLeader.leaderId = 3;
  assert.throws(
    () => bytesOf(produceResponse, response, 9),
    /ProduceResponse v9: responses\[0\].partitionResponses\[0\].currentLeader: has a value, but this version/,
  );
});

test('unknown tagged fields are kept between the known ones', () => {
  const request = newFetchRequest({
    clusterId: 'c',
    unknownTaggedFields: [{ tag: 7, bytes: Uint8Array.of(1, 2) }],
  });
  const bytes = bytesOf(fetchRequest, request, 13);
  const decoded = fetchRequest.decode(new Reader(bytes), 13);
  assert.deepEqual(
    decoded.unknownTaggedFields?.map(({ tag, bytes: content }) => [tag, [...content]]),
    [[7, [1, 2]]],
  );
  assert.deepEqual(bytesOf(fetchRequest, decoded, 13), bytes);
  assert.throws(() => bytesOf(fetchRequest, decoded, 11), EncodeError);
  const collision = newFetchRequest({ unknownTaggedFields: [{ tag: 0, bytes: new Uint8Array(1) }] });
  assert.throws(() => bytesOf(fetchRequest, collision, 13), /tag 0 is a known field or occurs twice/);
});

test('a message without unknown tagged fields has no such property', () => {
  const decoded = fetchRequest.decode(new Reader(bytesOf(fetchRequest, newFetchRequest(), 13)), 13);
  assert.ok(!('unknownTaggedFields' in decoded));
});

test('a tagged field whose size is wrong is refused', () => {
  const request = newFetchRequest({
    topics: [newFetchTopic({ partitions: [newFetchPartition({ highWatermark: 5 })] })],
  });
  const bytes = bytesOf(fetchRequest, request, 18);
  const at = Buffer.from(bytes).indexOf(Buffer.from([1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 5]));
  bytes[at + 2] = 7;
  assert.throws(() => fetchRequest.decode(new Reader(bytes), 18), /highWatermark: tagged field ends at byte/);
});

test('where a client may mean no limit, an int64 saturates', () => {
  const request = newListOffsetsRequest({
    topics: [
      {
        name: 't',
        partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: Number.MAX_SAFE_INTEGER }],
      },
    ],
  });
  const bytes = bytesOf(listOffsetsRequest, request, 5);
  assert.ok(Buffer.from(bytes).includes(Buffer.from('7fffffffffffffff', 'hex')));
  assert.deepEqual(listOffsetsRequest.decode(new Reader(bytes), 5), request);
});

test('defaults of one message are not those of another', () => {
  const first = newFetchRequest();
  first.topics.push(newFetchTopic());
  first.replicaState.replicaId = 1;
  assert.deepEqual(newFetchRequest().topics, []);
  assert.equal(newFetchRequest().replicaState.replicaId, -1);
});

test('the codecs work where there is no Buffer', () => {
  const program = `
    delete globalThis.Buffer;
    const { Reader, Writer } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)});
    const { listGroupsRequest } = await import(${JSON.stringify(new URL('./generated/list-groups.ts', import.meta.url).href)});
    const writer = new Writer();
    const states = ['Stable', 'a state of a longer name', 'café', '안녕하세요 세계'];
    listGroupsRequest.encode(writer, { statesFilter: states, typesFilter: [] }, 5);
    const bytes = writer.toBytes();
    console.log(bytes.constructor.name, JSON.stringify(listGroupsRequest.decode(new Reader(bytes), 5).statesFilter));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  assert.equal(output.trim(), 'Uint8Array ["Stable","a state of a longer name","café","안녕하세요 세계"]');
});
