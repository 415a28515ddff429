// Client telemetry through the wire (KIP-714): subscriptions set by an administrator reach the client that matches, and what it pushes can be read.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, errorName } from '@moldau/protocol';
import { codecId, type CodecName } from '@moldau/protocol/compression/codec.ts';
import { compress } from '@moldau/protocol/compression/compression.ts';
import { apiVersionsRequest, apiVersionsResponse } from '@moldau/protocol/generated/api-versions.ts';
import {
  getTelemetrySubscriptionsRequest,
  getTelemetrySubscriptionsResponse,
} from '@moldau/protocol/generated/get-telemetry-subscriptions.ts';
import {
  listConfigResourcesRequest,
  listConfigResourcesResponse,
} from '@moldau/protocol/generated/list-config-resources.ts';
import { pushTelemetryRequest, pushTelemetryResponse } from '@moldau/protocol/generated/push-telemetry.ts';
import { uuidToString } from '@moldau/protocol/uuid.ts';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { ask } from '../testing/ask.ts';
import { configOf, setConfig } from '../testing/config-calls.ts';
import { metricsData, type MetricToPush } from '../testing/otlp-message.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const subscription = (resourceName: string) => ({
  resourceType: ConfigResourceType.CLIENT_METRICS,
  resourceName,
});
const INTERVAL_MS = 1000;
const NEW_CLIENT: Uint8Array = new Uint8Array(16);

const subscriptionsOf = (client: SimulatedClient, clientInstanceId = NEW_CLIENT) =>
  ask(client, getTelemetrySubscriptionsRequest, getTelemetrySubscriptionsResponse, { clientInstanceId });

interface PushOptions {
  readonly compression?: CodecName;
  readonly terminating?: boolean;
  readonly bytes?: Uint8Array;
}

async function push(
  client: SimulatedClient,
  { clientInstanceId, subscriptionId }: { clientInstanceId: Uint8Array; subscriptionId: number },
  metrics: readonly MetricToPush[],
  { compression = 'none', terminating = false, bytes = metricsData(...metrics) }: PushOptions = {},
): Promise<string> {
  const answer = await ask(client, pushTelemetryRequest, pushTelemetryResponse, {
    clientInstanceId,
    subscriptionId,
    terminating,
    compressionType: codecId(compression),
    metrics: compress(compression, bytes),
  });
  return errorName(answer.errorCode);
}

async function subscribe(client: SimulatedClient, name: string, configs: Readonly<Record<string, string>>) {
  for (const [key, value] of Object.entries(configs))
    assert.equal(await setConfig(client, subscription(name), key, value), ErrorCode.NONE);
}

test('a client that no subscription matches is asked for nothing', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const nothing = await subscriptionsOf(client);
    assert.equal(nothing.errorCode, ErrorCode.NONE);
    assert.deepEqual([nothing.requestedMetrics, nothing.pushIntervalMs], [[], 300_000]);
    assert.deepEqual(nothing.acceptedCompressionTypes, [4, 3, 1, 2]);
    await subscribe(client, 's', { metrics: '*', match: 'client_software_name=librdkafka' });
    assert.deepEqual((await subscriptionsOf(client, nothing.clientInstanceId)).requestedMetrics, []);
  }));

test('one that matches is told so at once, pushes, and what it pushed can be read', () =>
  simulate({ brokers: 3 }, async (cluster) => {
    const client = await cluster.connect();
    await ask(client, apiVersionsRequest, apiVersionsResponse, {
      clientSoftwareName: 'librdkafka',
      clientSoftwareVersion: '2.8',
    });
    const before = await subscriptionsOf(client);
    await subscribe(client, 's', {
      metrics: 'org.a.,org.b.',
      match: 'client_software_name=librd.*,client_source_address=client',
      'interval.ms': String(INTERVAL_MS),
    });
    const asked = await subscriptionsOf(client, before.clientInstanceId);
    assert.deepEqual(asked.requestedMetrics, ['org.a.', 'org.b.']);
    assert.equal(asked.pushIntervalMs, INTERVAL_MS);
    assert.notEqual(asked.subscriptionId, before.subscriptionId);
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const metrics = [{ name: 'org.a.sent', kind: 'delta', value: 2, attributes: { node: '1' } }] as const;
      assert.equal(await push(client, asked, metrics, { compression }), 'NONE', compression);
      await cluster.sleep(INTERVAL_MS);
    }
    const [pushed, ...others] = cluster.running.clientMetrics.read(cluster.now());
    assert.equal(others.length, 0);
    assert.equal(pushed!.client.client_instance_id, uuidToString(asked.clientInstanceId));
    assert.equal(pushed!.client.client_software_version, '2.8');
    assert.deepEqual(pushed!.values, [
      { name: 'org.a.sent', attributes: [['node', '1']], kind: 'total', value: 10 },
    ]);
    await cluster.sleep(10 * INTERVAL_MS);
    assert.deepEqual(cluster.running.clientMetrics.read(cluster.now()), []);
  }));

test('what must not be pushed is refused, and nothing of it is kept', () =>
  simulate({ settings: ['telemetry.max.bytes=100'] }, async (cluster) => {
    const client = await cluster.connect();
    await subscribe(client, 's', { metrics: '*', 'interval.ms': String(INTERVAL_MS) });
    const reserved = { clientInstanceId: NEW_CLIENT, subscriptionId: 0 };
    assert.equal(await push(client, reserved, []), 'INVALID_REQUEST');
    const asked = await subscriptionsOf(client);
    const gauge = [{ name: 'g', kind: 'gauge', value: 1 }] as const;
    const other = { ...asked, subscriptionId: asked.subscriptionId + 1 };
    assert.equal(await push(client, other, gauge), 'UNKNOWN_SUBSCRIPTION_ID');
    assert.equal((await subscriptionsOf(client, asked.clientInstanceId)).errorCode, ErrorCode.NONE);
    assert.equal(await push(client, asked, gauge, { bytes: new Uint8Array(101) }), 'TELEMETRY_TOO_LARGE');
    assert.equal(await push(client, asked, gauge), 'THROTTLING_QUOTA_EXCEEDED');
    await cluster.sleep(INTERVAL_MS);
    assert.equal(await push(client, asked, gauge, { bytes: Buffer.from('nonsense') }), 'INVALID_RECORD');
    assert.deepEqual(cluster.running.clientMetrics.read(cluster.now()), []);
    assert.equal(await push(client, asked, gauge, { terminating: true }), 'NONE');
    assert.equal(cluster.running.clientMetrics.read(cluster.now()).length, 1);
    await cluster.sleep(INTERVAL_MS);
    assert.equal(await push(client, asked, gauge, { terminating: true }), 'INVALID_REQUEST');
  }));

test('a client that comes back over another connection may ask at once; over the same one it waits', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await subscribe(client, 's', { metrics: '*' });
    const { clientInstanceId } = await subscriptionsOf(client);
    const again = await subscriptionsOf(client, clientInstanceId);
    assert.equal(errorName(again.errorCode), 'THROTTLING_QUOTA_EXCEEDED');
    client.disconnect();
    await cluster.sleep(100);
    assert.equal(
      (await subscriptionsOf(await cluster.connect(), clientInstanceId)).errorCode,
      ErrorCode.NONE,
    );
  }));

test('subscriptions are listed, described and kept over a power cut; one without settings is gone', () =>
  simulate({}, async (cluster) => {
    await subscribe(await cluster.connect(), 'a', { 'interval.ms': '200' });
    await subscribe(await cluster.connect(), 'b', { metrics: '*' });
    cluster.powerCut();
    await cluster.start();
    const client = await cluster.connect();
    const listed = async (version: number) =>
      (
        await ask(client, listConfigResourcesRequest, listConfigResourcesResponse, {}, version)
      ).configResources.filter(
        ({ resourceType }) => version === 0 || resourceType === ConfigResourceType.CLIENT_METRICS,
      );
    for (const version of [0, 1])
      assert.deepEqual(
        (await listed(version)).map(({ resourceName }) => resourceName),
        ['a', 'b'],
      );
    assert.deepEqual(await configOf(client, subscription('a'), 'interval.ms'), ['200', 7]);
    assert.deepEqual(await configOf(client, subscription('b'), 'interval.ms'), ['300000', 5]);
    assert.equal(await setConfig(client, subscription('a'), 'interval.ms', null), ErrorCode.NONE);
    assert.deepEqual(
      (await listed(1)).map(({ resourceName }) => resourceName),
      ['b'],
    );
  }));
