// Brokers that ask each other, over a network on which answers are lost, connections are cut and peers are slow.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiKey, Reader, Writer, requestHeaderVersion, responseHeaderVersion } from '@moldau/protocol';
import { requestHeader } from '@moldau/protocol/generated/request-header.ts';
import {
  newWriteTxnMarkersRequest,
  newWriteTxnMarkersResponse,
  writeTxnMarkersRequest,
  writeTxnMarkersResponse,
  type WriteTxnMarkersRequest,
  type WriteTxnMarkersResponse,
} from '@moldau/protocol/generated/write-txn-markers.ts';
import type { Connection } from '@moldau/runtime';
import { SimulatedNetwork } from '@moldau/runtime/simulated/simulated-network.ts';
import { SimulatedScheduler } from '@moldau/runtime/simulated/simulated-scheduler.ts';
import { OwnConnections } from './own-connections.ts';
import { PeerConnections } from './peer-connections.ts';
import { PeerError } from './peers.ts';

const ADDRESS = { host: 'b', port: 9 };

/** What the other broker does with a request: answers it with these bytes, or not at all. */
type Behaviour = (
  request: WriteTxnMarkersRequest,
  reply: (response: WriteTxnMarkersResponse) => void,
  connection: Connection,
) => void;

interface World {
  readonly scheduler: SimulatedScheduler;
  readonly network: SimulatedNetwork;
  readonly peers: PeerConnections;
  behaviour: Behaviour;
  /** Connections that were made to the other broker. */
  connections: number;
  listen(): Promise<() => Promise<void>>;
  ask(producerId: number): Promise<string>;
  sleep(ms: number): Promise<void>;
}

function start(seed: number): World {
  const scheduler = SimulatedScheduler.fromSeed(seed);
  const network = new SimulatedNetwork({ scheduler });
  const peers = new PeerConnections({
    brokerId: 1,
    network: network.host('a'),
    clock: scheduler.clock,
    random: scheduler.random.fork(),
    addressOf: (id) => (id === 2 ? ADDRESS : undefined),
    own: async (apiKey, request) => ({ apiKey, own: request }),
    ownConnections: new OwnConnections(),
    requestTimeoutMs: 1_000,
  });
  const world: World = {
    scheduler,
    network,
    peers,
    behaviour: answer,
    connections: 0,
    listen: async () => {
      const listener = await network.host('b').listen(ADDRESS, (connection) => {
        world.connections++;
        return serve(connection, (request, reply) => world.behaviour(request, reply, connection));
      });
      return () => listener.close();
    },
    ask: async (producerId) => {
      try {
        const { markers } = await peers.writeTxnMarkers(2, requestOf(producerId));
        return markers.map((marker) => marker.producerId).join();
      } catch (error) {
        assert(error instanceof PeerError, String(error));
        return error.code;
      }
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        scheduler.clock.setTimer(ms, resolve);
      }),
  };
  return world;
}

const requestOf = (producerId: number): WriteTxnMarkersRequest =>
  newWriteTxnMarkersRequest({
    markers: [
      {
        producerId,
        producerEpoch: 1,
        transactionResult: true,
        topics: [],
        coordinatorEpoch: 1,
        transactionVersion: 2,
      },
    ],
  });

const answer: Behaviour = (request, reply) =>
  reply(
    newWriteTxnMarkersResponse({
      markers: request.markers.map(({ producerId }) => ({ producerId, topics: [] })),
    }),
  );

/** A broker that reads requests and writes answers, as far as these tests need one. */
function serve(connection: Connection, handle: Behaviour) {
  let received = Buffer.alloc(0);
  return {
    data(bytes: Uint8Array): void {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0);
        const reader = new Reader(Buffer.from(received.subarray(4, end)));
        received = received.subarray(end);
        const version = writeTxnMarkersRequest.highestVersion;
        const header = requestHeader.decode(reader, requestHeaderVersion(ApiKey.WriteTxnMarkers, version));
        assert.equal(header.requestApiKey, ApiKey.WriteTxnMarkers);
        assert.equal(header.clientId, 'broker-1');
        const reply = (response: WriteTxnMarkersResponse): void => {
          const writer = new Writer();
          writer.int32(0, 'length');
          writer.int32(header.correlationId, 'correlationId');
          if (responseHeaderVersion(ApiKey.WriteTxnMarkers, version) >= 1) writer.unknownTags(undefined);
          writeTxnMarkersResponse.encode(writer, response, version);
          writer.patchInt32(0, writer.length - 4);
          connection.write([writer.toBytes()]);
        };
        handle(writeTxnMarkersRequest.decode(reader, version), reply, connection);
      }
    },
    drain(): void {},
    closed(): void {},
  };
}

/** Runs the story for several seeds: bytes arrive in other pieces each time. */
function story(name: string, body: (world: World) => Promise<void>): void {
  void test(name, async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const world = start(seed);
      await world.scheduler.run(body(world));
    }
  });
}

story('many requests go over one connection, each gets its own answer', async (world) => {
  await world.listen();
  const answers = await Promise.all([1, 2, 3, 4, 5].map((id) => world.ask(id)));
  assert.deepEqual(answers, ['1', '2', '3', '4', '5']);
  assert.equal(await world.ask(6), '6');
  assert.equal(world.connections, 1);
});

story('what a broker asks of itself takes no connection', async (world) => {
  const request = requestOf(1);
  assert.deepEqual(await world.peers.writeTxnMarkers(1, request), {
    apiKey: ApiKey.WriteTxnMarkers,
    own: request,
  });
});

story(
  'a broker that is not there, or not known, is an error; and it is found once it is there',
  async (world) => {
    assert.equal(await world.ask(1), 'UNREACHABLE');
    assert.equal(await world.ask(2), 'UNREACHABLE', 'at once, while it is left alone');
    await assert.rejects(world.peers.writeTxnMarkers(3, requestOf(1)), { code: 'UNKNOWN_BROKER' });
    await world.listen();
    await world.sleep(100);
    assert.equal(await world.ask(3), '3');
  },
);

story(
  'a broker that is never there is left alone for longer and longer, but never for good',
  async (world) => {
    for (let attempt = 0; attempt < 20; attempt++) {
      await world.ask(attempt);
      await world.sleep(200);
    }
    await world.listen();
    await world.sleep(1_300);
    assert.equal(await world.ask(3), '3');
  },
);

story(
  'a connection that is cut rejects whoever waits, and the next request makes a new one',
  async (world) => {
    await world.listen();
    world.behaviour = (request, reply, connection) => {
      if (request.markers[0]?.producerId === 2) connection.destroy();
      else if (request.markers[0]?.producerId === 1) answer(request, reply, connection);
    };
    assert.equal(await world.ask(1), '1');
    assert.deepEqual(await Promise.all([2, 3].map((id) => world.ask(id))), ['UNREACHABLE', 'UNREACHABLE']);
    world.behaviour = answer;
    assert.equal(await world.ask(4), '4');
    assert.equal(world.connections, 2);
  },
);

story(
  'an answer that is lost is an error in time; answers that come too late are nobody else’s',
  async (world) => {
    await world.listen();
    const late: (() => void)[] = [];
    world.behaviour = (request, reply, connection) => late.push(() => answer(request, reply, connection));
    const before = world.scheduler.clock.monotonic();
    assert.deepEqual(await Promise.all([1, 2].map((id) => world.ask(id))), ['TIMED_OUT', 'UNREACHABLE']);
    assert.equal(world.scheduler.clock.monotonic() - before < 1_500, true);
    world.behaviour = answer;
    const next = world.ask(3);
    for (const send of late) send();
    assert.equal(await next, '3');
  },
);

story('a slow peer is waited for', async (world) => {
  await world.listen();
  world.behaviour = (request, reply, connection) => {
    void world.sleep(900).then(() => answer(request, reply, connection));
  };
  assert.equal(await world.ask(1), '1');
});

story('an answer that cannot be is the end of the connection, not of the broker', async (world) => {
  await world.listen();
  world.behaviour = (_request, _reply, connection) =>
    connection.write([Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 1, 2, 3, 4)]);
  assert.equal(await world.ask(1), 'UNREACHABLE');
  world.behaviour = (_request, _reply, connection) =>
    connection.write([Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 2, 0, 9)]);
  assert.match(await world.ask(2), /UNREACHABLE|TIMED_OUT/);
  world.behaviour = answer;
  assert.equal(await world.ask(3), '3');
});

story('whoever waits when the broker stops is told so, and whoever comes later', async (world) => {
  await world.listen();
  world.behaviour = () => {};
  const waiting = world.ask(1);
  await world.sleep(50);
  world.peers.close();
  assert.equal(await waiting, 'CLOSED');
  assert.equal(await world.ask(2), 'CLOSED');
});
