import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { batchCodecId } from '@moldau/protocol/records/batch-header.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import { emptyImage } from '../metadata/apply-change.ts';
import { brokerSettingsFrom } from '../settings/broker-settings.ts';
import { topicConfigOf, type TopicConfig } from '../settings/topic-config.ts';
import { RecompressingAppends } from './recompressing-appends.ts';
import { Recompressor } from './recompressor.ts';

const DEFAULTS = topicConfigOf(emptyImage(), brokerSettingsFrom('', []).settings, 'topic');

/** What reaches the log and what is refused, as lines; batches above `atOnceBytes` take their time. */
function world(config: Partial<TopicConfig>, atOnceBytes = Number.POSITIVE_INFINITY) {
  const lines: string[] = [];
  let current: TopicConfig = { ...DEFAULTS, ...config };
  const appends = new RecompressingAppends({
    recompressor: new Recompressor(atOnceBytes),
    config: () => current,
    append: ({ records, leaderEpoch }) => lines.push(`${leaderEpoch}: codec ${batchCodecId(records, 0)}`),
  });
  return {
    lines,
    configure: (next: Partial<TopicConfig>) => void (current = { ...current, ...next }),
    append: (records: Uint8Array, leaderEpoch: number): void => {
      appends.append({
        records,
        memory: undefined,
        leaderEpoch,
        done: ({ error }) => void lines.push(`${leaderEpoch}: error ${error}`),
      });
    },
    /** Until there are so many lines. */
    until: async (count: number): Promise<void> => {
      while (lines.length < count) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const plain = (size = 10) => buildBatch({ records: [{ timestamp: 1, value: Buffer.alloc(size, 'ab') }] });

test('batches go straight on where the topic keeps the codec of the producer', () => {
  const { append, lines } = world({});
  append(plain(), 1);
  append(buildBatch({ codec: 'gzip', records: [{ timestamp: 1 }] }), 2);
  assert.deepEqual(lines, ['1: codec 0', '2: codec 1']);
});

test('a batch that takes its time holds up those behind it, whatever codec they are in', async () => {
  const { append, lines, until } = world({ compressionType: 'zstd' }, 1000);
  append(plain(5000), 1);
  append(plain(), 2);
  append(buildBatch({ codec: 'zstd', records: [{ timestamp: 1 }] }), 3);
  append(plain(5000), 4);
  assert.deepEqual(lines, []);
  await until(4);
  assert.deepEqual(lines, ['1: codec 4', '2: codec 4', '3: codec 4', '4: codec 4']);
  append(plain(), 5);
  assert.equal(lines.length, 5, 'nothing is under way: at once again');
});

test('what cannot be read is refused in its place', async () => {
  const damaged = buildBatch({ codec: 'zstd', records: [{ timestamp: 1, value: Buffer.alloc(5000) }] });
  damaged.fill(1, 70);
  const large = buildBatch({ codec: 'gzip', records: [{ timestamp: 1, value: Buffer.alloc(90_000) }] });
  large.fill(1, 75);
  const { append, lines, until } = world({ compressionType: 'lz4' }, 1000);
  append(plain(5000), 1);
  append(damaged, 2);
  append(large, 3);
  append(plain(), 4);
  await until(4);
  assert.deepEqual(lines, [
    '1: codec 3',
    `2: error ${ErrorCode.INVALID_RECORD}`,
    `3: error ${ErrorCode.INVALID_RECORD}`,
    '4: codec 3',
  ]);
});

test('the size is measured again afterwards', () => {
  const packed = buildBatch({ codec: 'gzip', records: [{ timestamp: 1, value: Buffer.alloc(3000) }] });
  const { append, lines, configure } = world({ compressionType: 'uncompressed', maxMessageBytes: 1000 });
  append(packed, 1);
  configure({ maxMessageBytes: 5000, log: { ...DEFAULTS.log, segmentBytes: 2000 } });
  append(packed, 2);
  configure({ log: DEFAULTS.log });
  append(packed, 3);
  assert.deepEqual(lines, [
    `1: error ${ErrorCode.MESSAGE_TOO_LARGE}`,
    `2: error ${ErrorCode.RECORD_LIST_TOO_LARGE}`,
    '3: codec 0',
  ]);
});

test('few are in the thread pool at a time, and all get their turn', async () => {
  const recompressor = new Recompressor(0);
  const made = await Promise.all(
    Array.from({ length: 20 }, async () => recompressor.recompress(plain(2000), { codec: 'gzip', level: 1 })),
  );
  assert.ok(made.every((batch) => batchCodecId(batch, 0) === 1));
});
