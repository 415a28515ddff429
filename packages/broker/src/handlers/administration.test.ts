// What administrators look at: DescribeCluster, DescribeTopicPartitions, DescribeLogDirs, DescribeProducers, ElectLeaders, ListPartitionReassignments.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import {
  describeClusterRequest,
  describeClusterResponse,
} from '@moldau/protocol/generated/describe-cluster.ts';
import {
  describeLogDirsRequest,
  describeLogDirsResponse,
} from '@moldau/protocol/generated/describe-log-dirs.ts';
import {
  describeProducersRequest,
  describeProducersResponse,
} from '@moldau/protocol/generated/describe-producers.ts';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
  newDescribeTopicPartitionsRequest,
} from '@moldau/protocol/generated/describe-topic-partitions.ts';
import { electLeadersRequest, electLeadersResponse } from '@moldau/protocol/generated/elect-leaders.ts';
import {
  listPartitionReassignmentsRequest,
  listPartitionReassignmentsResponse,
} from '@moldau/protocol/generated/list-partition-reassignments.ts';
import { ask } from '../testing/ask.ts';
import { batchOf, sequenced } from '../testing/batches.ts';
import { createTopic, describeTopic, leaderOf, newProducerId, produce } from '../testing/calls.ts';
import { simulate } from '../testing/simulated-cluster.ts';

test('DescribeCluster names every broker, and only brokers have endpoints here', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    const described = await ask(client, describeClusterRequest, describeClusterResponse, {});
    assert.equal(described.errorCode, ErrorCode.NONE);
    assert.deepEqual(
      described.brokers.map(({ port }) => port),
      [0, 1, 2].map((broker) => cluster.address(broker).port),
    );
    const endpoint = async (endpointType: number) =>
      (await ask(client, describeClusterRequest, describeClusterResponse, { endpointType })).errorCode;
    assert.equal(await endpoint(2), ErrorCode.MISMATCHED_ENDPOINT_TYPE);
    assert.equal(await endpoint(3), ErrorCode.UNSUPPORTED_ENDPOINT_TYPE);
  }));

test('DescribeTopicPartitions goes through all partitions by its cursor, each once', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    for (const [name, partitions] of [
      ['c', 3],
      ['a', 2],
      ['b', 1],
    ] as const)
      await createTopic(client, name, partitions);
    for (const responsePartitionLimit of [1, 2, 3, 4, 100]) {
      const seen: string[] = [];
      let cursor: { topicName: string; partitionIndex: number } | null = null;
      do {
        const message = newDescribeTopicPartitionsRequest({ responsePartitionLimit, cursor });
        const answer = await client.request(
          describeTopicPartitionsRequest,
          describeTopicPartitionsResponse,
          message,
        );
        seen.push(
          ...answer.topics.flatMap((topic) =>
            topic.partitions.map(({ partitionIndex }) => `${topic.name}${partitionIndex}`),
          ),
        );
        assert.ok(
          answer.topics.reduce((sum, topic) => sum + topic.partitions.length, 0) <= responsePartitionLimit,
        );
        cursor = answer.nextCursor;
      } while (cursor !== null);
      assert.deepEqual(seen, ['a0', 'a1', 'b0', 'c0', 'c1', 'c2'], `limit ${responsePartitionLimit}`);
    }
    const unknown = await ask(client, describeTopicPartitionsRequest, describeTopicPartitionsResponse, {
      topics: [{ name: 'none' }],
      responsePartitionLimit: 5,
      cursor: null,
    });
    assert.equal(unknown.topics[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }));

test('DescribeLogDirs tells the size of partitions and the space of the disk', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 2);
    await produce(client, 'topic', batchOf(['x'.repeat(5000)]));
    const { results } = await ask(client, describeLogDirsRequest, describeLogDirsResponse, {
      topics: [{ topic: 'topic', partitions: [0, 1] }],
    });
    const [dir] = results;
    assert.equal(dir!.totalBytes, 2 ** 40);
    assert.ok(dir!.usableBytes < dir!.totalBytes);
    const sizes = new Map(
      dir!.topics[0]!.partitions.map(({ partitionIndex, partitionSize }) => [partitionIndex, partitionSize]),
    );
    assert.equal(sizes.get(1), 0);
    assert.ok(sizes.get(0)! >= 5000);
  }));

test('DescribeLogDirs is answered before the first record, and says so when the disk does not tell', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const describe = async () =>
      (await ask(client, describeLogDirsRequest, describeLogDirsResponse, { topics: null })).results[0]!;
    const empty = await describe();
    assert.deepEqual([empty.errorCode, empty.totalBytes], [ErrorCode.NONE, 2 ** 40]);
    cluster.disk.faults.fail({ operation: 'metadata', times: 1 });
    const failed = await describe();
    assert.deepEqual([failed.errorCode, failed.totalBytes], [ErrorCode.KAFKA_STORAGE_ERROR, -1]);
    assert.equal((await describe()).errorCode, ErrorCode.NONE);
  }));

test('DescribeProducers tells the last sequence of each', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    const producerId = await newProducerId(client);
    await produce(client, 'topic', sequenced(['a', 'b', 'c'], producerId, 0));
    const topics = [{ name: 'topic', partitionIndexes: [0, 9] }];
    const { topics: found } = await ask(client, describeProducersRequest, describeProducersResponse, {
      topics,
    });
    const [known, unknown] = found[0]!.partitions;
    assert.deepEqual(
      known!.activeProducers.map((p) => [
        p.producerId,
        p.producerEpoch,
        p.lastSequence,
        p.currentTxnStartOffset,
      ]),
      [[producerId, 0, 2, -1]],
    );
    assert.equal(unknown!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }));

test('DescribeProducers is answered by every replica, and by no other broker', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 1, {}, 2);
    const [partition] = (await describeTopic(client, 'topic')).partitions;
    const leader = await leaderOf(cluster, client, 'topic', 0);
    const producerId = await newProducerId(client);
    await produce(await cluster.connect(leader), 'topic', sequenced(['a'], producerId, 0));
    for (const index of [0, 1, 2]) {
      const broker = await cluster.connect(index);
      const { topics } = await ask(broker, describeProducersRequest, describeProducersResponse, {
        topics: [{ name: 'topic', partitionIndexes: [0] }],
      });
      const { errorCode, activeProducers } = topics[0]!.partitions[0]!;
      const replica = partition!.replicaNodes.some((id) => cluster.indexOf(id) === index);
      assert.equal(errorCode, replica ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER, `broker ${index}`);
      assert.equal(activeProducers.length, replica ? 1 : 0);
    }
  }));

test('ElectLeaders finds nothing to do where the preferred leader leads', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 2, {}, 3);
    const topicPartitions = [
      { topic: 'topic', partitions: [0, 7] },
      { topic: 'none', partitions: [0] },
    ];
    const answer = await ask(client, electLeadersRequest, electLeadersResponse, {
      electionType: 0,
      topicPartitions,
      timeoutMs: 1000,
    });
    const errors = answer.replicaElectionResults.map(({ topic, partitionResult }) => [
      topic,
      partitionResult.map(({ errorCode }) => errorCode),
    ]);
    assert.deepEqual(errors, [
      ['topic', [ErrorCode.ELECTION_NOT_NEEDED, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]],
      ['none', [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]],
    ]);
    // All partitions, and none that is not led as preferred: nothing to report.
    assert.deepEqual(
      (
        await ask(client, electLeadersRequest, electLeadersResponse, {
          electionType: 0,
          topicPartitions: null,
          timeoutMs: 1000,
        })
      ).replicaElectionResults,
      [{ topic: 'topic', partitionResult: [] }],
    );
    const unknown = await ask(client, electLeadersRequest, electLeadersResponse, {
      electionType: 9,
      topicPartitions: [{ topic: 'topic', partitions: [0] }],
      timeoutMs: 1000,
    });
    assert.equal(unknown.errorCode, ErrorCode.INVALID_REQUEST);
    assert.deepEqual(
      unknown.replicaElectionResults.flatMap(({ partitionResult }) =>
        partitionResult.map((p) => p.errorMessage),
      ),
      ['Unknown election type 9'],
    );
  }));

test('no partition is ever on the move', () =>
  simulate({}, async (cluster) => {
    const answer = await ask(
      await cluster.connect(),
      listPartitionReassignmentsRequest,
      listPartitionReassignmentsResponse,
      { topics: null, timeoutMs: 1000 },
    );
    assert.deepEqual([answer.errorCode, answer.topics], [ErrorCode.NONE, []]);
  }));
