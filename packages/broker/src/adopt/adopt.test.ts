// Adoption over a simulated disk: what is there afterwards, and what is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildEndTransactionBatch } from '@moldau/protocol/records/control-record.ts';
import { writeMetadataRecord } from '@moldau/protocol/records/metadata-record.ts';
import { newConfigRecord } from '@moldau/protocol/generated/metadata/config-record.ts';
import { SimulatedDisk } from '@moldau/runtime/simulated/simulated-disk.ts';
import { openDataFolder, DataFolderError } from '../data-folder.ts';
import { encodeProducerSnapshot } from '../partition/producer-snapshot.ts';
import { ProducerState } from '../partition/producer-state.ts';
import { CLUSTER_ID, KAFKA, KafkaFolder, batchAt, topicIdOf } from '../testing/kafka-folder.ts';
import { DATA, run, refused, imageOf, withLog, batchesOf, readAll } from '../testing/adoptions.ts';

describe('adopting a Kafka folder', () => {
  it('keeps offsets, ids, settings, start offsets and epochs, and goes on behind what is there', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders', { partitions: 2, configs: { 'retention.ms': '-1', 'min.insync.replicas': '2' } });
    kafka.segment('orders-0', 0, [batchAt(0, 5), batchAt(5, 5)]);
    kafka.segment('orders-0', 10, [batchAt(10, 3, { leaderEpoch: 7 })], 13);
    kafka.file('orders-0/leader-epoch-checkpoint', '0\n2\n0 0\n7 10\n');
    kafka.startOffsets.set('orders-0', 7);
    kafka.segment('orders-1', 0, [], 0);
    kafka.file('cleaner-offset-checkpoint', '');
    kafka.nextProducerId(5000);
    await kafka.write();

    const report = await run(disk);
    assert.deepEqual(report.topics, [
      { name: 'orders', partitions: 2, offsets: 6, bytes: report.topics[0]!.bytes },
    ]);
    assert.match(report.notices.join('\n'), /min.insync.replicas=2 is left out/);

    const image = await imageOf(disk);
    assert.equal(image.clusterId, CLUSTER_ID);
    assert.equal(image.nextProducerId, 5000);
    assert.equal(image.topics.get('orders')?.id, topicIdOf('orders'));
    assert.deepEqual([...image.topicConfigs.get('orders')!], [['retention.ms', '-1']]);
    assert.deepEqual(
      image.topics.get('orders')?.partitions.map((partition) => partition.leaderEpoch),
      [8, 5],
      'above all that Kafka used',
    );
    await withLog(disk, 'orders', 0, async (log) => {
      assert.deepEqual([log.startOffset, log.endOffset, log.latestEpoch], [7, 13, 7]);
      assert.deepEqual(await readAll(log), ['5-9', '10-12']);
      assert.deepEqual(log.endOffsetOfEpoch(0), { epoch: 0, endOffset: 10 });
      const bytes = batchAt(13, 2, { leaderEpoch: 8 });
      log.append([{ bytes, baseOffset: 13, lastOffset: 14, leaderEpoch: 8, maxTimestamp: 1014 }]);
    });
    assert.deepEqual(await batchesOf(disk, 'orders', 0), ['5-9', '10-12', '13-14']);
    assert.deepEqual(await batchesOf(disk, 'orders', 1), []);
  });

  it('finds by time without the indexes of Kafka', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.segment('orders-0', 0, [batchAt(0, 5), batchAt(5, 5)]);
    kafka.segment('orders-0', 10, [batchAt(10, 3)], 13);
    await kafka.write();
    await run(disk);
    await withLog(disk, 'orders', 0, async (log) => {
      assert.equal((await log.findByTimestamp(1007))?.baseOffset, 5);
      assert.equal((await log.findMaxTimestamp())?.baseOffset, 10);
    });
  });

  it('finds aborted transactions again, also where Kafka lost the index', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    const producer = { producerId: 40, producerEpoch: 0, baseSequence: 0, transactional: true };
    const abort = buildEndTransactionBatch({
      type: 'abort',
      coordinatorEpoch: 0,
      producerId: 40,
      producerEpoch: 0,
      timestamp: 1,
      baseOffset: 7,
      leaderEpoch: 0,
    });
    kafka.segment('orders-0', 0, [batchAt(0, 2), batchAt(2, 3, producer)]);
    const producers = new ProducerState();
    producers.load(40, {
      epoch: 0,
      batches: [],
      lastSeenMs: 1,
      lastTimestamp: 1,
      coordinatorEpoch: 0,
      transactionFirstOffset: -1,
    });
    kafka.file(`orders-0/${'9'.padStart(20, '0')}.snapshot`, encodeProducerSnapshot(producers)!);
    kafka.segment('orders-0', 5, [batchAt(5, 2), abort, batchAt(8, 1, { ...producer, producerId: 41 })], 9);
    await kafka.write();
    const report = await run(disk);
    assert.match(report.notices.join('\n'), /the transaction of producer 41 is open since offset 8/);
    assert.equal((await imageOf(disk)).nextProducerId, 1000, 'no producer gets an id that is in the log');
    await withLog(disk, 'orders', 0, async (log) => {
      assert.deepEqual(await log.abortedTransactions(0, 9), [
        { producerId: 40, firstOffset: 2, lastOffset: 7, lastStableOffset: 8 },
      ]);
    });
  });

  it('keeps logs that compaction has left gaps in, and refuses a missing segment elsewhere', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('table', { configs: { 'cleanup.policy': 'compact' } });
    kafka.topic('orders');
    kafka.segment('table-0', 0, [batchAt(3, 1), batchAt(8, 2)]);
    kafka.segment('table-0', 20, [batchAt(25, 1)], 26);
    kafka.cleanedTo.set('table-0', 20);
    kafka.segment('orders-0', 0, [batchAt(0, 3)]);
    kafka.segment('orders-0', 10, [batchAt(10, 1)], 11);
    await kafka.write();
    await refused(disk, 'DAMAGED', /orders-0\/0{18}10\.log follows on offset 3/);
    await run(disk, { allowGaps: true });
    assert.deepEqual(await batchesOf(disk, 'table'), ['3-3', '8-9', '25-25']);
    assert.deepEqual(await batchesOf(disk, 'orders'), ['0-2', '10-10']);
  });

  it('cuts what Kafka was writing when it was killed, in the copy, and nothing that had been durable', async () => {
    const torn = batchAt(10, 4).subarray(0, 70);
    for (const tail of [torn, new Uint8Array(300), Buffer.alloc(200, 0xab)]) {
      const disk = new SimulatedDisk();
      const kafka = new KafkaFolder(disk);
      kafka.topic('orders');
      kafka.segment('orders-0', 0, [batchAt(0, 10), tail]);
      kafka.recoveryPoints.set('orders-0', 10);
      await kafka.write(false);
      const report = await run(disk);
      assert.match(report.notices.join('\n'), /cut at byte \d+ of \d+ \(offset 10\)/);
      assert.deepEqual(await batchesOf(disk, 'orders'), ['0-9']);
    }
  });

  it('refuses damage: below the recovery point, and anywhere after an orderly stop', async () => {
    for (const clean of [true, false]) {
      const disk = new SimulatedDisk();
      const kafka = new KafkaFolder(disk);
      kafka.topic('orders');
      const bad = Buffer.from(batchAt(5, 5));
      bad[70]! ^= 1;
      kafka.segment('orders-0', 0, [batchAt(0, 5), bad, batchAt(10, 1)], 11);
      await kafka.write(clean);
      await refused(disk, 'DAMAGED', /orders-0\/0{20}\.log is damaged at byte \d+: the checksum/);
    }
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.segment('orders-0', 0, [batchAt(0, 5)], 9);
    await kafka.write();
    await refused(disk, 'DAMAGED', /ends at offset 5, but Kafka noted 9/);
  });

  it('refuses old message formats and remote storage by name', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    // offset 0, size 14, CRC-32 of the rest, magic 0, no attributes, null key, null value.
    const old = Buffer.from('00000000000000000000000e00000000000000ffffffffffffffff'.slice(0, 52), 'hex');
    const { crc32 } = await import('node:zlib');
    old.writeUInt32BE(crc32(old.subarray(16)), 12);
    kafka.segment('orders-0', 0, [old], 1);
    await kafka.write();
    await refused(disk, 'UNSUPPORTED', /orders-0\/0{20}\.log holds a batch of message format v0 or v1/);

    const other = new SimulatedDisk();
    const remote = new KafkaFolder(other);
    remote.topic('tiered', { configs: { 'remote.storage.enable': 'true' } });
    await remote.write();
    await refused(other, 'UNSUPPORTED', /tiered has part of its records in remote storage/);
  });

  it('leaves out what is no partition, or none any more', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.segment('orders-0', 0, [batchAt(0, 5)], 5);
    const hex = 'ab'.repeat(16);
    for (const state of ['delete', 'future', 'stray'])
      kafka.segment(`orders-0.${hex}-${state}`, 0, [batchAt(0, 9)]);
    kafka.file(`orders-0/${'0'.repeat(20)}.log.deleted`, 'x');
    kafka.file(`orders-0/${'0'.repeat(20)}.log.cleaned`, 'x');
    kafka.folder('gone-0', topicIdOf('gone'));
    kafka.segment('gone-0', 0, [batchAt(0, 1)]);
    kafka.topic('__share_group_state');
    kafka.record(Uint8Array.of(1, 18, 0));
    await kafka.write();
    const report = await run(disk);
    const notices = report.notices.join('\n');
    assert.deepEqual(
      report.topics.map((topic) => topic.name),
      ['orders'],
    );
    for (const wanted of [
      /-delete is left out/,
      /-future is left/,
      /-stray is left/,
      /gone-0 is left out/,
      /share groups begin anew/,
      /1 x ACL/,
    ])
      assert.match(notices, wanted);
    assert.deepEqual(await batchesOf(disk, 'orders'), ['0-4']);
  });

  it('refuses a compaction that was not finished', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.segment('orders-0', 0, [batchAt(0, 5)], 5);
    kafka.file(`orders-0/${'0'.repeat(20)}.log.swap`, 'x');
    await kafka.write();
    await refused(disk, 'DAMAGED', /\.swap: Kafka died/);
  });

  it('takes partitions from several directories, and says what is in none of them', async () => {
    const disk = new SimulatedDisk();
    const one = new KafkaFolder(disk, '/kafka/one', 1);
    one.topic('orders', { partitions: 3, replicas: [2, 1] }, [0, 1]);
    one.segment('orders-0', 0, [batchAt(0, 5)], 5);
    one.segment('orders-1', 0, [batchAt(0, 3)], 3);
    await one.write();
    const two = new KafkaFolder(disk, '/kafka/two', 2);
    two.folder('orders-1', topicIdOf('orders'));
    two.segment('orders-1', 0, [batchAt(0, 4)], 4);
    two.folder('orders-2', topicIdOf('orders'));
    two.segment('orders-2', 0, [batchAt(0, 6)], 6);
    await two.write();
    const first = { from: ['/kafka/one'] };
    await refused(disk, 'INCOMPLETE', /1 of the 3 partitions of orders \(2\) .* on nodes 1, 2/, first);
    await run(disk, { from: ['/kafka/one', '/kafka/two'] });
    assert.deepEqual(await batchesOf(disk, 'orders', 1), ['0-3'], "the leader's copy");
    assert.deepEqual(await batchesOf(disk, 'orders', 2), ['0-5']);

    const other = disk;
    await other.removeTree(DATA);
    await run(other, { ...first, allowMissing: true });
    assert.deepEqual(await batchesOf(other, 'orders', 2), []);
  });

  it('reads a node that used ZooKeeper: topics by their folders', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.file('meta.properties', `version=0\nbroker.id=3\ncluster.id=${CLUSTER_ID}\n`);
    for (const name of ['orders-0', 'orders-1', 'table-0']) {
      kafka.folder(name, topicIdOf(name.slice(0, -2)));
      kafka.segment(name, 0, [batchAt(0, 2)], 2);
    }
    kafka.cleanedTo.set('table-0', 0);
    await kafka.write();
    const report = await run(disk);
    assert.match(report.notices.join('\n'), /settings of topics were in ZooKeeper/);
    const image = await imageOf(disk);
    assert.equal(image.topics.get('orders')?.partitions.length, 2);
    assert.equal(image.topicConfigs.get('table')?.get('cleanup.policy'), 'compact');
    assert.deepEqual(await batchesOf(disk, 'orders', 1), ['0-1']);
  });

  it('links closed segments and copies the newest, which Kafka would write on in', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.segment('orders-0', 0, [batchAt(0, 5)]);
    kafka.segment('orders-0', 5, [batchAt(5, 5)], 10);
    await kafka.write();
    await run(disk, { link: true });
    assert.deepEqual(await batchesOf(disk, 'orders'), ['0-4', '5-9']);
    const write = async (name: string): Promise<void> => {
      const file = await disk.open(`${KAFKA}/orders-0/${name}.log`, { mode: 'write' });
      await file.write([Uint8Array.of(0x77)], 80);
      await file.close();
    };
    const byteOf = async (name: string): Promise<number | undefined> => {
      const file = await disk.open(`${DATA}/logs/orders-0/${name}.log`, { mode: 'read' });
      const bytes = new Uint8Array(1);
      await file.read(bytes, 80);
      await file.close();
      return bytes[0];
    };
    for (const name of ['00000000000000000000', '00000000000000000005']) await write(name);
    assert.equal(await byteOf('00000000000000000000'), 0x77, 'the same file');
    assert.notEqual(await byteOf('00000000000000000005'), 0x77, 'a copy');
  });

  it('only looks with dryRun', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.segment('orders-0', 0, [batchAt(0, 5)], 5);
    await kafka.write();
    const report = await run(disk, { dryRun: true });
    assert.equal(report.topics[0]?.offsets, 5);
    assert.equal(await disk.exists(DATA), false);
  });

  it('refuses a source that runs, or is none', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.file('.lock', '');
    await kafka.write();
    const lock = await disk.lock(`${KAFKA}/.lock`);
    await refused(disk, 'RUNNING', /Kafka runs\. Stop it first/);
    await lock.release();
    await run(disk, { dryRun: true });
    await refused(disk, 'SOURCE', /has no meta\.properties/, { from: ['/kafka'] });
    await refused(disk, 'SOURCE', /no such folder/, { from: ['/kafka/none'] });
    await refused(disk, 'TARGET', /lie within each other/, { data: `${KAFKA}/moldau` });
  });

  it('refuses a target in use, or with a topic of that name, and leaves its topics alone', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders');
    kafka.topic('other');
    kafka.segment('orders-0', 0, [batchAt(0, 5)], 5);
    kafka.segment('other-0', 0, [batchAt(0, 2)], 2);
    await kafka.write();
    const folder = await openDataFolder(disk, DATA);
    await assert.rejects(run(disk), (error) => error instanceof DataFolderError && error.code === 'LOCKED');
    await folder.release();
    await run(disk, { topics: ['orders'] });
    await assert.rejects(run(disk), /has a topic orders already/);
    await run(disk, { topics: ['oth*'] });
    assert.deepEqual(await batchesOf(disk, 'orders'), ['0-4']);
    assert.deepEqual(await batchesOf(disk, 'other'), ['0-1']);
  });

  it('follows the controllers: a topic made anew, settings removed', async () => {
    const disk = new SimulatedDisk();
    const kafka = new KafkaFolder(disk);
    kafka.topic('orders', { configs: { 'retention.ms': '5', 'retention.bytes': '7' } });
    kafka.record(
      writeMetadataRecord(
        'ConfigRecord',
        newConfigRecord({ resourceType: 2, resourceName: 'orders', name: 'retention.ms', value: null }),
      ),
    );
    // A transaction of the controllers that was aborted: 23 begins, 25 aborts.
    kafka.record(Uint8Array.of(1, 23, 0));
    kafka.topic('never', {}, []);
    kafka.record(Uint8Array.of(1, 25, 0));
    kafka.folder('orders-0', topicIdOf('earlier'));
    kafka.segment('orders-0', 0, [batchAt(0, 2)], 2);
    await kafka.write();
    await refused(disk, 'INCOMPLETE', /1 of the 1 partitions of orders/);
    const report = await run(disk, { allowMissing: true });
    assert.match(report.notices.join('\n'), /an earlier topic of that name/);
    const image = await imageOf(disk);
    assert.deepEqual([...image.topics.keys()], ['orders']);
    assert.deepEqual([...image.topicConfigs.get('orders')!], [['retention.bytes', '7']]);
  });
});
