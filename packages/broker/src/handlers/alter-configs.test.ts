// Settings through the wire: described, changed while the broker runs, in effect at once and after a power cut.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode } from '@moldau/protocol';
import { alterConfigsRequest, alterConfigsResponse } from '@moldau/protocol/generated/alter-configs.ts';
import {
  describeConfigsRequest,
  describeConfigsResponse,
} from '@moldau/protocol/generated/describe-configs.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '@moldau/protocol/generated/incremental-alter-configs.ts';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { ask } from '../testing/ask.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, produce } from '../testing/calls.ts';
import type { SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const TOPIC = { resourceType: ConfigResourceType.TOPIC, resourceName: 'topic' };
const SET = 0;
const DELETE = 1;
const TOPIC_SOURCE = 1;
const DEFAULT_SOURCE = 5;

async function describe(
  client: SimulatedClient,
  resource: { resourceType: number; resourceName: string },
  name?: string,
) {
  const resources = [{ ...resource, configurationKeys: name === undefined ? null : [name] }];
  return (
    await ask(client, describeConfigsRequest, describeConfigsResponse, {
      resources,
      includeSynonyms: true,
      includeDocumentation: true,
    })
  ).results[0]!;
}

async function setting(client: SimulatedClient, name: string): Promise<[string | null, number]> {
  const { configs } = await describe(client, TOPIC, name);
  return [configs[0]!.value, configs[0]!.configSource];
}

async function alter(
  client: SimulatedClient,
  name: string,
  configOperation: number,
  value: string | null,
  validateOnly = false,
  resource = TOPIC,
) {
  const resources = [{ ...resource, configs: [{ name, configOperation, value }] }];
  return (
    await ask(client, incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, {
      resources,
      validateOnly,
    })
  ).responses[0]!;
}

test('a change counts at once and after a power cut, and can be taken back', () =>
  simulate({}, async (cluster) => {
    let client = await cluster.connect();
    await createTopic(client, 'topic');
    const large = () => produce(client, 'topic', batchOf(['x'.repeat(500)]));
    assert.equal((await large()).errorCode, ErrorCode.NONE);
    assert.equal((await alter(client, 'max.message.bytes', SET, '200')).errorCode, ErrorCode.NONE);
    for (let restarts = 0; restarts < 2; restarts++) {
      assert.deepEqual(await setting(client, 'max.message.bytes'), ['200', TOPIC_SOURCE]);
      assert.equal((await large()).errorCode, ErrorCode.MESSAGE_TOO_LARGE);
      cluster.powerCut();
      await cluster.start();
      client = await cluster.connect();
    }
    assert.equal((await alter(client, 'max.message.bytes', DELETE, null)).errorCode, ErrorCode.NONE);
    assert.deepEqual(await setting(client, 'max.message.bytes'), ['1048588', DEFAULT_SOURCE]);
    assert.equal((await large()).errorCode, ErrorCode.NONE);
  }));

test('the timestamp type can be changed under a running producer', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    assert.equal((await produce(client, 'topic', batchOf(['a']))).logAppendTimeMs, -1);
    await alter(client, 'message.timestamp.type', SET, 'LogAppendTime');
    assert.ok((await produce(client, 'topic', batchOf(['a']))).logAppendTimeMs > 0);
  }));

test('AlterConfigs replaces all settings of the topic', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic', 1, { 'retention.ms': '1000' });
    const resources = [{ ...TOPIC, configs: [{ name: 'segment.bytes', value: '2000000' }] }];
    const answer = await ask(client, alterConfigsRequest, alterConfigsResponse, { resources });
    assert.equal(answer.responses[0]!.errorCode, ErrorCode.NONE);
    assert.deepEqual(await setting(client, 'segment.bytes'), ['2000000', TOPIC_SOURCE]);
    assert.equal((await setting(client, 'retention.ms'))[1], DEFAULT_SOURCE);
  }));

test('a bad change is refused with a reason; validate-only changes nothing', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    for (const [name, value] of [
      ['no.such', '1'],
      ['retention.ms', 'x'],
      ['cleanup.policy', 'burn'],
    ] as const) {
      const refused = await alter(client, name, SET, value);
      assert.equal(refused.errorCode, ErrorCode.INVALID_CONFIG);
      assert.ok(refused.errorMessage!.includes(name), refused.errorMessage!);
    }
    const unknown = { ...TOPIC, resourceName: 'none' };
    assert.equal(
      (await alter(client, 'retention.ms', SET, '1', false, unknown)).errorCode,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    );
    assert.equal((await alter(client, 'retention.ms', SET, '1', true)).errorCode, ErrorCode.NONE);
    assert.equal((await setting(client, 'retention.ms'))[1], DEFAULT_SOURCE);
    assert.equal((await describe(client, unknown)).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  }));

test('a broker describes itself, with where it listens', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const resourceName = String(cluster.running.brokers[0]!.id);
    const described = await describe(client, { resourceType: ConfigResourceType.BROKER, resourceName });
    const values = new Map(described.configs.map(({ name, value }) => [name, value]));
    assert.equal(described.errorCode, ErrorCode.NONE);
    assert.equal(values.get('node.id'), resourceName);
    assert.match(values.get('advertised.listeners') ?? '', new RegExp(`:${cluster.address().port}$`));
  }));
