import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RE2JS } from 're2js';
import { clientTask, type ClientIdentity, type ClientMetricsSubscription } from './subscription.ts';

const client: ClientIdentity = {
  client_instance_id: 'abc',
  client_id: 'app-1',
  client_software_name: 'apache-kafka-java',
  client_software_version: '4.3.1',
  client_source_address: '127.0.0.1',
  client_source_port: '5000',
};
const subscription = (
  metrics: string[],
  intervalMs = 60_000,
  match: ClientMetricsSubscription['match'] = new Map(),
): ClientMetricsSubscription => ({ metrics, intervalMs, match });
const DEFAULT_MS = 300_000;

describe('what a client is asked to push', () => {
  it('is nothing when no subscription matches', () => {
    const other = subscription(['*'], 100, new Map([['client_id', RE2JS.compile('other')]]));
    const task = clientTask(client, [other], DEFAULT_MS);
    assert.deepEqual([task.metrics, task.pushIntervalMs], [[], DEFAULT_MS]);
  });

  it('is all that match, at the shortest interval', () => {
    const task = clientTask(
      client,
      [
        subscription(['b', 'a'], 500),
        subscription(['b', 'c'], 1000, new Map([['client_id', RE2JS.compile('app-.*')]])),
      ],
      DEFAULT_MS,
    );
    assert.deepEqual([task.metrics, task.pushIntervalMs], [['a', 'b', 'c'], 500]);
  });

  it('is * alone as soon as one asks for all', () => {
    assert.deepEqual(clientTask(client, [subscription(['a']), subscription(['*'])], DEFAULT_MS).metrics, [
      '*',
    ]);
  });

  it('needs every selector to match, and what is not known matches nothing', () => {
    const match = new Map([
      ['client_id', RE2JS.compile('app-1')],
      ['client_software_name', RE2JS.compile('.*')],
    ] as const);
    assert.deepEqual(clientTask(client, [subscription(['a'], 1, match)], DEFAULT_MS).metrics, ['a']);
    const old = { ...client, client_software_name: undefined };
    assert.deepEqual(clientTask(old, [subscription(['a'], 1, match)], DEFAULT_MS).metrics, []);
  });

  it('has an id that changes with what is asked and of whom, and with nothing else', () => {
    const id = (who: ClientIdentity, ...asked: ClientMetricsSubscription[]): number =>
      clientTask(who, asked, DEFAULT_MS).subscriptionId;
    const first = id(client, subscription(['a', 'b']));
    assert.equal(id({ ...client, client_id: 'x' }, subscription(['b']), subscription(['a'])), first);
    assert.notEqual(id(client, subscription(['a'])), first);
    assert.notEqual(id(client, subscription(['a', 'b'], 1)), first);
    assert.notEqual(id({ ...client, client_instance_id: 'def' }, subscription(['a', 'b'])), first);
    assert.ok(Number.isInteger(first) && Math.abs(first) <= 2 ** 31);
  });
});
