// The server as its peers see it: what it takes, what it refuses, and that one peer's trouble is not another's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ErrorCode, Reader } from '@moldau/protocol';
import { apiVersionsRequest, apiVersionsResponse } from '@moldau/protocol/generated/api-versions.ts';
import { fetchRequest } from '@moldau/protocol/generated/fetch.ts';
import { allApis } from '../handlers/all-apis.ts';
import { ask } from '../testing/ask.ts';
import { batchOf } from '../testing/batches.ts';
import { createTopic, fetch, fetchOf, produce, readAll } from '../testing/calls.ts';
import { encodeRequest, type SimulatedClient } from '../testing/simulated-client.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const versions = (client: SimulatedClient) =>
  ask(client, apiVersionsRequest, apiVersionsResponse, {
    clientSoftwareName: 'test',
    clientSoftwareVersion: '1',
  });

test('ApiVersions advertises exactly what is served', () =>
  simulate({}, async (cluster) => {
    const answer = await versions(await cluster.connect());
    assert.equal(answer.errorCode, ErrorCode.NONE);
    assert.deepEqual(
      answer.apiKeys.map(({ apiKey }) => apiKey),
      [...allApis().keys()].sort((a, b) => a - b),
    );
    for (const { apiKey, maxVersion } of answer.apiKeys)
      assert.ok(maxVersion <= allApis().get(apiKey)!.request.highestVersion);
  }));

test('ApiVersions in an unknown version is answered in version 0 with UNSUPPORTED_VERSION, and the connection goes on', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const frame = Buffer.alloc(20);
    frame.writeInt16BE(18, 0);
    frame.writeInt16BE(99, 2);
    frame.writeInt32BE(1, 4);
    const body = await client.requestBytes(frame, 1);
    const reader = new Reader(body);
    const answer = apiVersionsResponse.decode(reader, 0);
    reader.expectEnd();
    assert.equal(answer.errorCode, ErrorCode.UNSUPPORTED_VERSION);
    assert.ok(
      answer.apiKeys.some(
        ({ apiKey, maxVersion }) => apiKey === 18 && maxVersion === apiVersionsRequest.highestVersion,
      ),
    );
  }));

test('ApiVersions without a name of the client software is INVALID_REQUEST', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const answer = await ask(client, apiVersionsRequest, apiVersionsResponse, {
      clientSoftwareName: '-',
      clientSoftwareVersion: '',
    });
    assert.equal(answer.errorCode, ErrorCode.INVALID_REQUEST);
    assert.equal((await versions(client)).errorCode, ErrorCode.NONE);
  }));

const whole = encodeRequest(fetchRequest, fetchOf('topic', 0), 12, 1);
const framed = (frame: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.length);
  return Buffer.concat([length, frame]);
};

for (const [what, bytes] of [
  ['a frame above the limit', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ['a frame of negative size', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ['a frame without a header', framed(Buffer.alloc(0))],
  ['an unknown API', framed(Buffer.from([0x7f, 0, 0, 0, 0, 0, 0, 1, 0, 0]))],
  ['a version that is not offered', framed(Buffer.from([0, 3, 0, 99, 0, 0, 0, 1, 0, 0]))],
  ['a request cut off within', framed(whole.subarray(4, whole.length - 9))],
  [
    'an array longer than the request',
    framed(Buffer.from([0, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff])),
  ],
] as const) {
  test(`${what} ends its connection, with a line in the log, and no other`, () =>
    simulate({}, async (cluster) => {
      const [bad, good] = [await cluster.connect(), await cluster.connect()];
      bad.sendBytes(bytes);
      await bad.ended;
      assert.equal((await versions(good)).errorCode, ErrorCode.NONE);
      assert.equal(cluster.logged.length, 1);
      assert.match(cluster.logged[0]!, /"level":"warn".*a connection was closed/);
    }));
}

test('bytes behind a whole request are not looked at, as Kafka does: librdkafka sends some', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const frame = whole.subarray(4);
    assert.ok((await client.requestBytes(Buffer.concat([frame, Buffer.alloc(3)]), 1)).length > 0);
    assert.equal(client.over, false);
  }));

test('requests before a malformed one have had their effect', () =>
  simulate({}, async (cluster) => {
    const [bad, good] = [await cluster.connect(), await cluster.connect()];
    await createTopic(good, 'topic');
    const sent = produce(bad, 'topic', batchOf(['a'])).catch(() => undefined);
    bad.sendBytes(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await bad.ended;
    await sent;
    await cluster.sleep(20);
    assert.deepEqual(
      (await readAll(good, 'topic')).map(({ value }) => value),
      ['a'],
    );
  }));

test('frames may come byte by byte and many at once', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    const answers = Array.from({ length: 20 }, () => versions(client));
    assert.ok((await Promise.all(answers)).every(({ errorCode }) => errorCode === ErrorCode.NONE));
  }));

test('connections above the limits are refused, and taken again when others have gone', () =>
  simulate({ settings: ['max.connections=3', 'max.connections.per.ip=2'] }, async (cluster) => {
    const served = async (client: SimulatedClient) =>
      versions(client).then(
        () => true,
        () => false,
      );
    const first = await cluster.connect(0, 'a');
    assert.equal(await served(first), true);
    assert.equal(await served(await cluster.connect(0, 'a')), true);
    assert.equal(await served(await cluster.connect(0, 'a')), false);
    assert.equal(await served(await cluster.connect(0, 'b')), true);
    assert.equal(await served(await cluster.connect(0, 'c')), false);
    first.disconnect();
    await cluster.sleep(20);
    assert.equal(await served(await cluster.connect(0, 'c')), true);
  }));

test('an idle connection is closed, one whose request waits is not', () =>
  simulate({ settings: ['connections.max.idle.ms=20000'] }, async (cluster) => {
    const [idle, busy] = [await cluster.connect(), await cluster.connect()];
    await createTopic(busy, 'topic');
    const answer = fetch(busy, 'topic', 0, { maxWaitMs: 60_000 });
    await versions(idle);
    await cluster.sleep(50_000);
    assert.deepEqual([idle.over, busy.over], [true, false]);
    assert.equal((await answer).errorCode, ErrorCode.NONE);
    assert.equal(cluster.running.brokers[0]!.services.waitingFetches.size, 0);
  }));

test('a peer that does not read its answers is not read from any more, and others are served', () =>
  simulate({}, async (cluster) => {
    const [deaf, good] = [await cluster.connect(), await cluster.connect()];
    await createTopic(good, 'topic');
    await produce(good, 'topic', batchOf(['x'.repeat(900_000)]));
    deaf.pause();
    const answers = Array.from({ length: 40 }, () => fetch(deaf, 'topic', 0));
    await cluster.sleep(1000);
    assert.equal((await versions(good)).errorCode, ErrorCode.NONE);
    deaf.resume();
    const all = await Promise.all(answers);
    assert.ok(all.every(({ records }) => records!.length > 900_000));
  }));

test('a request is answered in its order behind a fetch that waits', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect();
    await createTopic(client, 'topic');
    const order: string[] = [];
    const waits = fetch(client, 'topic', 0, { maxWaitMs: 300 }).then(() => order.push('fetch'));
    const next = versions(client).then(() => order.push('versions'));
    await Promise.all([waits, next]);
    assert.deepEqual(order, ['fetch', 'versions']);
  }));
