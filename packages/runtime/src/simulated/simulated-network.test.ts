// What goes wrong with a simulated network, and what it does to those who rely on more than they may.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Connection, ConnectionHandler } from '../network.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import { SimulatedScheduler } from './simulated-scheduler.ts';

const ADDRESS = { host: 'server', port: 9092 };
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

class Log implements ConnectionHandler {
  readonly chunks: Uint8Array[] = [];
  text = '';
  ends: string[] = [];
  data(bytes: Uint8Array): void {
    this.chunks.push(bytes);
    this.text += Buffer.from(bytes).toString('latin1');
  }
  drain(): void {}
  closed(error: (Error & { code?: unknown }) | undefined): void {
    this.ends.push(error === undefined ? 'ended' : String(error.code));
  }
}

interface World {
  readonly scheduler: SimulatedScheduler;
  readonly network: SimulatedNetwork;
  readonly client: Connection;
  readonly server: Connection;
  readonly atClient: Log;
  readonly atServer: Log;
}

/** A connection from the host `client` to the host `server`. */
async function world(seed: number): Promise<World> {
  const scheduler = SimulatedScheduler.fromSeed(seed);
  const network = new SimulatedNetwork({ scheduler });
  const atClient = new Log();
  const atServer = new Log();
  let server: Connection | undefined;
  await network.host('server').listen(ADDRESS, (connection) => {
    server = connection;
    return atServer;
  });
  const client = await scheduler.run(network.host('client').connect(ADDRESS, () => atClient));
  assert.ok(server);
  return { scheduler, network, client, server, atClient, atServer };
}

describe('the simulated network', () => {
  it('cuts what is written at any border', async () => {
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      const { scheduler, client, atServer } = await world(seed);
      client.write([Buffer.from('ab'), Buffer.from('cd')]);
      await scheduler.runFor(100);
      assert.equal(atServer.text, 'abcd');
      seen.add(atServer.chunks.map((chunk) => chunk.length).join());
    }
    assert.ok(seen.size >= 5, [...seen].join(' '));
  });

  it('takes its bytes back when data returns', async () => {
    const { scheduler, client, atServer } = await world(1);
    client.write([Buffer.from('abcd')]);
    await scheduler.runFor(100);
    assert.ok(atServer.chunks.every((chunk) => chunk.every((byte) => byte === 0xdb)));
  });

  it('holds what is sent through a partition back until it heals', async () => {
    const { scheduler, network, client, server, atClient, atServer } = await world(1);
    client.write([Buffer.from('on its way')]);
    network.partition('server', 'client');
    server.write([Buffer.from('answer')]);
    await scheduler.runFor(1000);
    assert.deepEqual([atClient.text, atServer.text], ['', '']);
    await assert.rejects(scheduler.run(network.host('client').connect(ADDRESS, () => new Log())), {
      code: 'ETIMEDOUT',
    });
    await scheduler.run(network.host('elsewhere').connect(ADDRESS, () => new Log()));
    network.heal('client', 'server');
    await scheduler.runFor(1000);
    assert.deepEqual([atClient.text, atServer.text], ['answer', 'on its way']);
    assert.deepEqual([atClient.ends, atServer.ends], [[], []]);
  });

  it('resets both ends of what is cut', async () => {
    const { scheduler, network, client, atClient, atServer } = await world(1);
    client.write([Buffer.from('lost')]);
    network.cut('client', 'server');
    await scheduler.runFor(100);
    assert.equal(atServer.text, '');
    assert.deepEqual([atClient.ends, atServer.ends], [['ECONNRESET'], ['ECONNRESET']]);
    assert.equal(client.write([Buffer.from('x')]), false);
    await scheduler.run(network.host('client').connect(ADDRESS, () => new Log()));
  });

  it('lets a crashed host hear nothing more, and resets its peers', async () => {
    const { scheduler, network, client, server, atClient, atServer } = await world(1);
    client.write([Buffer.from('lost')]);
    network.crash('server');
    server.write([Buffer.from('from the dead')]);
    const refused = network.host('client').connect(ADDRESS, () => new Log());
    await assert.rejects(scheduler.run(refused), { code: 'ECONNREFUSED' });
    await scheduler.runFor(100);
    assert.deepEqual([atClient.text, atServer.text], ['', '']);
    assert.deepEqual([atClient.ends, atServer.ends], [['ECONNRESET'], []]);
    await network.host('server').listen(ADDRESS, () => new Log());
    await scheduler.run(network.host('client').connect(ADDRESS, () => new Log()));
  });

  it('tells the peer of a destroyed end one way or the other', async () => {
    const seen = new Set<string>();
    for (const seed of SEEDS) {
      const { scheduler, server, atClient, atServer } = await world(seed);
      server.destroy();
      await scheduler.runFor(100);
      assert.deepEqual(atServer.ends, ['ended']);
      seen.add(atClient.ends.join());
    }
    assert.deepEqual([...seen].sort(), ['ECONNRESET', 'ended']);
  });

  it('is as slow as told', async () => {
    const { scheduler, network, client, atServer } = await world(1);
    network.setLatency({ minMs: 5, maxMs: 5 });
    client.write([Buffer.from('a')]);
    await scheduler.runFor(4.9);
    assert.equal(atServer.text, '');
    await scheduler.runFor(0.1);
    assert.equal(atServer.text, 'a');
    network.slowDown(10);
    client.write([Buffer.from('b')]);
    await scheduler.runFor(49);
    assert.equal(atServer.text, 'a');
    await scheduler.runFor(1);
    assert.equal(atServer.text, 'ab');
  });

  it('does the same for the same seed', async () => {
    const run = async (seed: number): Promise<string> => {
      const { scheduler, client, atServer } = await world(seed);
      client.write([Buffer.alloc(200_000)]);
      await scheduler.runUntilIdle();
      return `${scheduler.clock.monotonic()} ${atServer.chunks.map((chunk) => chunk.length).join()}`;
    };
    assert.equal(await run(3), await run(3));
    assert.notEqual(await run(3), await run(4));
  });
});
