// The coordinator of transactions: who is given which epoch, what is refused, what is described and listed.
import type { StructValue } from '../../../packages/protocol/gen/interpreter.ts';
import type { Memory, Step } from '../step.ts';

const ID = 'oracle-coordinated';
/** Until the coordinator's topic is there and its partitions are loaded. */
const TOPIC_MS = 3000;
/** Until markers are written. */
const MARKERS_MS = 500;

const idOf = (m: Memory): string => `${ID}-${m.run}`;
const topicName = (m: Memory): string => `oracle-coordinated-${m.run}`;
const known = (m: Memory, name: string): { producerId: number; producerEpoch: number } =>
  m.producers.get(name) ?? { producerId: 0, producerEpoch: 0 };

function step(name: string, api: string, fields: Step['fields'], more: Partial<Step> = {}): Step {
  return { name: `transactions: ${name}`, api, fields, ...more };
}

const remember =
  (name: string) =>
  (answer: StructValue, m: Memory): void => {
    const { errorCode, producerId, producerEpoch } = answer as Record<string, number>;
    if (errorCode === 0) m.producers.set(name, { producerId: producerId!, producerEpoch: producerEpoch! });
  };

function init(name: string, as: string, fields: Record<string, unknown> = {}, version = 5): Step {
  const all = (m: Memory) => ({
    transactionalId: idOf(m),
    transactionTimeoutMs: 60_000,
    ...(version >= 3 ? { producerId: -1, producerEpoch: -1 } : {}),
    ...fields,
  });
  return step(name, 'InitProducerId', all, { version, keep: remember(as), settleMs: MARKERS_MS });
}

function goOn(name: string, as: string): Step {
  const fields = (m: Memory) => ({
    transactionalId: idOf(m),
    transactionTimeoutMs: 60_000,
    ...known(m, as),
  });
  return step(name, 'InitProducerId', fields, { version: 5, keep: remember(as), settleMs: MARKERS_MS });
}

function add(
  name: string,
  as: string,
  version: number,
  partitions: readonly number[],
  topic = topicName,
): Step {
  const fields = (m: Memory) => {
    const { producerId, producerEpoch } = known(m, as);
    const topics = [{ name: topic(m), partitions }];
    return version < 4
      ? {
          v3AndBelowTransactionalId: idOf(m),
          v3AndBelowProducerId: producerId,
          v3AndBelowProducerEpoch: producerEpoch,
          v3AndBelowTopics: topics,
        }
      : {
          transactions: [{ transactionalId: idOf(m), producerId, producerEpoch, verifyOnly: false, topics }],
        };
  };
  return step(name, 'AddPartitionsToTxn', fields, { version });
}

function end(name: string, as: string, committed: boolean, version: number): Step {
  const fields = (m: Memory) => ({ transactionalId: idOf(m), ...known(m, as), committed });
  const keep = version >= 5 ? { keep: remember(as) } : {};
  return step(name, 'EndTxn', fields, { version, settleMs: MARKERS_MS, ...keep });
}

const offsets = (name: string, as: string, version: number): Step =>
  step(
    name,
    'AddOffsetsToTxn',
    (m) => ({ transactionalId: idOf(m), ...known(m, as), groupId: `oracle-group-${m.run}` }),
    { version },
  );

const describe = (when: string): Step =>
  step(`describe ${when}`, 'DescribeTransactions', (m) => ({ transactionalIds: [idOf(m)] }), {
    // When it began differs, and the partition of the group depends on how many there are.
    compared: (answer) =>
      (answer['transactionStates'] as StructValue[]).map(({ transactionStartTimeMs, topics, ...state }) => ({
        ...state,
        begun: Math.sign(transactionStartTimeMs as number),
        topics: (topics as { topic: string; partitions: number[] }[])
          .map(({ topic, partitions }) =>
            topic.startsWith('__') ? topic : `${topic} ${partitions.toSorted((a, b) => a - b).join()}`,
          )
          .toSorted(),
      })),
  });

/** Other runs have left ids of their own. */
const list = (name: string, fields: Step['fields'], version = 2): Step =>
  step(`list ${name}`, 'ListTransactions', fields, {
    version,
    compared: (answer) => ({
      ...answer,
      transactionStates: (answer['transactionStates'] as StructValue[])
        .filter(({ transactionalId }) => (transactionalId as string).startsWith(ID))
        .map(({ transactionState }) => transactionState)
        .slice(-1),
    }),
  });

const own = (m: Memory) => ({ transactionalIdPattern: idOf(m) });

export const transactions: readonly Step[] = [
  step(
    'a topic',
    'CreateTopics',
    (m) => ({ topics: [{ name: topicName(m), numPartitions: 2, replicationFactor: 1 }], timeoutMs: 5000 }),
    { compared: () => null, settleMs: MARKERS_MS },
  ),
  step('the coordinator', 'FindCoordinator', (m) => ({ keyType: 1, coordinatorKeys: [idOf(m), 'x'] }), {
    compared: () => null,
    settleMs: TOPIC_MS,
  }),
  describe('what is not there'),
  step('describe nothing', 'DescribeTransactions', () => ({ transactionalIds: [''] })),
  init('a time-out too long', 'a', { transactionTimeoutMs: 900_001 }),
  init('no time-out', 'a', { transactionTimeoutMs: 0 }),
  init('an empty id', 'a', { transactionalId: '' }),
  init('half a producer', 'a', { producerId: 5 }),
  init('a producer', 'a'),
  describe('before it begins'),
  end('commit of nothing', 'a', true, 4),
  end('commit of nothing, raised', 'a', true, 5),
  add('a partition', 'a', 3, [0]),
  add('a partition there is not', 'a', 3, [1, 9]),
  add('a topic there is not', 'a', 3, [0], () => 'oracle-nowhere'),
  offsets('offsets', 'a', 4),
  describe('under way'),
  list('what is ongoing', (m) => ({ ...own(m), stateFilters: ['Ongoing'] })),
  list('what is nonsense', (m) => ({ ...own(m), stateFilters: ['Nonsense'] })),
  list('what takes long', (m) => ({ ...own(m), durationFilter: 3_600_000 })),
  list('by a pattern that is none', () => ({ transactionalIdPattern: '[' })),
  end('commit', 'a', true, 4),
  end('commit again', 'a', true, 4),
  end('abort of what is committed', 'a', false, 4),
  describe('when it is committed'),
  init('another producer', 'b'),
  add('a partition of the fenced', 'a', 3, [0]),
  add('a partition of the fenced, older', 'a', 1, [0]),
  offsets('offsets of the fenced', 'a', 3),
  offsets('offsets of the fenced, older', 'a', 1),
  end('commit of the fenced', 'a', true, 3),
  end('commit of the fenced, older', 'a', true, 1),
  goOn('the fenced goes on', 'a'),
  goOn('the other goes on', 'b'),
  add('partitions by a broker', 'b', 5, [0, 1]),
  end('abort, raised', 'b', false, 5),
  describe('when it is aborted'),
  add('once more', 'b', 5, [1]),
  init('a third producer, while it is under way', 'c'),
  init('a third producer', 'c'),
  end('commit of the second', 'b', true, 5),
  describe('at the end'),
];
