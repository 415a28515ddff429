// Settings of a topic that are changed while it is written to: each acts on what comes next, without a restart. What the partition does
// with a setting is tested beside it; here it is that a change gets there.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { batchCodecId } from '@moldau/protocol/records/batch-header.ts';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { batchOf, inOnePiece } from '../testing/batches.ts';
import { createTopic, fetch, produce, readAll } from '../testing/calls.ts';
import { setConfig, topicResource } from '../testing/config-calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate, type SimulatedCluster } from '../testing/simulated-cluster.ts';

const TOPIC = topicResource('topic');
const ALL_BROKERS = { resourceType: ConfigResourceType.BROKER, resourceName: '' };
const CHECK_MS = 1000;

const withTopic = (
  body: (client: SimulatedClient, cluster: SimulatedCluster) => Promise<void>,
): Promise<void> =>
  simulate({ settings: [`log.retention.check.interval.ms=${CHECK_MS}`] }, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    await body(client, cluster);
  });

const set = async (client: SimulatedClient, name: string, value: string | null, resource = TOPIC) =>
  assert.equal(await setConfig(client, resource, name, value), ErrorCode.NONE);

/** A record stamped with the time of now. */
const recordOfNow = (cluster: SimulatedCluster, text: string): Uint8Array =>
  batchOf([text], { timestamps: [cluster.now()] });

const values = async (client: SimulatedClient): Promise<(string | null)[]> =>
  (await readAll(client, 'topic')).map(({ value }) => value);

test('min.insync.replicas', () =>
  withTopic(async (client) => {
    const all = async () => (await produce(client, 'topic', batchOf(['v']), { acks: -1 })).errorCode;
    assert.equal(await all(), ErrorCode.NONE);
    await set(client, 'min.insync.replicas', '2');
    assert.equal(await all(), ErrorCode.NOT_ENOUGH_REPLICAS);
    await set(client, 'min.insync.replicas', null);
    assert.equal(await all(), ErrorCode.NONE);
    await set(client, 'min.insync.replicas', '2', ALL_BROKERS);
    assert.equal(await all(), ErrorCode.NOT_ENOUGH_REPLICAS);
  }));

test('cleanup.policy: a topic that becomes compacted takes only records with keys', () =>
  withTopic(async (client) => {
    const keyless = async () => (await produce(client, 'topic', batchOf(['v']))).errorCode;
    assert.equal(await keyless(), ErrorCode.NONE);
    await set(client, 'cleanup.policy', 'compact');
    assert.equal(await keyless(), ErrorCode.INVALID_RECORD);
    await set(client, 'cleanup.policy', 'delete');
    assert.equal(await keyless(), ErrorCode.NONE);
  }));

for (const [name, resource] of [
  ['retention.ms', TOPIC],
  ['log.retention.ms', ALL_BROKERS],
] as const)
  test(`${name}: what is too old by the new measure goes`, () =>
    withTopic(async (client, cluster) => {
      await set(client, 'segment.ms', '1000');
      await produce(client, 'topic', recordOfNow(cluster, 'old'));
      await cluster.sleep(10 * CHECK_MS);
      await produce(client, 'topic', recordOfNow(cluster, 'new'));
      await cluster.sleep(3 * CHECK_MS);
      assert.deepEqual(await values(client), ['old', 'new']);
      await set(client, name, String(8 * CHECK_MS), resource);
      await cluster.sleep(3 * CHECK_MS);
      assert.deepEqual(await values(client), ['new']);
    }));

test('segment.bytes and retention.bytes: smaller segments from now on, and the oldest of them go', () =>
  withTopic(async (client, cluster) => {
    const write = async (count: number) => {
      for (let i = 0; i < count; i++)
        await produce(client, 'topic', recordOfNow(cluster, 'x'.repeat(600_000)));
    };
    await write(2);
    await set(client, 'retention.bytes', '1');
    await cluster.sleep(3 * CHECK_MS);
    // All in the active segment: nothing can go yet.
    assert.equal((await values(client)).length, 2);
    await set(client, 'segment.bytes', '1048576');
    await write(2);
    await cluster.sleep(3 * CHECK_MS);
    assert.ok((await values(client)).length < 3, `${(await values(client)).length} records are left`);
  }));

test('compression.type: batches are stored as the topic says', () =>
  withTopic(async (client) => {
    const stored = async (): Promise<number> => {
      const { baseOffset } = await produce(client, 'topic', batchOf(['v'.repeat(1000)]));
      return batchCodecId(inOnePiece((await fetch(client, 'topic', baseOffset)).records), 0);
    };
    assert.equal(await stored(), 0);
    await set(client, 'compression.type', 'gzip');
    assert.equal(await stored(), 1);
    await set(client, 'compression.type', 'producer');
    assert.equal(await stored(), 0);
  }));
