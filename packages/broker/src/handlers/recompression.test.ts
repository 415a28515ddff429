// `compression.type` and the limits of sizes, through the whole broker.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { CODEC_NAMES, type CodecName } from '@moldau/protocol/compression/codec.ts';
import {
  BATCH_CRC_AT,
  batchCodecId,
  batchComputedCrc,
  batchSizeInBytes,
  batchTimestampType,
} from '@moldau/protocol/records/batch-header.ts';
import { batchPositions } from '@moldau/protocol/records/batch-positions.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import { batchOf, inOnePiece, recordsIn, sequenced } from '../testing/batches.ts';
import { createTopic, fetch, fetchOf, newProducerId, produce, readAll, sendFetch } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';

function withTopic(
  configs: Record<string, string>,
  body: (client: SimulatedClient, cluster: SimulatedCluster) => Promise<void>,
  partitions = 1,
): Promise<void> {
  return simulate({}, async (cluster) => {
    const client = await cluster.connect();
    assert.equal((await createTopic(client, 'topic', partitions, configs)).errorCode, ErrorCode.NONE);
    await body(client, cluster);
  });
}

/** Makes the CRC right again after a change. */
function resealed(batch: Uint8Array): Uint8Array {
  new DataView(batch.buffer, batch.byteOffset).setInt32(BATCH_CRC_AT, batchComputedCrc(batch, 0));
  return batch;
}

async function codecs(client: SimulatedClient): Promise<CodecName[]> {
  const { records } = await fetch(client, 'topic', 0);
  const bytes = inOnePiece(records);
  return [...batchPositions(bytes)].map((at) => CODEC_NAMES[batchCodecId(bytes, at)]!);
}

for (const type of ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']) {
  test(`compression.type=${type}: every batch is kept in it, with its records, and survives a power cut`, () =>
    withTopic({ 'compression.type': type }, async (client, cluster) => {
      for (const codec of CODEC_NAMES) {
        const answer = await produce(client, 'topic', batchOf([`from ${codec}`, 'two'], { codec }));
        assert.equal(answer.errorCode, ErrorCode.NONE);
      }
      cluster.powerCut();
      await cluster.start();
      const reader = await cluster.connect();
      const target = type === 'uncompressed' ? 'none' : type;
      assert.deepEqual(await codecs(reader), Array<string>(5).fill(target));
      assert.deepEqual(
        (await readAll(reader, 'topic')).map(({ offset, value }) => `${offset} ${value}`),
        CODEC_NAMES.flatMap((codec, i) => [`${2 * i} from ${codec}`, `${2 * i + 1} two`]),
      );
    }));
}

test('sequences of idempotent producers hold through recompression, repetitions too', () =>
  withTopic({ 'compression.type': 'zstd' }, async (client) => {
    const id = await newProducerId(client);
    const first = await produce(client, 'topic', sequenced(['a', 'b'], id, 0));
    assert.equal((await produce(client, 'topic', sequenced(['a', 'b'], id, 0))).baseOffset, first.baseOffset);
    const gap = await produce(client, 'topic', sequenced(['x'], id, 9));
    assert.equal(gap.errorCode, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert.equal((await produce(client, 'topic', sequenced(['c'], id, 2))).baseOffset, 2);
    assert.deepEqual(
      (await readAll(client, 'topic')).map(({ value }) => value),
      ['a', 'b', 'c'],
    );
  }));

test('LogAppendTime stamps a batch that was recompressed', () =>
  withTopic({ 'compression.type': 'gzip', 'message.timestamp.type': 'LogAppendTime' }, async (client) => {
    const answer = await produce(client, 'topic', batchOf(['a', 'b'], { timestamps: [1, 2] }));
    const { records } = await fetch(client, 'topic', 0);
    assert.equal(batchTimestampType(inOnePiece(records), 0), 'LogAppendTime');
    assert.ok(recordsIn(records).every(({ timestamp }) => timestamp === answer.logAppendTimeMs));
  }));

test('a change of compression.type holds from the next batch on', () =>
  withTopic({ 'compression.type': 'snappy' }, async (client, cluster) => {
    await produce(client, 'topic', batchOf(['a']));
    const { topicConfigs } = cluster.running.brokers[0]!.services.metadata.image;
    assert.equal(topicConfigs.get('topic')?.get('compression.type'), 'snappy');
    await cluster.running.brokers[0]!.services.metadata.propose(() => ({
      changes: [
        { kind: 'configs-changed', resource: 'topic', name: 'topic', configs: { 'compression.type': null } },
      ],
      answer: undefined,
    }));
    await produce(client, 'topic', batchOf(['b'], { codec: 'gzip' }));
    assert.deepEqual(await codecs(client), ['snappy', 'gzip']);
  }));

test('a batch that does not decompress is INVALID_RECORD, and nothing of it is there', () =>
  withTopic({ 'compression.type': 'gzip' }, async (client) => {
    const damaged = buildBatch({
      codec: 'zstd',
      records: [{ timestamp: 1, value: Buffer.alloc(300, 'abc') }],
    });
    const counted = buildBatch({ records: [{ timestamp: 1, value: Buffer.from('one') }] });
    damaged.fill(0xff, 70, 80);
    // A record that says it is longer than the batch.
    counted[61] = 0x7e;
    for (const batch of [resealed(damaged), resealed(counted)]) {
      const answer = await produce(client, 'topic', batch);
      assert.equal(answer.errorCode, ErrorCode.INVALID_RECORD);
      assert.match(answer.errorMessage ?? '', /cannot be read/);
      assert.deepEqual(answer.recordErrors, []);
    }
    assert.deepEqual(await readAll(client, 'topic'), []);
  }));

/** A batch of exactly so many bytes. */
function sized(bytes: number): Uint8Array {
  for (let size = bytes; ; size -= 1) {
    const made = buildBatch({ records: [{ timestamp: 1, value: Buffer.alloc(size, 1) }] });
    if (made.length === bytes) return made;
    assert.ok(size > 0);
  }
}

test('max.message.bytes takes a batch of exactly that size and none above it, before and after recompression', () =>
  withTopic({ 'max.message.bytes': '1000' }, async (client) => {
    assert.equal((await produce(client, 'topic', sized(1000))).errorCode, ErrorCode.NONE);
    assert.equal((await produce(client, 'topic', sized(1001))).errorCode, ErrorCode.MESSAGE_TOO_LARGE);
    await createTopic(client, 'plain', 1, {
      'max.message.bytes': '1000',
      'compression.type': 'uncompressed',
    });
    const packed = batchOf(['x'.repeat(2000)], { codec: 'gzip' });
    assert.ok(packed.length < 1000);
    assert.equal((await produce(client, 'plain', packed)).errorCode, ErrorCode.MESSAGE_TOO_LARGE);
    await createTopic(client, 'packed', 1, { 'max.message.bytes': '1000', 'compression.type': 'gzip' });
    const loose = await produce(client, 'packed', batchOf(['x'.repeat(2000)]));
    assert.equal(loose.errorCode, ErrorCode.MESSAGE_TOO_LARGE, 'though it would fit in gzip, as in Kafka');
  }));

test('a batch that is longer than a segment is RECORD_LIST_TOO_LARGE', () =>
  withTopic({ 'internal.segment.bytes': '3000' }, async (client) => {
    assert.equal((await produce(client, 'topic', sized(3000))).errorCode, ErrorCode.NONE);
    assert.equal((await produce(client, 'topic', sized(3001))).errorCode, ErrorCode.RECORD_LIST_TOO_LARGE);
  }));

test('offsets are given by the broker: a batch that brings its own is INVALID_RECORD', () =>
  withTopic({}, async (client) => {
    assert.equal(
      (await produce(client, 'topic', batchOf(['a'], { baseOffset: 7 }))).errorCode,
      ErrorCode.INVALID_RECORD,
    );
  }));

test('a fetch gives whole batches: the first whatever its size, others as far as the limits reach', () =>
  withTopic(
    {},
    async (client) => {
      const SIZE = 1000;
      for (const partition of [0, 0, 1]) await produce(client, 'topic', sized(SIZE), { partition });
      const read = async (
        limits: { partitionMaxBytes?: number; maxBytes?: number },
        order: readonly number[] = [0],
      ): Promise<number[]> => {
        const request = fetchOf('topic', 0, limits);
        const [topic] = request.topics;
        const [partition] = topic!.partitions;
        topic!.partitions = order.map((index) => ({ ...partition!, partition: index }));
        const answer = await sendFetch(client, request);
        return answer.responses[0]!.partitions.map(({ records }) => {
          const bytes = inOnePiece(records);
          return [...batchPositions(bytes)].filter((at) => batchSizeInBytes(bytes, at) === SIZE).length;
        });
      };
      assert.deepEqual(await read({ partitionMaxBytes: SIZE - 1 }), [1]);
      assert.deepEqual(await read({ partitionMaxBytes: 2 * SIZE - 1 }), [1]);
      assert.deepEqual(await read({ partitionMaxBytes: 2 * SIZE }), [2]);
      assert.deepEqual(await read({ maxBytes: 0 }), [1]);
      assert.deepEqual(await read({ maxBytes: SIZE - 1 }), [1]);
      assert.deepEqual(await read({ maxBytes: SIZE }, [0, 1]), [1, 0]);
      assert.deepEqual(await read({ maxBytes: 2 * SIZE }, [0, 1]), [2, 0]);
      assert.deepEqual(await read({ maxBytes: 3 * SIZE }, [0, 1]), [2, 1]);
      assert.deepEqual(await read({ partitionMaxBytes: SIZE }, [0, 1]), [1, 1]);
      assert.deepEqual(await read({ partitionMaxBytes: SIZE - 1 }, [0, 1]), [1, 0]);
      assert.deepEqual(await read({ maxBytes: SIZE }, [1, 0]), [1, 0]);
    },
    2,
  ));
