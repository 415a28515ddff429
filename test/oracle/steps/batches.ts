// Requests about single batches: recompression (`compression.type`), what is wrong inside them, and the limits of sizes at their edges.
import {
  BATCH_RECORD_COUNT_AT,
  batchComputedCrc,
  BATCH_CRC_AT,
} from '@moldau/protocol/records/batch-header.ts';
import { CODEC_NAMES, type CodecName } from '@moldau/protocol/compression/codec.ts';
import { buildBatch, type BatchOptions } from '@moldau/protocol/records/record-writer.ts';
import type { Memory, Step } from '../step.ts';

const PRODUCE_BY_NAME = 12;
const FETCH_BY_NAME = 12;
const NOW = Date.now();
const DAY_MS = 86_400_000;
/** `max.message.bytes` of the topic with a small limit. */
const SMALL = 1000;

/** A topic of these steps, by what it is for. */
const topicOf =
  (what: string) =>
  (m: Memory): string =>
    `oracle-batch-${what}-${m.run}`;

function create(what: string, configs: Readonly<Record<string, string>>, numPartitions = 1): Step {
  return {
    name: `batches: create ${what}`,
    api: 'CreateTopics',
    version: 7,
    settleMs: 300,
    fields: (m) => ({
      timeoutMs: 5000,
      topics: [
        {
          name: topicOf(what)(m),
          numPartitions,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  };
}

function produce(name: string, what: string, records: Uint8Array, index = 0): Step {
  return {
    name: `batches: ${name} to ${what}`,
    api: 'Produce',
    version: PRODUCE_BY_NAME,
    fields: (m) => ({
      acks: -1,
      timeoutMs: 5000,
      transactionalId: null,
      topicData: [{ name: topicOf(what)(m), partitionData: [{ index, records }] }],
    }),
  };
}

interface Limits {
  readonly partitionMaxBytes?: number;
  readonly maxBytes?: number;
  readonly minBytes?: number;
}

function fetch(name: string, what: string, limits: Limits = {}, partitions: readonly number[] = [0]): Step {
  return {
    name: `batches: fetch ${what}: ${name}`,
    api: 'Fetch',
    version: FETCH_BY_NAME,
    fields: (m) => ({
      maxWaitMs: 100,
      minBytes: limits.minBytes ?? 1,
      maxBytes: limits.maxBytes ?? 1_000_000,
      sessionEpoch: -1,
      topics: [
        {
          topic: topicOf(what)(m),
          partitions: partitions.map((partition) => ({
            partition,
            fetchOffset: 0,
            partitionMaxBytes: limits.partitionMaxBytes ?? 1_000_000,
            currentLeaderEpoch: -1,
          })),
        },
      ],
    }),
  };
}

/** Three records with all that a record can have. */
function batch(
  options: BatchOptions & { size?: number; key?: string | null; times?: readonly number[] } = {},
): Uint8Array {
  const times = options.times ?? [NOW, NOW + 5, NOW + 2];
  return buildBatch({
    ...options,
    records: times.map((timestamp, i) => ({
      timestamp,
      key: options.key === null ? null : Buffer.from(`${options.key ?? 'key'}${i}`),
      value: i === 1 ? null : Buffer.from('v'.repeat(options.size ?? 20)),
      headers: [{ key: 'h', value: Buffer.from([i]) }],
    })),
  });
}

/** The batch with something changed and its CRC made right again. */
function changed(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  change(view);
  view.setInt32(BATCH_CRC_AT, batchComputedCrc(bytes, 0));
  return bytes;
}

/** A batch of exactly so many bytes. */
function sized(bytes: number, codec: CodecName = 'none'): Uint8Array {
  for (let size = bytes; size >= 0; size -= 1) {
    const made = buildBatch({
      codec,
      records: [{ timestamp: NOW, key: Buffer.from('k'), value: Buffer.alloc(size, 1) }],
    });
    if (made.length === bytes) return made;
  }
  throw new Error(`no batch of ${bytes} bytes`);
}

const TARGETS = ['uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'];

/** The bytes of the records are not what the codec writes. */
const damaged = (codec: CodecName): Uint8Array =>
  changed(batch({ codec, size: 300 }), (view) => {
    for (let at = 70; at < 80; at += 1) view.setUint8(at, 0xff);
  });

/** Two batches whose headers count other records than there are. */
const counts = (target: string): Step[] => [
  produce(
    'a count too large',
    target,
    changed(batch({ codec: 'none' }), (view) => {
      view.setInt32(BATCH_RECORD_COUNT_AT, 4);
      view.setInt32(23, 3);
    }),
  ),
  produce(
    'a count too small',
    target,
    changed(batch({ codec: 'none' }), (view) => {
      view.setInt32(BATCH_RECORD_COUNT_AT, 2);
      view.setInt32(23, 1);
    }),
  ),
];

const recompressing = TARGETS.flatMap((target) => [
  create(target, { 'compression.type': target }),
  ...CODEC_NAMES.map((codec) => produce(`from ${codec}`, target, batch({ codec }))),
  produce(
    'idempotent',
    target,
    batch({ codec: 'none', producerId: 4_000_001, producerEpoch: 0, baseSequence: 0 }),
  ),
  produce(
    'idempotent, again',
    target,
    batch({ codec: 'none', producerId: 4_000_001, producerEpoch: 0, baseSequence: 0 }),
  ),
  ...CODEC_NAMES.slice(1)
    .filter((codec) => codec !== target)
    .map((codec) => produce(`damaged ${codec}`, target, damaged(codec))),
  fetch('all of it', target),
  ...counts(target),
  ...CODEC_NAMES.slice(1)
    .filter((codec) => codec === target)
    .map((codec) => produce('damaged, in the codec of the topic', target, damaged(codec))),
]);

/** Offsets 0, 2, 3 in a batch that says that it holds three. */
function gap(codec: CodecName): Uint8Array {
  const bytes = buildBatch({
    codec,
    lastOffset: 2,
    records: [0, 1, 2].map((i) => ({
      timestamp: NOW,
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      offset: i < 2 ? i : 3,
    })),
  });
  return bytes;
}

const gaps = [
  create('producer', {}),
  produce('offsets with a gap', 'producer', gap('none')),
  produce('offsets with a gap, gzip', 'producer', gap('gzip')),
  produce('offsets with a gap', 'gzip', gap('none')),
];

const stamping = [
  create('stamped', { 'compression.type': 'zstd', 'message.timestamp.type': 'LogAppendTime' }),
  produce('from none', 'stamped', batch()),
  produce('from zstd', 'stamped', batch({ codec: 'zstd' })),
];

const recordErrors = [
  create('compacted', { 'cleanup.policy': 'compact' }),
  produce('keyless', 'compacted', batch({ key: null })),
  produce('keyless, gzip', 'compacted', batch({ key: null, codec: 'gzip' })),
  create('compacted-gzip', { 'cleanup.policy': 'compact', 'compression.type': 'gzip' }),
  produce('keyless', 'compacted-gzip', batch({ key: null })),
  create('timely', {
    'message.timestamp.before.max.ms': '100000',
    'message.timestamp.after.max.ms': '100000',
  }),
  produce('one too old, one too new', 'timely', batch({ times: [NOW - DAY_MS, NOW, NOW + DAY_MS] })),
  produce('one too new, gzip', 'timely', batch({ times: [NOW, NOW + DAY_MS], codec: 'gzip' })),
  produce('no timestamp', 'timely', batch({ times: [-1, -1] })),
  create('timely-compacted', { 'message.timestamp.after.max.ms': '100000', 'cleanup.policy': 'compact' }),
  produce('keyless and too new', 'timely-compacted', batch({ key: null, times: [NOW + DAY_MS, NOW] })),
];

const sizes = [
  create('small', { 'max.message.bytes': String(SMALL) }, 2),
  produce('exactly at the limit', 'small', sized(SMALL)),
  produce('one above', 'small', sized(SMALL + 1)),
  produce('at the limit again', 'small', sized(SMALL)),
  produce('at the limit, the other partition', 'small', sized(SMALL), 1),
  create('small-plain', { 'max.message.bytes': String(SMALL), 'compression.type': 'uncompressed' }),
  produce('grows above the limit', 'small-plain', batch({ codec: 'gzip', size: 2000 })),
  create('small-gzip', { 'max.message.bytes': String(SMALL), 'compression.type': 'gzip' }),
  produce('would shrink below the limit', 'small-gzip', batch({ size: 2000 })),
  produce('a base offset', 'small', batch({ baseOffset: 7 })),
  create('segments', { 'internal.segment.bytes': '3000', 'max.message.bytes': '1000000' }),
  produce('larger than a segment', 'segments', sized(3001)),
  produce('as large as a segment', 'segments', sized(3000)),
  fetch('all', 'small'),
  fetch('a partition limit below a batch', 'small', { partitionMaxBytes: SMALL - 1 }),
  fetch('a partition limit of one batch', 'small', { partitionMaxBytes: SMALL }),
  fetch('a partition limit just below two', 'small', { partitionMaxBytes: 2 * SMALL - 1 }),
  fetch('a partition limit of two', 'small', { partitionMaxBytes: 2 * SMALL }),
  fetch('a limit below a batch', 'small', { maxBytes: SMALL - 1 }),
  fetch('a limit of one batch', 'small', { maxBytes: SMALL }),
  fetch('a limit of two', 'small', { maxBytes: 2 * SMALL }),
  fetch('no room at all', 'small', { maxBytes: 0 }),
  fetch('no room in the partition', 'small', { partitionMaxBytes: 0 }),
  fetch('two partitions, room for one batch', 'small', { maxBytes: SMALL }, [0, 1]),
  fetch('two partitions, room for two batches', 'small', { maxBytes: 2 * SMALL }, [0, 1]),
  fetch('two partitions, room for three', 'small', { maxBytes: 3 * SMALL }, [0, 1]),
  fetch('two partitions, one batch each', 'small', { partitionMaxBytes: SMALL }, [0, 1]),
  fetch('two partitions, less than a batch each', 'small', { partitionMaxBytes: SMALL - 1 }, [0, 1]),
  fetch('the other partition first', 'small', { maxBytes: SMALL }, [1, 0]),
];

const WHATS = [
  ...TARGETS,
  'producer',
  'stamped',
  'compacted',
  'compacted-gzip',
  'timely',
  'timely-compacted',
  'small',
  'small-plain',
  'small-gzip',
  'segments',
];

export const batches: readonly Step[] = [
  ...recompressing,
  ...gaps,
  ...stamping,
  ...recordErrors,
  ...sizes,
  {
    name: 'batches: delete the topics',
    api: 'DeleteTopics',
    fields: (m) => ({
      timeoutMs: 5000,
      topics: WHATS.map((what) => ({ name: topicOf(what)(m), topicId: new Uint8Array(16) })),
    }),
  },
];
