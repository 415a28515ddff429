// What administrators do to a cluster as a whole: features, brokers, the metadata quorum, the log level.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, errorName } from '@moldau/protocol';
import { apiVersionsRequest, apiVersionsResponse } from '@moldau/protocol/generated/api-versions.ts';
import { describeQuorumRequest, describeQuorumResponse } from '@moldau/protocol/generated/describe-quorum.ts';
import {
  unregisterBrokerRequest,
  unregisterBrokerResponse,
} from '@moldau/protocol/generated/unregister-broker.ts';
import { updateFeaturesRequest, updateFeaturesResponse } from '@moldau/protocol/generated/update-features.ts';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { ask } from '../testing/ask.ts';
import { createTopic } from '../testing/calls.ts';
import { configOf, setConfig } from '../testing/config-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const SAFE_DOWNGRADE = 2;

const versions = (client: SimulatedClient, version?: number) =>
  ask(
    client,
    apiVersionsRequest,
    apiVersionsResponse,
    { clientSoftwareName: 'test', clientSoftwareVersion: '1' },
    version,
  );

async function finalized(client: SimulatedClient) {
  const { finalizedFeatures, finalizedFeaturesEpoch } = await versions(client);
  const levels = finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel] as const);
  return { levels: new Map(levels), epoch: finalizedFeaturesEpoch };
}

test('features: what is supported and what holds; a change is seen at once and kept over a power cut', () =>
  simulate({}, async (cluster) => {
    let client = await cluster.connect();
    const start = await finalized(client);
    assert.deepEqual(
      start.levels,
      new Map([
        ['metadata.version', 30],
        ['transaction.version', 2],
      ]),
    );
    const lowered = await ask(client, updateFeaturesRequest, updateFeaturesResponse, {
      timeoutMs: 100,
      featureUpdates: [{ feature: 'transaction.version', maxVersionLevel: 1, upgradeType: SAFE_DOWNGRADE }],
    });
    assert.equal(lowered.errorCode, ErrorCode.NONE);
    const after = await finalized(client);
    assert.equal(after.levels.get('transaction.version'), 1);
    assert.ok(after.epoch > start.epoch);
    cluster.powerCut();
    await cluster.start();
    client = await cluster.connect();
    const restarted = await finalized(client);
    assert.equal(restarted.levels.get('transaction.version'), 1);
    assert.ok(restarted.epoch >= after.epoch);
  }));

test('features that begin at level 0 are not told to clients that would stop at them', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const supported = async (version: number) =>
      (await versions(client, version)).supportedFeatures.map(({ name }) => name);
    assert.deepEqual(await supported(4), ['metadata.version', 'transaction.version']);
    assert.deepEqual(await supported(3), ['metadata.version']);
  }));

test('the first version of UpdateFeatures says with a flag that a level may fall, and lists what it set', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const update = (allowDowngrade: boolean) =>
      ask(
        client,
        updateFeaturesRequest,
        updateFeaturesResponse,
        {
          timeoutMs: 100,
          featureUpdates: [{ feature: 'transaction.version', maxVersionLevel: 1, allowDowngrade }],
        },
        0,
      );
    assert.equal(errorName((await update(false)).errorCode), 'INVALID_UPDATE_VERSION');
    const { errorCode, results } = await update(true);
    assert.equal(errorCode, ErrorCode.NONE);
    assert.deepEqual(
      results.map(({ feature, errorCode: code }) => [feature, code]),
      [['transaction.version', ErrorCode.NONE]],
    );
  }));

test('the quorum: the first broker leads, the others observe, all are caught up; each start has its epoch', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const describe = async () => {
      const answer = await ask(await cluster.connect(2), describeQuorumRequest, describeQuorumResponse, {
        topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }],
      });
      return { partition: answer.topics[0]!.partitions[0]!, nodes: answer.nodes };
    };
    const { partition, nodes } = await describe();
    const [first, ...others] = cluster.running.brokers.map(({ id }) => id);
    assert.equal(partition.leaderId, first);
    assert.equal(partition.leaderEpoch, 1);
    assert.deepEqual(
      [partition.currentVoters, partition.observers].map((list) => list.map(({ replicaId }) => replicaId)),
      [[first], others],
    );
    for (const replica of [...partition.currentVoters, ...partition.observers])
      assert.equal(replica.logEndOffset, partition.highWatermark);
    assert.deepEqual(
      nodes.map(({ nodeId, listeners }) => [nodeId, listeners[0]!.port]),
      [[first, cluster.address(0).port]],
    );
    await createTopic(await cluster.connect(), 'topic');
    assert.ok((await describe()).partition.highWatermark > partition.highWatermark);
    cluster.powerCut();
    await cluster.start();
    assert.equal((await describe()).partition.leaderEpoch, 2);
  }));

test('the quorum keeps no other partition, and whoever asks for one gets no answer for any', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    for (const topics of [
      [{ topicName: 'topic', partitions: [{ partitionIndex: 0 }] }],
      [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] }],
    ]) {
      const answer = await ask(client, describeQuorumRequest, describeQuorumResponse, { topics });
      for (const { errorCode } of answer.topics[0]!.partitions)
        assert.equal(errorName(errorCode), 'UNKNOWN_TOPIC_OR_PARTITION');
    }
  }));

test('a broker that runs cannot be unregistered, nor one that never was', () =>
  simulate({ brokers: 2 }, async (cluster) => {
    const client = await cluster.connect();
    const unregister = async (brokerId: number) =>
      errorName(
        (await ask(client, unregisterBrokerRequest, unregisterBrokerResponse, { brokerId })).errorCode,
      );
    for (const { id } of cluster.running.brokers) assert.equal(await unregister(id), 'INVALID_REQUEST');
    assert.equal(await unregister(99), 'BROKER_ID_NOT_REGISTERED');
  }));

test('the log level can be seen and changed while the broker runs', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const logger = {
      resourceType: ConfigResourceType.BROKER_LOGGER,
      resourceName: String(cluster.running.brokers[0]!.id),
    };
    assert.deepEqual(await configOf(client, logger, 'root'), ['WARN', 6]);
    assert.equal(await setConfig(client, logger, 'root', 'ERROR'), ErrorCode.NONE);
    assert.deepEqual(await configOf(client, logger, 'root'), ['ERROR', 6]);
    assert.equal(errorName(await setConfig(client, logger, 'root', null)), 'INVALID_REQUEST');
  }));
