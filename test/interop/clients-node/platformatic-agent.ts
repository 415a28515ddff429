// The @platformatic/kafka agent: `node platformatic-agent.ts HOST:PORT`. All five codecs are its own.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Admin,
  Consumer,
  Producer,
  stringDeserializers,
  stringSerializers,
  type MessagesStream,
} from '@platformatic/kafka';
import type { AgentOperations } from '../agent/agent-messages.ts';
import { readRows } from '../rows-file.ts';
import { reason, serveAgent, tell } from './agent-loop.ts';
import { Delivered } from './delivered.ts';

const base = {
  clientId: 'interop-platformatic',
  bootstrapBrokers: [process.argv[2] ?? ''],
  metadataMaxAge: 1000,
};
const admin = new Admin(base);
const SEND_RECORDS = 1000;

let consumer: Consumer | undefined;
let stream: MessagesStream | undefined;
let delivered: Delivered | undefined;
let commits = false;

function newConsumer(group: string, sessionTimeout: number): Consumer {
  return new Consumer({
    ...base,
    groupId: group,
    deserializers: stringDeserializers,
    sessionTimeout,
    heartbeatInterval: 500,
    maxWaitTime: 500,
  });
}

const operations: AgentOperations = {
  async createTopic({ topic, partitions }) {
    await admin.createTopics({ topics: [topic], partitions, replicas: 1 });
    return null;
  },
  async partitionCount({ topic }) {
    const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
    return topics.get(topic)?.partitionsCount ?? 0;
  },
  async addPartitions({ topic, total }) {
    await admin.createPartitions({ topics: [{ name: topic, count: total, assignments: null }] });
    return null;
  },
  async produce({ topic, codec, file, from, to }) {
    const producer = new Producer({ ...base, serializers: stringSerializers, idempotent: true });
    const rows = await readRows(file, from, to);
    for (let at = 0; at < rows.length; at += SEND_RECORDS) {
      const messages = rows.slice(at, at + SEND_RECORDS).map(({ key, value, headers, timestamp }) => ({
        topic,
        key,
        value,
        headers,
        timestamp: BigInt(timestamp),
      }));
      await producer.send({ acks: -1, compression: codec, messages });
    }
    await producer.close();
    return null;
  },
  async offsetsForTime({ topic, timestamp }) {
    const asking = newConsumer(`${topic}-offsets`, 6000);
    const offsets = await asking.listOffsets({ topics: [topic], timestamp: BigInt(timestamp) });
    await asking.close(true);
    return Object.fromEntries(
      (offsets.get(topic) ?? []).map((offset, partition) => [partition, Number(offset)]),
    );
  },
  async committed({ group, topic }) {
    const [found] = await admin.listConsumerGroupOffsets({ groups: [group] });
    const partitions = found?.topics.find(({ name }) => name === topic)?.partitions ?? [];
    return Object.fromEntries(
      partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
    );
  },
  async join(options) {
    const { topic, startAt } = options;
    commits = options.commits;
    const positions = new Delivered(topic);
    delivered = positions;
    const joined = newConsumer(options.group, options.sessionTimeoutMs);
    consumer = joined;
    joined.on('consumer:group:join', () => {
      const assigned = joined.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
      tell({ event: 'assigned', partitions: positions.assign(assigned) });
    });
    joined.on('consumer:group:rebalance', () =>
      tell({ event: 'assigned', partitions: positions.assign([]) }),
    );
    stream = await joined.consume({
      topics: [topic],
      autocommit: false,
      ...(startAt === null
        ? { mode: 'committed', fallbackMode: 'earliest' }
        : {
            mode: 'manual',
            offsets: Object.entries(startAt).map(([partition, offset]) => {
              return { topic, partition: Number(partition), offset: BigInt(offset) };
            }),
          }),
    });
    stream.on('error', (error) => tell({ event: 'failed', error: reason(error) }));
    stream.on('data', (message) => {
      positions.deliver({
        partition: message.partition,
        offset: Number(message.offset),
        timestamp: Number(message.timestamp),
        key: message.key,
        value: message.value,
        headers: Object.fromEntries(message.headers),
      });
    });
    return null;
  },
  async leave() {
    if (consumer === undefined || delivered === undefined) throw new Error('never joined');
    if (commits) {
      const offsets = delivered.next().map(({ topic, partition, offset }) => ({
        topic,
        partition,
        offset: BigInt(offset),
        leaderEpoch: -1,
      }));
      await consumer.commit({ offsets });
    }
    await stream?.close();
    await consumer.close();
    return null;
  },
};

// Its package.json is not among its exports: read it as a file.
const manifest = join(import.meta.dirname, 'node_modules', '@platformatic', 'kafka', 'package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
serveAgent(version, operations);
