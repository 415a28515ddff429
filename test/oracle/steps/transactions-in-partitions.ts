// What a partition does about transactions: batches that are verified, markers by the coordinator and by hand, what read_committed sees.
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import type { Memory, Step } from '../step.ts';

/** The last version with which clients add partitions themselves, the first with which the broker does. */
const VERIFIED = 11;
const ADDED = 12;
const BEFORE_ABORTABLE = 10;
const FETCH_BY_NAME = 12;
const READ_COMMITTED = 1;
const NOW = Date.now();

type ProducerName = 'one' | 'two' | 'manual';

const topicName = (m: Memory): string => `oracle-transactions-${m.run}`;
const idOf = (m: Memory, producer: ProducerName): string => `oracle-${producer}-${m.run}`;

function known(m: Memory, producer: ProducerName): { producerId: number; producerEpoch: number } {
  return m.producers.get(producer) ?? { producerId: 0, producerEpoch: 0 };
}

function remember(producer: ProducerName) {
  return (answer: StructValue, m: Memory): void => {
    const { producerId, producerEpoch } = answer as { producerId: number; producerEpoch: number };
    if (producerId >= 0) m.producers.set(producer, { producerId, producerEpoch });
  };
}

function named(name: string, api: string, fields: Step['fields'], more: Partial<Step> = {}): Step {
  return { name: `transactions in partitions: ${name}`, api, fields, ...more };
}

function init(producer: ProducerName): Step {
  const fields = (m: Memory) => ({
    transactionalId: idOf(m, producer),
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
  });
  return named(`init ${producer}`, 'InitProducerId', fields, { version: 5, keep: remember(producer) });
}

function find(producer: ProducerName): Step {
  const fields = (m: Memory) => ({ keyType: 1, coordinatorKeys: [idOf(m, producer)] });
  // The first look-up makes the coordinator's topic.
  return named(`coordinator of ${producer}`, 'FindCoordinator', fields, {
    settleMs: 3000,
    compared: () => null,
  });
}

interface Sent {
  readonly version?: number;
  readonly transactional?: boolean;
  readonly transactionalId?: string | null;
  /** Added to the known epoch. */
  readonly epoch?: number;
}

function batch(m: Memory, producer: ProducerName, baseSequence: number, sent: Sent): Uint8Array {
  const { producerId, producerEpoch } = known(m, producer);
  return buildBatch({
    producerId,
    producerEpoch: producerEpoch + (sent.epoch ?? 0),
    baseSequence,
    transactional: sent.transactional ?? true,
    records: [{ timestamp: NOW, key: null, value: Buffer.from(`${producer} ${baseSequence}`) }],
  });
}

function produce(name: string, producer: ProducerName, sequence: number, sent: Sent = {}): Step {
  const fields = (m: Memory) => ({
    acks: -1,
    timeoutMs: 5000,
    transactionalId: sent.transactionalId === undefined ? idOf(m, producer) : sent.transactionalId,
    topicData: [
      { name: topicName(m), partitionData: [{ index: 0, records: batch(m, producer, sequence, sent) }] },
    ],
  });
  return named(`produce: ${name}`, 'Produce', fields, { version: sent.version ?? VERIFIED });
}

function addPartition(producer: ProducerName): Step {
  const fields = (m: Memory) => ({
    v3AndBelowTransactionalId: idOf(m, producer),
    v3AndBelowProducerId: known(m, producer).producerId,
    v3AndBelowProducerEpoch: known(m, producer).producerEpoch,
    v3AndBelowTopics: [{ name: topicName(m), partitions: [0] }],
  });
  return named(`add the partition for ${producer}`, 'AddPartitionsToTxn', fields, { version: 3 });
}

function end(producer: ProducerName, committed: boolean, version: number): Step {
  const fields = (m: Memory) => ({ transactionalId: idOf(m, producer), ...known(m, producer), committed });
  const keep = version >= 5 ? { keep: remember(producer) } : {};
  const what = committed ? 'commit' : 'abort';
  return named(`${what} of ${producer}, version ${version}`, 'EndTxn', fields, {
    version,
    settleMs: 500,
    ...keep,
  });
}

function look(after: string): Step[] {
  return [
    named(`fetch ${after}`, 'Fetch', fetchFields(READ_COMMITTED), { version: FETCH_BY_NAME }),
    named(`latest ${after}`, 'ListOffsets', (m) => ({
      replicaId: -1,
      isolationLevel: READ_COMMITTED,
      topics: [
        { name: topicName(m), partitions: [{ partitionIndex: 0, timestamp: -1, currentLeaderEpoch: -1 }] },
      ],
    })),
    named(
      `producers ${after}`,
      'DescribeProducers',
      (m) => ({
        topics: [{ name: topicName(m), partitionIndexes: [0] }],
      }),
      { compared: producersOf },
    ),
  ];
}

/** In the order in which they first wrote; which coordinator's epoch it was differs between servers. */
function producersOf(answer: StructValue): unknown {
  const topics = answer['topics'] as {
    partitions: { errorCode: number; activeProducers: Record<string, number>[] }[];
  }[];
  const [partition] = topics[0]!.partitions;
  const producers = [...partition!.activeProducers].sort((a, b) => a['producerId']! - b['producerId']!);
  return producers.map((producer) => ({
    producerEpoch: producer['producerEpoch'],
    lastSequence: producer['lastSequence'],
    currentTxnStartOffset: producer['currentTxnStartOffset'],
    hasCoordinator: producer['coordinatorEpoch']! >= 0,
    hasTimestamp: producer['lastTimestamp']! >= 0,
  }));
}

function fetchFields(isolationLevel: number): Step['fields'] {
  return (m) => ({
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 1_000_000,
    isolationLevel,
    sessionEpoch: -1,
    topics: [
      {
        topic: topicName(m),
        partitions: [{ partition: 0, fetchOffset: m.logStart, partitionMaxBytes: 1_000_000 }],
      },
    ],
  });
}

const PLAIN = { transactional: false, transactionalId: null };

interface Marker {
  readonly committed: boolean;
  readonly epoch?: number;
  readonly coordinatorEpoch?: number;
  readonly transactionVersion?: number;
  readonly topic?: string;
  readonly partition?: number;
}

function mark(name: string, producer: ProducerName, marker: Marker): Step {
  const fields = (m: Memory) => ({
    markers: [
      {
        producerId: known(m, producer).producerId,
        producerEpoch: known(m, producer).producerEpoch + (marker.epoch ?? 0),
        transactionResult: marker.committed,
        coordinatorEpoch: marker.coordinatorEpoch ?? 10,
        transactionVersion: marker.transactionVersion ?? 1,
        topics: [{ name: marker.topic ?? topicName(m), partitionIndexes: [marker.partition ?? 0] }],
      },
    ],
  });
  return named(`marker: ${name}`, 'WriteTxnMarkers', fields);
}

/** Another producer of the partition, whom no coordinator knows: markers by hand are for it. */
const byHand = named(
  'a producer id',
  'InitProducerId',
  () => ({
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
  }),
  { keep: remember('manual'), version: 5 },
);

export const transactionsInPartitions: readonly Step[] = [
  named(
    'create',
    'CreateTopics',
    (m) => ({
      timeoutMs: 5000,
      topics: [{ name: topicName(m), numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    }),
    { version: 7, settleMs: 300 },
  ),
  find('one'),
  init('one'),
  init('two'),
  byHand,

  // Verified: the client adds partitions.
  produce('not part of the transaction, version 10', 'one', 0, { version: BEFORE_ABORTABLE }),
  produce('not part of the transaction, version 11', 'one', 0),
  produce('no transactional id', 'one', 0, { transactionalId: null }),
  addPartition('one'),
  produce('the first of its transaction', 'one', 0),
  produce('the second', 'one', 1),
  produce('the second again', 'one', 1),
  produce('one missing', 'one', 3),
  produce('of no transaction, while one is open', 'one', 2, { transactional: false, transactionalId: null }),
  ...look('while one is open'),
  produce('a plain batch behind it', 'manual', 0, { transactional: false, transactionalId: null }),
  end('one', false, 3),
  ...look('after the abort'),
  produce('not part of the next transaction', 'one', 2),
  addPartition('one'),
  produce('goes on in the next transaction', 'one', 2),
  end('one', true, 3),
  ...look('after the commit'),

  // Added by the broker: transaction version 2.
  produce('not from sequence 0, version 12', 'two', 5, { version: ADDED }),
  produce('the first, version 12', 'two', 0, { version: ADDED }),
  produce('the second, version 12', 'two', 1, { version: ADDED }),
  ...look('while a transaction of version 2 is open'),
  end('two', true, 5),
  produce('behind its marker', 'two', 2, { version: ADDED, epoch: -1 }),
  produce('the next epoch, not from 0', 'two', 2, { version: ADDED }),
  produce('the next epoch', 'two', 0, { version: ADDED }),
  ...look('after a commit of version 2'),
  end('two', false, 5),
  ...look('after an abort of version 2'),

  // By hand.
  mark('of nothing', 'manual', { committed: true, epoch: 1 }),
  mark('of nothing, again', 'manual', { committed: false, epoch: 1 }),
  mark('an older epoch', 'manual', { committed: true }),
  mark('an older coordinator', 'manual', { committed: true, epoch: 1, coordinatorEpoch: 9 }),
  mark('of nothing, version 2, the same epoch', 'manual', {
    committed: true,
    transactionVersion: 2,
    epoch: 1,
  }),
  mark('of nothing, version 2, the next epoch', 'manual', {
    committed: true,
    transactionVersion: 2,
    epoch: 2,
  }),
  mark('unknown partition', 'manual', { committed: true, epoch: 2, partition: 9 }),
  mark('unknown topic', 'manual', { committed: true, epoch: 2, topic: 'oracle-none' }),
  produce('plain, of an epoch that a marker has fenced', 'manual', 1, { ...PLAIN, epoch: 1 }),
  produce('plain, the new epoch not from 0', 'manual', 1, { ...PLAIN, epoch: 2 }),
  ...look('after markers by hand'),

  // Deleted under an open transaction.
  addPartition('one'),
  produce('to be deleted', 'one', 3),
  produce('a plain batch behind what will be deleted', 'manual', 0, {
    ...PLAIN,
    epoch: 2,
  }),
  named(
    'delete what is open',
    'DeleteRecords',
    (m) => ({
      timeoutMs: 5000,
      topics: [{ name: topicName(m), partitions: [{ partitionIndex: 0, offset: -1 }] }],
    }),
    {
      keep: (answer, m) => {
        const topics = answer['topics'] as { partitions: { lowWatermark: number }[] }[];
        m.logStart = topics[0]!.partitions[0]!.lowWatermark;
      },
    },
  ),
  ...look('after the deletion'),
  end('one', true, 3),
  ...look('after the end of what was deleted'),
];
