import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  newPartitionProduceData,
  newProduceRequest,
  newTopicProduceData,
  produceRequest,
  produceResponse,
} from '@moldau/protocol/generated/produce.ts';
import { BATCH_CRC_AT, batchTimestampType } from '@moldau/protocol/records/batch-header.ts';
import { batchOf, inOnePiece, sequenced, SOME_TIME } from '../testing/batches.ts';
import {
  createTopic,
  describeTopic,
  fetch,
  leaderOf,
  newProducerId,
  produce,
  produceTo,
  readAll,
  PRODUCE_BY_NAME,
} from '../testing/calls.ts';
import { findCoordinator } from '../testing/group-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';

/** A cluster of one broker with a topic of one partition. */
function withTopic(
  configs: Record<string, string>,
  body: (client: SimulatedClient, cluster: SimulatedCluster) => Promise<void>,
): Promise<void> {
  return simulate({}, async (cluster) => {
    const client = await cluster.connect();
    assert.equal((await createTopic(client, 'topic', 1, configs)).errorCode, ErrorCode.NONE);
    await body(client, cluster);
  });
}

const values = async (client: SimulatedClient): Promise<string[]> =>
  (await readAll(client, 'topic')).map(({ value }) => value);

test('acks 1 and all are answered with the offset of the first record, once it is durable', () =>
  withTopic({}, async (client, cluster) => {
    for (const [i, acks] of [1, -1].entries()) {
      const answer = await produce(client, 'topic', batchOf(['a', 'b']), { acks });
      assert.deepEqual(
        [answer.errorCode, answer.baseOffset, answer.logAppendTimeMs, answer.logStartOffset],
        [ErrorCode.NONE, 2 * i, -1, 0],
      );
      cluster.powerCut();
      await cluster.start();
      client = await cluster.connect();
      assert.equal((await values(client)).length, 2 * (i + 1));
    }
  }));

test('acks 0 is not answered, and the next request is', () =>
  withTopic({}, async (client) => {
    client.send(produceRequest, produceTo('topic', 0, batchOf(['silent']), 0), PRODUCE_BY_NAME);
    client.send(produceRequest, produceTo('none', 0, batchOf(['refused']), 0), PRODUCE_BY_NAME);
    assert.equal((await produce(client, 'topic', batchOf(['loud']))).baseOffset, 1);
    assert.deepEqual(await values(client), ['silent', 'loud']);
  }));

test('other acks are refused', () =>
  withTopic({}, async (client) => {
    for (const acks of [2, -2])
      assert.equal(
        (await produce(client, 'topic', batchOf(['a']), { acks })).errorCode,
        ErrorCode.INVALID_REQUIRED_ACKS,
      );
    assert.deepEqual(await values(client), []);
  }));

test('requests sent without waiting are appended and answered in order', () =>
  withTopic({}, async (client) => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => produce(client, 'topic', batchOf([`${i}`]))),
    );
    assert.deepEqual(
      answers.map(({ baseOffset }) => baseOffset),
      [...answers.keys()],
    );
    assert.deepEqual(
      await values(client),
      answers.map((_, i) => `${i}`),
    );
  }));

test('a repeated batch of an idempotent producer is answered with its first offset and not stored again, after a power cut too', () =>
  withTopic({}, async (client, cluster) => {
    const id = await newProducerId(client);
    for (let i = 0; i < 5; i++)
      assert.equal((await produce(client, 'topic', sequenced(['x', 'y'], id, 2 * i))).baseOffset, 2 * i);
    for (let i = 0; i < 5; i++)
      assert.deepEqual(pick(await produce(client, 'topic', sequenced(['x', 'y'], id, 2 * i))), [
        ErrorCode.NONE,
        2 * i,
      ]);
    cluster.powerCut();
    await cluster.start();
    client = await cluster.connect();
    for (let i = 0; i < 5; i++)
      assert.deepEqual(pick(await produce(client, 'topic', sequenced(['x', 'y'], id, 2 * i))), [
        ErrorCode.NONE,
        2 * i,
      ]);
    assert.equal((await values(client)).length, 10);
  }));

test('a batch and its repetition sent at once are answered together, when the first is durable', () =>
  withTopic({}, async (client, cluster) => {
    const id = await newProducerId(client);
    const other = await cluster.connect();
    cluster.disk.faults.slowDown(100);
    let durable = false;
    const first = produce(client, 'topic', sequenced(['x'], id, 0)).finally(() => (durable = true));
    await cluster.sleep(2);
    const again = await produce(other, 'topic', sequenced(['x'], id, 0));
    await cluster.sleep(2);
    assert.deepEqual([pick(again), durable], [[ErrorCode.NONE, 0], true]);
    assert.equal((await first).baseOffset, 0);
    cluster.disk.faults.clear();
    assert.deepEqual(await values(client), ['x']);
  }));

test('a batch with one missing before it, an older epoch, and a new epoch not from 0 are refused; then things go on', () =>
  withTopic({}, async (client) => {
    const id = await newProducerId(client);
    await produce(client, 'topic', sequenced(['a'], id, 0));
    assert.equal(
      (await produce(client, 'topic', sequenced(['c'], id, 2))).errorCode,
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    );
    assert.equal((await produce(client, 'topic', sequenced(['b'], id, 1))).baseOffset, 1);
    assert.equal(
      (await produce(client, 'topic', sequenced(['n'], id, 5, 1))).errorCode,
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    );
    assert.equal((await produce(client, 'topic', sequenced(['n'], id, 0, 1))).baseOffset, 2);
    assert.equal(
      (await produce(client, 'topic', sequenced(['o'], id, 2, 0))).errorCode,
      ErrorCode.INVALID_PRODUCER_EPOCH,
    );
    assert.deepEqual(await values(client), ['a', 'b', 'n']);
  }));

test('of a pipeline whose first batch is refused, no later sequence gets in', () =>
  withTopic({ 'max.message.bytes': '200' }, async (client) => {
    const id = await newProducerId(client);
    const [large, next] = await Promise.all([
      produce(client, 'topic', sequenced(['x'.repeat(300)], id, 0)),
      produce(client, 'topic', sequenced(['ok'], id, 1)),
    ]);
    assert.equal(large.errorCode, ErrorCode.MESSAGE_TOO_LARGE);
    // Kafka lets a producer that it does not know begin anywhere; so the second is taken.
    assert.equal(next.errorCode, ErrorCode.NONE);
  }));

test('damaged, doubled, empty, oversized and foreign batches are refused with a reason, and nothing of them is kept', () =>
  withTopic({ 'max.message.bytes': '1000' }, async (client) => {
    const one = batchOf(['a']);
    const damaged = batchOf(['a']);
    damaged[damaged.length - 1]! ^= 1;
    const crc = batchOf(['a']);
    crc[BATCH_CRC_AT]! ^= 1;
    const cases: [string, Uint8Array | null, ErrorCode][] = [
      ['damaged value', damaged, ErrorCode.CORRUPT_MESSAGE],
      ['damaged CRC', crc, ErrorCode.CORRUPT_MESSAGE],
      ['two batches', Buffer.concat([one, one]), ErrorCode.INVALID_RECORD],
      ['no bytes', new Uint8Array(0), ErrorCode.INVALID_RECORD],
      ['null', null, ErrorCode.INVALID_RECORD],
      ['too large', batchOf(['x'.repeat(1000)]), ErrorCode.MESSAGE_TOO_LARGE],
      ['half a batch', one.subarray(0, 40), ErrorCode.INVALID_RECORD],
      [
        'control batch',
        batchOf(['a'], { control: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
        ErrorCode.INVALID_RECORD,
      ],
      [
        'timestamp type of the log',
        batchOf(['a'], { logAppendTime: SOME_TIME }),
        ErrorCode.INVALID_TIMESTAMP,
      ],
    ];
    for (const [what, records, error] of cases) {
      const answer = await produce(client, 'topic', records);
      assert.deepEqual([what, answer.errorCode, answer.baseOffset], [what, error, -1]);
      assert.ok((answer.errorMessage ?? '').length > 10, what);
    }
    assert.deepEqual(await values(client), []);
  }));

test('with LogAppendTime the broker stamps the batch, says so, and repeats the stamp to a duplicate', () =>
  withTopic({ 'message.timestamp.type': 'LogAppendTime' }, async (client, cluster) => {
    const id = await newProducerId(client);
    const before = cluster.now();
    const answer = await produce(client, 'topic', sequenced(['a'], id, 0));
    assert.ok(answer.logAppendTimeMs >= before && answer.logAppendTimeMs <= cluster.now());
    const data = await fetch(client, 'topic', 0);
    assert.equal(batchTimestampType(inOnePiece(data.records), 0), 'LogAppendTime');
    assert.equal((await readAll(client, 'topic'))[0]!.timestamp, answer.logAppendTimeMs);
    await cluster.sleep(50);
    assert.equal(
      (await produce(client, 'topic', sequenced(['a'], id, 0))).logAppendTimeMs,
      answer.logAppendTimeMs,
    );
  }));

test('timestamps beyond the bounds of the topic are refused, of single records within a batch too', () =>
  withTopic(
    { 'message.timestamp.before.max.ms': '1000', 'message.timestamp.after.max.ms': '2000' },
    async (client, cluster) => {
      const at = (...offsets: number[]) =>
        batchOf(offsets.map(String), { timestamps: offsets.map((offset) => cluster.now() + offset) });
      for (const offsets of [[-1500], [2500], [0, -1500, 0], [0, 2500]]) {
        assert.deepEqual(
          [offsets, (await produce(client, 'topic', at(...offsets))).errorCode],
          [offsets, ErrorCode.INVALID_TIMESTAMP],
        );
      }
      assert.equal((await produce(client, 'topic', at(-900, 1900))).errorCode, ErrorCode.NONE);
    },
  ));

test('a compacted topic takes only records with keys', () =>
  withTopic({ 'cleanup.policy': 'compact' }, async (client) => {
    assert.equal((await produce(client, 'topic', batchOf(['a']))).errorCode, ErrorCode.INVALID_RECORD);
    assert.equal(
      (await produce(client, 'topic', batchOf(['a', 'b'], { keys: ['k'] }))).errorCode,
      ErrorCode.INVALID_RECORD,
    );
    assert.equal((await produce(client, 'topic', batchOf(['a'], { keys: ['k'] }))).errorCode, ErrorCode.NONE);
  }));

test('the records that are to blame for a refusal are named, in versions that can', () =>
  withTopic(
    {
      'cleanup.policy': 'compact',
      'message.timestamp.before.max.ms': '1000',
      'message.timestamp.after.max.ms': '2000',
    },
    async (client, cluster) => {
      const keys: string[] = [];
      keys[0] = 'k';
      keys[2] = 'k';
      keys[4] = 'k';
      const now = cluster.now();
      const answer = await produce(
        client,
        'topic',
        batchOf(['a', 'b', 'c', 'd', 'e'], { keys, timestamps: Array.from({ length: 5 }, () => now) }),
      );
      assert.equal(answer.errorCode, ErrorCode.INVALID_RECORD);
      assert.match(answer.errorMessage ?? '', /^2 of the records .* with a key/);
      assert.deepEqual(
        answer.recordErrors.map(({ batchIndex }) => batchIndex),
        [1, 3],
      );
      assert.match(answer.recordErrors[0]!.batchIndexErrorMessage ?? '', /with a key/);
      const late = await produce(
        client,
        'topic',
        batchOf(['a', 'b', 'c', 'd', 'e'], { keys, timestamps: [now, now, now + 5000, now, now - 5000] }),
      );
      assert.equal(late.errorCode, ErrorCode.INVALID_TIMESTAMP);
      assert.deepEqual(
        late.recordErrors.map(({ batchIndex }) => batchIndex),
        [1, 2, 3, 4],
      );
      const old = await produce(client, 'topic', batchOf(['a']), { version: 7 });
      assert.deepEqual([old.errorCode, old.recordErrors], [ErrorCode.INVALID_RECORD, []]);
    },
  ));

test('unknown topics, partitions and ids have errors of their own; a topic is not made by producing', () =>
  withTopic({}, async (client) => {
    assert.equal(
      (await produce(client, 'none', batchOf(['a']))).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal(
      (await produce(client, 'topic', batchOf(['a']), { partition: 1 })).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal(
      (await produce(client, 'topic', batchOf(['a']), { partition: -1 })).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal((await describeTopic(client, 'none')).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const { topicId } = await describeTopic(client, 'topic');
    for (const [id, error] of [
      [topicId, ErrorCode.NONE],
      [new Uint8Array(16).fill(9), ErrorCode.UNKNOWN_TOPIC_ID],
      [new Uint8Array(16), ErrorCode.UNKNOWN_TOPIC_ID],
    ] as const) {
      const partitionData = [newPartitionProduceData({ index: 0, records: batchOf(['by id']) })];
      const message = newProduceRequest({
        acks: -1,
        topicData: [newTopicProduceData({ topicId: id, partitionData })],
      });
      const answer = await client.request(produceRequest, produceResponse, message, 13);
      assert.equal(answer.responses[0]!.partitionResponses[0]!.errorCode, error);
      assert.deepEqual([...answer.responses[0]!.topicId], [...id]);
    }
  }));

test("one partition's refusal leaves the others of the request alone", () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 3);
    const damaged = batchOf(['bad']);
    damaged[damaged.length - 1]! ^= 1;
    const partitionData = [batchOf(['good']), damaged, batchOf(['good'])].map((records, index) =>
      newPartitionProduceData({ index, records }),
    );
    const message = newProduceRequest({
      acks: -1,
      topicData: [newTopicProduceData({ name: 'topic', partitionData })],
    });
    const answer = await client.request(produceRequest, produceResponse, message, PRODUCE_BY_NAME);
    const errors = answer.responses[0]!.partitionResponses.map(({ errorCode }) => errorCode);
    assert.deepEqual(errors, [ErrorCode.NONE, ErrorCode.CORRUPT_MESSAGE, ErrorCode.NONE]);
  }));

test('clients do not write to topics of the broker', () =>
  withTopic({}, async (client) => {
    await findCoordinator(client, 'g');
    assert.equal(
      (await produce(client, '__consumer_offsets', batchOf(['a'], { keys: ['k'] }))).errorCode,
      ErrorCode.INVALID_TOPIC_EXCEPTION,
    );
  }));

test('the wrong broker of three says who leads', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 1, {}, 3);
    const leader = await leaderOf(cluster, client, 'topic', 0);
    const { id } = cluster.running.brokers[leader]!;
    const wrong = await cluster.connect((leader + 1) % 3);
    const answer = await wrong.request(
      produceRequest,
      produceResponse,
      produceTo('topic', 0, batchOf(['a'])),
      PRODUCE_BY_NAME,
    );
    const partition = answer.responses[0]!.partitionResponses[0]!;
    assert.equal(partition.errorCode, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assert.deepEqual([partition.currentLeader.leaderId, partition.currentLeader.leaderEpoch], [id, 0]);
    assert.deepEqual(
      answer.nodeEndpoints.map(({ nodeId, port }) => [nodeId, port]),
      [[id, cluster.address(leader).port]],
    );
    assert.equal(
      (await produce(await cluster.connect(leader), 'topic', batchOf(['a']))).errorCode,
      ErrorCode.NONE,
    );
  }));

test('a full disk is KAFKA_STORAGE_ERROR; once there is space, everything goes on by itself', () =>
  withTopic({}, async (client, cluster) => {
    const id = await newProducerId(client);
    await produce(client, 'topic', sequenced(['before'], id, 0));
    cluster.disk.setCapacity(0);
    let failed = 0;
    const big = 'x'.repeat(700_000);
    let sequence = 1;
    // What the write-ahead log has allocated still takes a while to fill.
    while (failed === 0 && sequence < 500) {
      const answer = await produce(client, 'topic', sequenced([big], id, sequence));
      if (answer.errorCode === ErrorCode.NONE) sequence += 1;
      else {
        assert.equal(answer.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
        failed += 1;
      }
    }
    assert.equal(failed, 1);
    cluster.disk.setCapacity(2 ** 40);
    for (let tries = 0; tries < 100; tries++) {
      const answer = await produce(client, 'topic', sequenced(['after'], id, sequence));
      if (answer.errorCode === ErrorCode.NONE) break;
      assert.equal(answer.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
      await cluster.sleep(100);
    }
    const read = await values(client);
    assert.deepEqual([read.length, read[0], read.at(-1)], [sequence + 1, 'before', 'after']);
    assert.equal(cluster.fatal, undefined);
  }));

test('a commit that found no space leaves no trace: the same batches sent again are stored, each once', () =>
  withTopic({}, async (client, cluster) => {
    const id = await newProducerId(client);
    await produce(client, 'topic', sequenced(['a'], id, 0));
    for (const operation of ['write', 'resize'] as const)
      cluster.disk.faults.fail({ operation, path: '/logs', code: 'NO_SPACE', times: Infinity });
    const send = () =>
      Promise.all(['b', 'c'].map((value, i) => produce(client, 'topic', sequenced([value], id, 1 + i))));
    const refused = await send();
    assert.deepEqual(
      refused.map(({ errorCode }) => errorCode),
      [ErrorCode.KAFKA_STORAGE_ERROR, ErrorCode.KAFKA_STORAGE_ERROR],
    );
    cluster.disk.faults.clear();
    let answers = await send();
    for (
      let tries = 0;
      tries < 100 && answers.some(({ errorCode }) => errorCode !== ErrorCode.NONE);
      tries++
    ) {
      await cluster.sleep(100);
      answers = await send();
    }
    assert.deepEqual(answers.map(pick), [
      [ErrorCode.NONE, 1],
      [ErrorCode.NONE, 2],
    ]);
    assert.deepEqual(await values(client), ['a', 'b', 'c']);
    assert.equal(cluster.fatal, undefined);
  }));

test('a failed sync acknowledges nothing and stops the broker with the reason', () =>
  withTopic({}, async (client, cluster) => {
    await produce(client, 'topic', batchOf(['kept']));
    cluster.disk.faults.fail({ operation: 'sync', times: Infinity });
    const answer = await produce(client, 'topic', batchOf(['lost']));
    assert.equal(answer.errorCode, ErrorCode.KAFKA_STORAGE_ERROR);
    assert.match(cluster.fatal?.message ?? '', /sync/i);
    cluster.disk.faults.clear();
    cluster.powerCut();
    await cluster.start();
    assert.equal((await values(await cluster.connect()))[0], 'kept');
  }));

function pick(answer: { errorCode: number; baseOffset: number }): [number, number] {
  return [answer.errorCode, answer.baseOffset];
}

test('acks=all asks for as many replicas in sync as min.insync.replicas says; acks=1 does not', () =>
  withTopic({ 'min.insync.replicas': '2' }, async (client) => {
    const refused = await produce(client, 'topic', batchOf(['all']), { acks: -1 });
    assert.equal(refused.errorCode, ErrorCode.NOT_ENOUGH_REPLICAS);
    assert.equal((await produce(client, 'topic', batchOf(['one']), { acks: 1 })).errorCode, ErrorCode.NONE);
    assert.deepEqual(await values(client), ['one']);
  }));
