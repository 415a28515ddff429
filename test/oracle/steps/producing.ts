// Produce, and idempotent producers.
import { BATCH_CRC_AT } from '@moldau/protocol/records/batch-header.ts';
import type { Memory, Step } from '../step.ts';
import { INIT_PRODUCER_ID, NOBODY, topic, compacted, NOW, batch, damaged, produce } from './requests.ts';

const SEQUENCED = (m: Memory, values: string[], baseSequence: number, producerEpoch = 0) =>
  batch(values, { producerId: m.producerId, producerEpoch, baseSequence });
export const producing: Step[] = [
  produce('three records', () => batch(['a', 'b', 'c'])),
  produce('acks 1', () => batch(['d']), { acks: 1 }),
  produce('gzip', () => batch(['e', 'f'], { codec: 'gzip', time: NOW + 100 })),
  produce('acks 5', () => batch(['x']), { acks: 5 }),
  produce('null', () => null),
  produce('empty', () => new Uint8Array(0)),
  produce('damaged value', () => damaged((bytes) => bytes.length - 1)),
  produce('damaged CRC', () => damaged(() => BATCH_CRC_AT)),
  produce('unknown magic', () => damaged(() => 16)),
  produce('half', () => batch(['half']).subarray(0, 40)),
  produce('two batches', () => Buffer.concat([batch(['1']), batch(['2'])])),
  produce('too large', () => batch(['x'.repeat(1_100_000)])),
  produce('control batch', () => batch(['x'], { control: true })),
  produce('two days in the future', () => batch(['x'], { time: NOW + 172_800_000 })),
  produce('no record', () => batch([])),
  produce('base offset of its own', () => batch(['g'], { baseOffset: 0, lastOffset: 0 })),
  produce('offset deltas with gaps', () => batch(['x'], { lastOffset: 5 })),
  produce('unknown topic', () => batch(['x']), { topic: () => 'no-such' }),
  produce('unknown partition', () => batch(['x']), { index: 44 }),
  produce('compacted, no key', () => batch(['x']), { topic: compacted }),
  produce('compacted, key', () => batch(['x'], { key: 'k' }), { topic: compacted }),
  produce('LogAppendTime set by the client', (m) => batch(['x'], { logAppendTime: NOW, key: m.run }), {
    topic: compacted,
  }),
  {
    name: 'produce: unknown id',
    api: 'Produce',
    version: 13,
    fields: () => ({
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ topicId: NOBODY, partitionData: [{ index: 0, records: batch(['x']) }] }],
    }),
  },
  {
    name: 'producer id',
    api: 'InitProducerId',
    version: INIT_PRODUCER_ID,
    fields: () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
    keep: (answer, m) => (m.producerId = answer['producerId'] as number),
  },
  {
    name: 'producer id: empty transactional id',
    api: 'InitProducerId',
    version: INIT_PRODUCER_ID,
    fields: () => ({ transactionalId: '', transactionTimeoutMs: 1000 }),
  },
  produce('sequence 0', (m) => SEQUENCED(m, ['s0', 's1'], 0), { index: 1 }),
  produce('sequence 0 again', (m) => SEQUENCED(m, ['s0', 's1'], 0), { index: 1 }),
  produce('sequence with a gap', (m) => SEQUENCED(m, ['s4'], 4), { index: 1 }),
  produce('sequence 2', (m) => SEQUENCED(m, ['s2'], 2), { index: 1 }),
  produce('a repetition of another size', (m) => SEQUENCED(m, ['s0'], 0), { index: 1 }),
  produce('new epoch not from 0', (m) => SEQUENCED(m, ['x'], 3, 1), { index: 1 }),
  produce('new epoch from 0', (m) => SEQUENCED(m, ['t0'], 0, 1), { index: 1 }),
  produce('old epoch', (m) => SEQUENCED(m, ['x'], 3, 0), { index: 1 }),
  produce(
    'unknown producer not from 0',
    () => batch(['u7'], { producerId: 987_654, producerEpoch: 0, baseSequence: 7 }),
    { index: 2 },
  ),
  {
    name: 'producers',
    api: 'DescribeProducers',
    fields: (m) => ({ topics: [{ name: topic(m), partitionIndexes: [1, 44] }] }),
  },
];
