// What every Network must do, run over the real one (loopback) and the simulated one alike.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { Address, Connection, ConnectionHandler, Network } from './network.ts';
import { NodeNetwork } from './node/node-network.ts';
import { SimulatedNetwork } from './simulated/simulated-network.ts';
import { SimulatedScheduler } from './simulated/simulated-scheduler.ts';

/** Lets `work` come to its end in the world that the network lives in. */
type Run = <T>(work: Promise<T>) => Promise<T>;

describe('the Node network', () => {
  conformance(() => ({ network: new NodeNetwork(), run: (work) => work }));
});

describe('the simulated network', () => {
  let seed = 0;
  conformance(() => {
    const scheduler = SimulatedScheduler.fromSeed(seed++);
    return { network: new SimulatedNetwork({ scheduler }), run: (work) => scheduler.run(work) };
  });
});

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 };

/** A handler that keeps what comes, and lets a test wait for it. */
class Recorder implements ConnectionHandler {
  readonly chunks: Uint8Array[] = [];
  drains = 0;
  closes = 0;
  error: Error | undefined;
  length = 0;
  onData: (bytes: Uint8Array) => void = () => {};
  readonly #waiting: { until: () => boolean; resolve: () => void }[] = [];

  data(bytes: Uint8Array): void {
    this.chunks.push(bytes.slice());
    this.length += bytes.length;
    this.onData(bytes);
    this.#check();
  }

  drain(): void {
    this.drains += 1;
    this.#check();
  }

  closed(error: Error | undefined): void {
    this.closes += 1;
    this.error = error;
    this.#check();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  until(condition: (self: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ until: () => condition(this), resolve });
      this.#check();
    });
  }

  #check(): void {
    for (const { until, resolve } of this.#waiting) {
      if (until()) {
        resolve();
      }
    }
  }
}

function conformance(world: () => { network: Network; run: Run }): void {
  /** Runs `work` with both ends of a connection. */
  const withPair = async (
    work: (ends: {
      client: Connection;
      server: Connection;
      atClient: Recorder;
      atServer: Recorder;
    }) => Promise<void>,
  ): Promise<void> => {
    const { network, run } = world();
    await run(
      (async () => {
        const atClient = new Recorder();
        const atServer = new Recorder();
        const accepted = Promise.withResolvers<Connection>();
        const listener = await network.listen(ANY_PORT, (connection) => {
          accepted.resolve(connection);
          return atServer;
        });
        const client = await network.connect(listener.address, () => atClient);
        const server = await accepted.promise;
        try {
          await work({ client, server, atClient, atServer });
        } finally {
          client.destroy();
          server.destroy();
          await listener.close();
        }
        await atClient.until((end) => end.closes > 0);
        await atServer.until((end) => end.closes > 0);
        assert.deepEqual([atClient.closes, atServer.closes], [1, 1]);
      })(),
    );
  };

  it('carries bytes both ways, in order, however they were written', () =>
    withPair(async ({ client, server, atClient, atServer }) => {
      client.write([Buffer.from('a'), Buffer.from(''), Buffer.from('bc')]);
      client.write([Buffer.from('def')]);
      client.write([]);
      await atServer.until((end) => end.length === 6);
      assert.equal(atServer.bytes.toString(), 'abcdef');
      server.write(Array.from({ length: 2000 }, (_, at) => Buffer.from([at & 255])));
      await atClient.until((end) => end.length === 2000);
      assert.deepEqual(
        [...atClient.bytes],
        Array.from({ length: 2000 }, (_, at) => at & 255),
      );
    }));

  it('knows both ends', () =>
    withPair(async ({ client, server }) => {
      assert.equal(client.remote.host, '127.0.0.1');
      assert.ok(client.local.port > 0);
      assert.deepEqual(client.remote, server.local);
      assert.deepEqual(client.local, server.remote);
      await Promise.resolve();
    }));

  it('holds the sender back while the receiver pauses, and drains when it goes on', () =>
    withPair(async ({ client, server, atClient, atServer }) => {
      server.pause();
      const chunk = Buffer.alloc(1 << 20, 7);
      const total = 32 * chunk.length;
      let room = true;
      // Far more than any socket buffers of the system hold.
      for (let written = 0; written < total; written += chunk.length) {
        room = client.write([chunk]);
      }
      assert.equal(room, false);
      assert.ok(client.unsent > 0);
      assert.equal(atClient.drains, 0);
      server.resume();
      await atServer.until((end) => end.length >= total);
      await atClient.until((end) => end.drains > 0);
      assert.deepEqual([client.unsent, atServer.length], [0, total]);
    }));

  it('stops handing out data from the call of pause on', () =>
    withPair(async ({ client, server, atClient, atServer }) => {
      atServer.onData = () => server.pause();
      client.write([Buffer.alloc(300_000, 1)]);
      await atServer.until((end) => end.length > 0);
      const before = atServer.chunks.length;
      // Something that takes its time in the world of the network: a way there and back.
      server.write([Buffer.from('x')]);
      await atClient.until((end) => end.length === 1);
      assert.equal(atServer.chunks.length, before);
      atServer.onData = () => {};
      server.resume();
      await atServer.until((end) => end.length === 300_000);
    }));

  it('sends what was written before it ends, and closes both ends in order', () =>
    withPair(async ({ client, server, atClient, atServer }) => {
      const large = Buffer.alloc(1_000_000, 3);
      server.write([large]);
      server.end();
      assert.equal(server.write([Buffer.from('too late')]), false);
      await atClient.until((end) => end.closes === 1);
      await atServer.until((end) => end.closes === 1);
      assert.equal(atClient.length, large.length);
      assert.deepEqual([atClient.error, atServer.error], [undefined, undefined]);
      assert.equal(client.write([Buffer.from('too late')]), false);
    }));

  it('hands out nothing more after end', () =>
    withPair(async ({ client, server, atServer }) => {
      server.pause();
      client.write([Buffer.alloc(100_000)]);
      server.end();
      await atServer.until((end) => end.closes === 1);
      assert.equal(atServer.length, 0);
    }));

  it('ends at once when destroyed, with the reason given', () =>
    withPair(async ({ client, atClient, atServer }) => {
      const reason = new Error('enough');
      client.write([Buffer.alloc(10_000_000)]);
      client.destroy(reason);
      assert.equal(atClient.closes, 0);
      await atClient.until((end) => end.closes === 1);
      assert.equal(atClient.error, reason);
      await atServer.until((end) => end.closes === 1);
      assert.ok(atServer.length < 10_000_000);
    }));

  it('refuses a connection that accept does not want', async () => {
    const { network, run } = world();
    const atClient = new Recorder();
    await run(
      (async () => {
        const listener = await network.listen(ANY_PORT, () => undefined);
        await network.connect(listener.address, () => atClient);
        await atClient.until((end) => end.closes === 1);
        await listener.close();
      })(),
    );
    assert.equal(atClient.length, 0);
  });

  it('says why nobody answers, and why it cannot listen', async () => {
    const { network, run } = world();
    await run(
      (async () => {
        const listener = await network.listen(ANY_PORT, () => undefined);
        await assert.rejects(
          network.listen(listener.address, () => undefined),
          { code: 'EADDRINUSE' },
        );
        await listener.close();
        await listener.close();
        await assert.rejects(
          network.connect(listener.address, () => new Recorder()),
          { code: 'ECONNREFUSED' },
        );
        const again = await network.listen(listener.address, () => undefined);
        await again.close();
      })(),
    );
  });

  it('keeps open connections when the listener closes', async () => {
    const { network, run } = world();
    await run(
      (async () => {
        const atServer = new Recorder();
        const listener = await network.listen(ANY_PORT, () => atServer);
        const client = await network.connect(listener.address, () => new Recorder());
        client.write([Buffer.from('a')]);
        await atServer.until((end) => end.length === 1);
        await listener.close();
        client.write([Buffer.from('b')]);
        await atServer.until((end) => end.length === 2);
        client.end();
        await atServer.until((end) => end.closes === 1);
      })(),
    );
  });

  it('serves many connections at once, each with its own bytes', async () => {
    const { network, run } = world();
    await run(
      (async () => {
        // An echo, whose bytes are copied before they are written: they are the network's.
        const listener = await network.listen(ANY_PORT, (connection) => ({
          data: (bytes) => connection.write([bytes.slice()]),
          drain: () => {},
          closed: () => {},
        }));
        const clients = Array.from({ length: 20 }, async (_, number) => {
          const recorder = new Recorder();
          const client = await network.connect(listener.address, () => recorder);
          const sent = Buffer.alloc(30_000, number + 1);
          client.write([sent]);
          await recorder.until((end) => end.length === sent.length);
          assert.deepEqual(recorder.bytes, sent);
          client.end();
          await recorder.until((end) => end.closes === 1);
        });
        await Promise.all(clients);
        await listener.close();
      })(),
    );
  });
}
