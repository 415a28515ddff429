import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  metadataRequest,
  metadataResponse,
  newMetadataResponse,
  type MetadataRequest,
  type MetadataResponse,
} from '@moldau/protocol/generated/metadata.ts';
import { defineApi, type Services } from '../handlers/services.ts';
import { BadRequest, Dispatcher } from './dispatch.ts';

const services = { settings: { maxArrayLength: 1000 }, quotas: { active: false } } as unknown as Services;

/** What became of a frame: the request that the handler saw, the bytes of the answer, or why the connection has to end. */
function dispatched(frame: Buffer): { asked?: MetadataRequest; answer?: Buffer; failure?: Error } {
  const outcome: ReturnType<typeof dispatched> = {};
  const api = defineApi<MetadataRequest, MetadataResponse>({
    request: metadataRequest,
    response: metadataResponse,
    handle(_services, _context, request) {
      outcome.asked = request;
      return newMetadataResponse({});
    },
  });
  new Dispatcher(services, new Map([[metadataRequest.apiKey, api]])).dispatch(
    { frame, memory: undefined },
    {
      clientHost: '/127.0.0.1',
      connection: { port: 1, software: undefined },
      principal: 'ANONYMOUS',
      mute: () => {},
      onClosed: () => () => {},
    },
    (answered) => (outcome.answer = Buffer.concat(answered?.chunks ?? [])),
    (failure) => (outcome.failure = failure),
  );
  return outcome;
}

/** Metadata version 13, correlation id 7, client id `c`, then `body`. */
function metadataFrame(...body: number[]): Buffer {
  return Buffer.from([0, 3, 0, 13, 0, 0, 0, 7, 0, 1, 'c'.charCodeAt(0), 0, ...body]);
}

test('a request is read, handled and answered under its correlation id', () => {
  const { asked, answer, failure } = dispatched(metadataFrame(0, 1, 0, 0));
  assert.equal(failure, undefined);
  assert.equal(asked?.topics, null);
  assert.equal(asked?.allowAutoTopicCreation, true);
  assert.equal(answer?.readInt32BE(0), (answer?.length ?? 0) - 4);
  assert.equal(answer?.readInt32BE(4), 7);
});

test('bytes after the message are not looked at, as librdkafka asks for all topics with three too many', () => {
  const { asked, answer, failure } = dispatched(metadataFrame(0, 0, 0, 0, 1, 0, 0));
  assert.equal(failure, undefined);
  assert.equal(asked?.topics, null);
  assert.ok(answer !== undefined);
});

test('a message that ends too early ends the connection', () => {
  const { asked, answer, failure } = dispatched(metadataFrame(0, 1));
  assert.ok(failure instanceof BadRequest);
  assert.match(failure.message, /^MetadataRequest version 13 is malformed: /);
  assert.equal(asked, undefined);
  assert.equal(answer, undefined);
});

test('an API that is not offered, a version that is not taken, and a frame shorter than its header end the connection', () => {
  assert.match(String(dispatched(Buffer.from([0, 99, 0, 0, 0, 0, 0, 1])).failure), /API key 99/);
  assert.match(String(dispatched(Buffer.from([0, 3, 0, 99, 0, 0, 0, 1])).failure), /came in version 99/);
  assert.match(String(dispatched(Buffer.from([0, 3, 0])).failure), /shorter than its header/);
});
