// The kafkajs agent: `node kafkajs-agent.ts HOST:PORT`. Its codecs but gzip come by plugin, as its documentation shows; zstd's is
// Node's own.
import { createRequire } from 'node:module';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import kafkajs, { type Consumer, type Producer } from 'kafkajs';
import snappyCodec from 'kafkajs-snappy';
import { compressFrame, decompressFrame } from 'lz4-napi';
import type { AgentOperations } from '../agent/agent-messages.ts';
import { readRows } from '../rows-file.ts';
import { reason, serveAgent, tell } from './agent-loop.ts';
import { Delivered } from './delivered.ts';

const { Kafka, Partitioners, CompressionTypes, CompressionCodecs, logLevel } = kafkajs;
CompressionCodecs[CompressionTypes.Snappy] = snappyCodec;
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: async (encoder) => Buffer.from(await compressFrame(encoder.buffer)),
  decompress: async (buffer) => Buffer.from(await decompressFrame(buffer)),
});
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => zstdCompressSync(encoder.buffer),
  decompress: async (buffer) => zstdDecompressSync(buffer),
});
const compressionTypes = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const kafka = new Kafka({
  clientId: 'interop-kafkajs',
  brokers: [process.argv[2] ?? ''],
  logLevel: logLevel.NOTHING,
});
const admin = kafka.admin();
const adminReady = admin.connect();
/** Records to a `send`: several batches for each partition, as an application would make them. */
const SEND_RECORDS = 1000;

let consumer: Consumer | undefined;
let delivered: Delivered | undefined;
let commits = false;

const operations: AgentOperations = {
  async createTopic({ topic, partitions }) {
    await adminReady;
    // Without waitForLeaders, which fails on a broker that has not learnt of the topic yet, as Kafka's may for a moment.
    const topics = [{ topic, numPartitions: partitions }];
    const created = await admin.createTopics({ topics, waitForLeaders: false });
    if (!created) throw new Error(`${topic} was there already`);
    return null;
  },
  async partitionCount({ topic }) {
    await adminReady;
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions.length ?? 0;
  },
  async addPartitions({ topic, total }) {
    await adminReady;
    await admin.createPartitions({ topicPartitions: [{ topic, count: total }] });
    return null;
  },
  async produce({ topic, codec, file, from, to }) {
    const producer: Producer = kafka.producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
    });
    await producer.connect();
    const rows = await readRows(file, from, to);
    for (let at = 0; at < rows.length; at += SEND_RECORDS) {
      const messages = rows
        .slice(at, at + SEND_RECORDS)
        .map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp: String(timestamp) }));
      await producer.send({ topic, acks: -1, compression: compressionTypes[codec], messages });
    }
    await producer.disconnect();
    return null;
  },
  async offsetsForTime({ topic, timestamp }) {
    await adminReady;
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp);
    return Object.fromEntries(offsets.map(({ partition, offset }) => [partition, Number(offset)]));
  },
  async committed({ group, topic }) {
    await adminReady;
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return Object.fromEntries(
      (found?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]),
    );
  },
  async join(options) {
    const { topic } = options;
    commits = options.commits;
    const positions = new Delivered(topic);
    delivered = positions;
    const joined = kafka.consumer({
      groupId: options.group,
      sessionTimeout: options.sessionTimeoutMs,
      heartbeatInterval: 500,
      metadataMaxAge: 1000,
      maxWaitTimeInMs: 500,
    });
    consumer = joined;
    joined.on('consumer.group_join', ({ payload }) => {
      tell({ event: 'assigned', partitions: positions.assign(payload.memberAssignment[topic] ?? []) });
    });
    joined.on('consumer.rebalancing', () => tell({ event: 'assigned', partitions: positions.assign([]) }));
    joined.on('consumer.crash', ({ payload }) => {
      if (!payload.restart) tell({ event: 'failed', error: reason(payload.error) });
    });
    await joined.connect();
    await joined.subscribe({ topics: [topic], fromBeginning: true });
    await joined.run({
      autoCommit: false,
      async eachBatch({ batch, resolveOffset, isRunning, isStale }) {
        for (const message of batch.messages) {
          if (!isRunning() || isStale()) break;
          const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]);
          positions.deliver({
            partition: batch.partition,
            offset: Number(message.offset),
            timestamp: Number(message.timestamp),
            key: String(message.key),
            value: String(message.value),
            headers: Object.fromEntries(headers) as Record<string, string>,
          });
          resolveOffset(message.offset);
        }
      },
    });
    for (const [partition, offset] of Object.entries(options.startAt ?? {})) {
      joined.seek({ topic, partition: Number(partition), offset: String(offset) });
    }
    return null;
  },
  async leave() {
    if (consumer === undefined || delivered === undefined) throw new Error('never joined');
    if (commits) {
      await consumer.commitOffsets(
        delivered
          .next()
          .map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) })),
      );
    }
    await consumer.disconnect();
    return null;
  },
};

const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
serveAgent(version, operations);
