import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorName } from '@moldau/protocol';
import { codecId } from '@moldau/protocol/compression/codec.ts';
import { compress } from '@moldau/protocol/compression/compression.ts';
import { SimulatedScheduler } from '@moldau/runtime/simulated/simulated-scheduler.ts';
import { metricsData } from '../../testing/otlp-message.ts';
import { silentLogger } from '../logger.ts';
import { ClientTelemetry, MAX_CLIENT_INSTANCES, MAX_DECOMPRESSED_PUSH_BYTES } from './client-telemetry.ts';
import { clientNamed as client } from '../../testing/client-identities.ts';

const MAX_BYTES = 1 << 20;

function newTelemetry(): ClientTelemetry {
  const subscriptions = [{ metrics: ['*'], intervalMs: 1000, match: new Map() }];
  return new ClientTelemetry({
    clock: SimulatedScheduler.fromSeed(1).clock,
    logger: silentLogger(),
    subscriptions: () => subscriptions,
    defaultIntervalMs: 300_000,
  });
}

async function pushed(plain: Uint8Array): Promise<{ error: string; values: number }> {
  const telemetry = newTelemetry();
  const task = telemetry.ask(client('a'));
  assert.ok(typeof task !== 'number');
  const push = {
    subscriptionId: task.subscriptionId,
    terminating: false,
    compressionType: codecId('gzip'),
    metrics: compress('gzip', plain),
  };
  const error = errorName(await telemetry.push(client('a'), push, MAX_BYTES));
  return { error, values: telemetry.metrics.read(0).reduce((sum, { values }) => sum + values.length, 0) };
}

describe('client telemetry', () => {
  it('takes a push that is large when decompressed', async () => {
    const metrics = Array.from({ length: 900 }, (_, i) => ({
      name: `metric-${i}`,
      kind: 'gauge' as const,
      value: i,
      attributes: { long: 'x'.repeat(400) },
    }));
    const bytes = metricsData(...metrics);
    assert.ok(bytes.length > 256 * 1024);
    assert.deepEqual(await pushed(bytes), { error: 'NONE', values: 900 });
  });

  it('refuses one that would grow beyond all measure', async () => {
    const bomb = new Uint8Array(MAX_DECOMPRESSED_PUSH_BYTES + 1);
    assert.deepEqual(await pushed(bomb), { error: 'INVALID_RECORD', values: 0 });
  });

  it('remembers a bounded number of clients, those it saw last', () => {
    const telemetry = newTelemetry();
    const ask = (id: string) => typeof telemetry.ask(client(id)) === 'number';
    for (let i = 0; i <= MAX_CLIENT_INSTANCES; i++) assert.equal(ask(`client-${i}`), false);
    assert.equal(ask('client-0'), false, 'it was forgotten, and may ask at once');
    assert.equal(ask(`client-${MAX_CLIENT_INSTANCES}`), true, 'it is known, and comes too early');
  });
});
