import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { deleteRecordsRequest, deleteRecordsResponse } from '@moldau/protocol/generated/delete-records.ts';
import { ask } from '../testing/ask.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, fetch, produce, readAll } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

async function deleteBefore(client: SimulatedClient, offset: number, topic = 'topic', partitionIndex = 0) {
  const topics = [{ name: topic, partitions: [{ partitionIndex, offset }] }];
  const answer = await ask(client, deleteRecordsRequest, deleteRecordsResponse, { topics, timeoutMs: 1000 });
  const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!;
  return [errorCode, lowWatermark];
}

test('the start moves up, never down, and stays there through a power cut; a consumer below it is out of range', () =>
  simulate({}, async (cluster) => {
    let client = await cluster.connect();
    await createTopic(client, 'topic');
    for (const value of ['a', 'b', 'c', 'd']) await produce(client, 'topic', batchOf([value]));
    assert.deepEqual(await deleteBefore(client, 2), [ErrorCode.NONE, 2]);
    assert.deepEqual(await deleteBefore(client, 1), [ErrorCode.NONE, 2]);
    cluster.powerCut();
    await cluster.start();
    client = await cluster.connect();
    const below = await fetch(client, 'topic', 1);
    assert.deepEqual([below.errorCode, below.logStartOffset], [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
    assert.deepEqual(
      (await readAll(client, 'topic')).map(({ offset, value }) => [offset, value]),
      [
        [2, 'c'],
        [3, 'd'],
      ],
    );
    assert.deepEqual(await deleteBefore(client, -1), [ErrorCode.NONE, 4]);
    assert.equal((await produce(client, 'topic', batchOf(['e']))).baseOffset, 4);
  }));

test('the start may lie within a batch', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await produce(client, 'topic', batchOf(['a', 'b', 'c']));
    assert.deepEqual(await deleteBefore(client, 1), [ErrorCode.NONE, 1]);
    assert.equal((await fetch(client, 'topic', 0)).errorCode, ErrorCode.OFFSET_OUT_OF_RANGE);
    // The batch comes whole: the client drops what lies before its offset.
    assert.ok((await fetch(client, 'topic', 1)).records!.length > 0);
  }));

test('offsets beyond the end, unknown partitions and topics that only compact are refused', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await createTopic(client, 'compacted', 1, { 'cleanup.policy': 'compact' });
    assert.deepEqual(await deleteBefore(client, 1), [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
    assert.deepEqual(await deleteBefore(client, -2), [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
    assert.deepEqual(await deleteBefore(client, 0, 'topic', 5), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1]);
    assert.deepEqual(await deleteBefore(client, 0, 'compacted'), [ErrorCode.POLICY_VIOLATION, -1]);
  }));
