import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  offsetForLeaderEpochRequest,
  offsetForLeaderEpochResponse,
} from '@moldau/protocol/generated/offset-for-leader-epoch.ts';
import { ask } from '../testing/ask.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, produce } from '../testing/calls.ts';
import { simulate } from '../testing/simulated-cluster.ts';

test('the epoch in force reaches to the high watermark; later ones are not known; claims are fenced', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await produce(client, 'topic', batchOf(['a', 'b']));
    const endOf = async (leaderEpoch: number, currentLeaderEpoch = -1, topic = 'topic') => {
      const topics = [{ topic, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }];
      const answer = await ask(client, offsetForLeaderEpochRequest, offsetForLeaderEpochResponse, {
        replicaId: -1,
        topics,
      });
      const { errorCode, leaderEpoch: epoch, endOffset } = answer.topics[0]!.partitions[0]!;
      return [errorCode, epoch, endOffset];
    };
    assert.deepEqual(await endOf(0), [ErrorCode.NONE, 0, 2]);
    assert.deepEqual(await endOf(0, 0), [ErrorCode.NONE, 0, 2]);
    assert.deepEqual(await endOf(7), [ErrorCode.NONE, -1, -1]);
    assert.deepEqual(await endOf(0, 1), [ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1]);
    assert.deepEqual(await endOf(0, -1, 'none'), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1]);
  }));
