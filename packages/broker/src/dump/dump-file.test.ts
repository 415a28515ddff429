// Every kind of file is printed; damage is told where it is, and any bytes at all end in rows.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Writer } from '@moldau/protocol';
import {
  newOffsetCommitKey,
  newOffsetCommitValue,
  offsetCommitKey,
  offsetCommitType,
  offsetCommitValue,
} from '@moldau/protocol/generated/records/offset-commit.ts';
import { newTopicRecord } from '@moldau/protocol/generated/metadata/topic-record.ts';
import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import { writeMetadataRecord } from '@moldau/protocol/records/metadata-record.ts';
import { buildBatch } from '@moldau/protocol/records/record-writer.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';

import { LogWorld, FOLDER } from '../log/local/log-fixture.ts';
import { encodeAborted } from '../log/local/transaction-index.ts';
import { openLocalMetadataStore } from '../metadata/local/local-metadata-store.ts';
import { encodeProducerSnapshot } from '../partition/producer-snapshot.ts';
import { ProducerState } from '../partition/producer-state.ts';
import { batchAt } from '../testing/kafka-folder.ts';
import { dumpFile } from './dump-file.ts';
import { rowAsJson, rowAsText, type DumpRow } from './dump-row.ts';

const ZEROS = '0'.repeat(20);

async function diskWith(path: string, content: Uint8Array): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await disk.makeDirectory(path.slice(0, path.lastIndexOf('/')));
  const file = await disk.open(path, { mode: 'create' });
  await file.write([content], 0);
  await file.close();
  return disk;
}

interface Dumped {
  readonly rows: DumpRow[];
  readonly damages: number | undefined;
}

async function dump(disk: SimulatedDisk, path: string, records = true): Promise<Dumped> {
  const rows: DumpRow[] = [];
  const sink = (row: DumpRow): void => {
    // Both forms must be able to print it, on one line.
    assert.doesNotMatch(rowAsText(row), /\n/);
    JSON.parse(rowAsJson(row));
    rows.push(row);
  };
  return { damages: await dumpFile(path, { disk, records, decoder: undefined, sink }), rows: rows };
}

async function dumpBytes(path: string, content: Uint8Array): Promise<Dumped> {
  return dump(await diskWith(path, content), path);
}

const named = (rows: readonly DumpRow[], row: string): DumpRow[] => rows.filter((each) => each.row === row);

describe('dump of a segment', () => {
  const path = `/logs/orders-0/${ZEROS}.log`;
  const marker = buildEndTransactionBatch({
    type: 'abort',
    coordinatorEpoch: 3,
    producerId: 9,
    producerEpoch: 0,
    timestamp: 77,
    baseOffset: 3,
  });

  it('prints batches, records and markers', async () => {
    const bytes = Buffer.concat([
      batchAt(0, 2, { codec: 'gzip' }),
      buildBatch({ baseOffset: 2, records: [{ timestamp: 5, key: null, value: Uint8Array.of(0, 255) }] }),
      marker,
    ]);
    const { rows, damages } = await dumpBytes(path, bytes);
    assert.equal(damages, 0);
    assert.deepEqual(rows.filter((row) => row.row !== 'batch').map(rowAsText), [
      `file path=${path}`,
      'record offset=0 timestamp=1000 key="k0" value="v0"',
      'record offset=1 timestamp=1001 key="k1" value="v1"',
      'record offset=2 timestamp=5 key=null value=0x00ff',
      'control offset=3 timestamp=77 type=abort coordinatorEpoch=3',
    ]);
    const [first, second, third] = named(rows, 'batch');
    assert.deepEqual([first?.['codec'], first?.['count'], first?.['position']], ['gzip', 2, 0]);
    assert.equal(second?.['position'], first?.['size']);
    assert.deepEqual([third?.['control'], third?.['transactional'], third?.['producerId']], [true, true, 9]);
  });

  it('says where damage is, and goes on with the next whole batch', async () => {
    const first = batchAt(0, 3);
    const bad = Buffer.from(batchAt(3, 3));
    bad[90]! ^= 4;
    const { rows, damages } = await dumpBytes(path, Buffer.concat([first, bad, batchAt(6, 1)]));
    assert.equal(damages, 1);
    const [damage] = named(rows, 'damage');
    assert.equal(damage?.['position'], first.length);
    assert.equal(damage?.['next'], first.length + bad.length);
    assert.match(rowAsText(damage), /checksum/);
    assert.deepEqual(
      named(rows, 'record').map((row) => row['offset']),
      [0, 1, 2, 6],
    );
  });

  it('tells an unfinished end, zeros and batches out of order', async () => {
    const whole = batchAt(0, 3);
    for (const tail of [batchAt(3, 3).subarray(0, 80), new Uint8Array(500)]) {
      const { rows, damages } = await dumpBytes(path, Buffer.concat([whole, tail]));
      assert.equal(damages, 1);
      assert.deepEqual(
        [named(rows, 'damage')[0]?.['position'], named(rows, 'damage')[0]?.['next']],
        [whole.length, null],
      );
    }
    const { rows } = await dumpBytes(path, Buffer.concat([whole, batchAt(1, 1)]));
    assert.match(rowAsText(named(rows, 'damage')[0]!), /begins at offset 1, the one before ended at 2/);
  });

  it('reads the records of internal topics by the name of the folder', async () => {
    const key = new Writer();
    key.int16(offsetCommitType, 'kind');
    offsetCommitKey.encode(key, newOffsetCommitKey({ group: 'g', topic: 'orders', partition: 1 }), 0);
    const value = new Writer();
    value.int16(3, 'version');
    offsetCommitValue.encode(value, newOffsetCommitValue({ offset: 42, metadata: 'm' }), 3);
    const records = [
      { timestamp: 1, key: key.toBytes(), value: value.toBytes() },
      { timestamp: 2, key: key.toBytes(), value: null },
      { timestamp: 3, key: Uint8Array.of(0, 99), value: null },
    ];
    const { rows } = await dumpBytes(`/logs/__consumer_offsets-3/${ZEROS}.log`, buildBatch({ records }));
    const [commit, removed, unknown] = named(rows, 'record');
    assert.equal(commit?.['type'], 'OffsetCommit');
    assert.deepEqual({ ...(commit?.['key'] as object) }, { group: 'g', topic: 'orders', partition: 1 });
    assert.equal((commit?.['value'] as { offset?: number } | undefined)?.offset, 42);
    assert.equal(removed?.['value'], null);
    assert.match(rowAsText(unknown!), /kind 99/);

    const topic = writeMetadataRecord('TopicRecord', newTopicRecord({ name: 'orders' }));
    const log = buildBatch({ records: [{ timestamp: 1, value: topic }] });
    const metadata = await dumpBytes(`/logs/__cluster_metadata-0/${ZEROS}.log`, log);
    assert.equal(named(metadata.rows, 'record')[0]?.['type'], 'TopicRecord');
  });
});

describe('dump of the files beside a segment', () => {
  it('prints indexes up to what was never used, and says where their order breaks', async () => {
    const entries = Buffer.alloc(8 * 4);
    entries.writeUInt32BE(5, 0);
    entries.writeUInt32BE(4100, 4);
    entries.writeUInt32BE(9, 8);
    entries.writeUInt32BE(8300, 12);
    const path = `/logs/orders-0/${'100'.padStart(20, '0')}.index`;
    const { rows, damages } = await dumpBytes(path, entries);
    assert.equal(damages, 0);
    assert.deepEqual(rows.slice(1).map(rowAsText), [
      'index offset=105 position=4100',
      'index offset=109 position=8300',
      'unused position=16 bytes=16',
    ]);
    entries.writeUInt32BE(3, 16);
    const broken = await dumpBytes(path, entries);
    assert.equal(broken.damages, 1);
    assert.equal(named(broken.rows, 'damage')[0]?.['position'], 16);

    const times = Buffer.alloc(12);
    times.writeBigInt64BE(1700n, 0);
    times.writeUInt32BE(7, 8);
    const timeindex = await dumpBytes(`/logs/orders-0/${ZEROS}.timeindex`, times);
    assert.equal(rowAsText(timeindex.rows[1]!), 'timeindex timestamp=1700 offset=7');

    const aborted = encodeAborted([{ producerId: 4, firstOffset: 1, lastOffset: 3, lastStableOffset: 4 }]);
    const txnindex = await dumpBytes(`/logs/orders-0/${ZEROS}.txnindex`, aborted);
    assert.equal(
      rowAsText(txnindex.rows[1]!),
      'aborted producerId=4 firstOffset=1 lastOffset=3 lastStableOffset=4',
    );
    assert.equal((await dumpBytes(`/logs/orders-0/${ZEROS}.txnindex`, aborted.subarray(0, 30))).damages, 1);
  });

  it('prints producers, epochs, offsets and ids', async () => {
    const producers = new ProducerState();
    producers.replay(
      { producerId: 7, producerEpoch: 1, baseSequence: 0, lastOffsetDelta: 2 } as never,
      10,
      99,
      99,
    );
    const content = encodeProducerSnapshot(producers)!;
    const { rows, damages } = await dumpBytes(`/logs/orders-0/${ZEROS}.snapshot`, content);
    assert.equal(damages, 0);
    assert.deepEqual(
      [rows[1]?.['producerId'], rows[1]?.['epoch'], rows[1]?.['lastSequence'], rows[1]?.['lastOffset']],
      [7, 1, 2, 12],
    );
    content[20]! ^= 1;
    assert.equal((await dumpBytes(`/logs/orders-0/${ZEROS}.snapshot`, content)).damages, 1);

    const text = async (name: string, content: string): Promise<string[]> =>
      (await dumpBytes(`/logs/${name}`, Buffer.from(content))).rows.slice(1).map(rowAsText);
    assert.deepEqual(await text('orders-0/leader-epoch-checkpoint', '0\n1\n3 20\n'), [
      'epoch epoch=3 startOffset=20',
    ]);
    assert.deepEqual(await text('log-start-offset-checkpoint', '0\n1\norders 0 20\n'), [
      'offset partition=orders-0 offset=20',
    ]);
    assert.deepEqual(await text('orders-0/partition.metadata', `version: 0\ntopic_id: ${'A'.repeat(22)}`), [
      `partition topicId=${'A'.repeat(22)}`,
    ]);
    assert.match((await text('orders-0/leader-epoch-checkpoint', '1\n'))[0]!, /^damage/);
  });
});

describe('dump of our own files', () => {
  it('prints the write-ahead log and the checkpoint, and finds damage between frames', async () => {
    const world = await LogWorld.start();
    const log = await world.open(0);
    for (let offset = 0; offset < 9; offset += 3) {
      const bytes = batchAt(offset, 3);
      log.append([{ bytes, baseOffset: offset, lastOffset: offset + 2, leaderEpoch: 0, maxTimestamp: 1 }]);
      await world.settle();
    }
    const path = `${FOLDER}/wal/00000001.wal`;
    const { rows, damages } = await world.run(dump(world.disk, path));
    assert.equal(damages, 0);
    assert.ok(named(rows, 'frame').length >= 3);
    assert.deepEqual(
      named(rows, 'batches').map((row) => [row['partition'], row['baseOffset'], row['lastOffset']]),
      [
        ['topic-0', 0, 2],
        ['topic-0', 3, 5],
        ['topic-0', 6, 8],
      ],
    );
    assert.equal(named(rows, 'record').length, 9);
    assert.equal(rows.at(-1)?.row, 'end');

    const second = named(rows, 'frame')[1]!['position'] as number;
    const file = await world.run(world.disk.open(path, { mode: 'write' }));
    await world.run(file.write([Uint8Array.of(0xff)], second + 20));
    await world.run(file.close());
    const damaged = await world.run(dump(world.disk, path));
    assert.equal(damaged.damages, 1);
    assert.equal(named(damaged.rows, 'damage')[0]?.['position'], second);
    assert.deepEqual(
      named(damaged.rows, 'batches').map((row) => row['baseOffset']),
      [0, 6],
    );

    await world.run(world.store.close());
    const checkpoint = await world.run(dump(world.disk, `${FOLDER}/checkpoint`));
    assert.equal(checkpoint.damages, 0);
    assert.equal(named(checkpoint.rows, 'partition')[0]?.['endOffset'], 9);
  });

  it('prints the metadata log, and finds damage that later frames prove', async () => {
    const disk = new SimulatedDisk();
    const store = await openLocalMetadataStore({ disk, folder: '/metadata' });
    for (const clusterId of ['c']) {
      await store.propose(() => ({ changes: [{ kind: 'cluster-created', clusterId }], answer: undefined }));
    }
    await store.propose(() => ({
      changes: [{ kind: 'producer-ids-allocated', next: 1000 }],
      answer: undefined,
    }));
    await store.close();
    const path = `/metadata/${ZEROS}.metadata`;
    const { rows, damages } = await dump(disk, path);
    assert.equal(damages, 0);
    const changes = named(rows, 'changes');
    assert.deepEqual(changes[0]?.['content'], [{ kind: 'cluster-created', clusterId: 'c' }]);
    const file = await disk.open(path, { mode: 'write' });
    await file.write([Uint8Array.of(1)], (changes[0]?.['position'] as number) + 30);
    await file.close();
    assert.equal((await dump(disk, path)).damages, 1);
  });
});

describe('dump of any bytes', () => {
  const names = [
    `orders-0/${ZEROS}.log`,
    `__consumer_offsets-0/${ZEROS}.log`,
    `__transaction_state-0/${ZEROS}.log`,
    `__cluster_metadata-0/${ZEROS}.log`,
    `__cluster_metadata-0/${ZEROS}-0000000001.checkpoint`,
    `orders-0/${ZEROS}.index`,
    `orders-0/${ZEROS}.timeindex`,
    `orders-0/${ZEROS}.txnindex`,
    `orders-0/${ZEROS}.snapshot`,
    'orders-0/leader-epoch-checkpoint',
    'orders-0/partition.metadata',
    'recovery-point-offset-checkpoint',
    'checkpoint',
    'wal/00000001.wal',
    `metadata/${ZEROS}.metadata`,
  ] as const;

  it('ends in rows, whatever the file is said to be', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.uint8Array({ maxLength: 400 }), async (name, bytes) => {
        const { damages, rows } = await dumpBytes(`/logs/${name}`, bytes);
        assert.equal(typeof damages, 'number');
        assert.equal(named(rows, 'damage').length, damages);
      }),
      { numRuns: 400 },
    );
  });

  it('ends in rows when records have a right checksum and make no sense', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names.slice(0, 5)),
        fc.array(
          fc.record({
            timestamp: fc.nat(),
            key: fc.option(
              fc.uint8Array({ maxLength: 40 }).map((bytes) => Uint8Array.of(0, bytes[0]! % 24, ...bytes)),
            ),
            value: fc.option(
              fc.uint8Array({ maxLength: 60 }).map((bytes) => Uint8Array.of(bytes.length % 5, ...bytes)),
            ),
          }),
          { minLength: 1, maxLength: 5 },
        ),
        async (name, records) => {
          const { damages } = await dumpBytes(`/logs/${name}`, buildBatch({ records }));
          assert.equal(damages, 0);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not guess at other names', async () => {
    assert.equal((await dumpBytes('/logs/orders-0/quorum-state', Uint8Array.of(1))).damages, undefined);
  });
});
