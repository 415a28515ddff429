import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newFetchPartition,
  newFetchRequest,
  newFetchTopic,
  newForgottenTopic,
  type FetchRequest,
} from '@moldau/protocol/generated/fetch.ts';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { FetchSessionCache, SESSION_EVICTION_MS } from './fetch-session-cache.ts';
import { targetsOf } from './fetch-session.ts';

const ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const VERSION = 13;

function request(offsets: Record<number, number>, extra: Partial<FetchRequest> = {}): FetchRequest {
  const partitions = Object.entries(offsets).map(([partition, fetchOffset]) =>
    newFetchPartition({ partition: Number(partition), fetchOffset, partitionMaxBytes: 1000 }),
  );
  return newFetchRequest({
    topics: partitions.length === 0 ? [] : [newFetchTopic({ topicId: ID, partitions })],
    ...extra,
  });
}

function newCache(slots = 2) {
  return new FetchSessionCache(slots, new SeededRandom(1));
}

function newSession(cache: FetchSessionCache, offsets: Record<number, number>, nowMs = 0) {
  const session = cache.create(true, targetsOf(request(offsets), VERSION), nowMs);
  assert.ok(session);
  return session;
}

test('an incremental fetch changes what it names, adds what is new, forgets what it drops', () => {
  const session = newSession(newCache(), { 0: 10, 1: 20, 2: 30 });
  const forgotten = [newForgottenTopic({ topicId: ID, partitions: [2] })];
  const update = request({ 1: 25, 3: 0 }, { sessionEpoch: 1, forgottenTopicsData: forgotten });
  assert.equal(session.update(update, VERSION, 0), ErrorCode.NONE);
  assert.deepEqual(
    [...session.targets()].map((t) => [t.index, t.fetchOffset]),
    [
      [0, 10],
      [1, 25],
      [3, 0],
    ],
  );
});

test('an epoch is accepted once, in order; topics must be named as in the first fetch', () => {
  const session = newSession(newCache(), { 0: 0 });
  assert.equal(
    session.update(request({}, { sessionEpoch: 2 }), VERSION, 0),
    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  );
  assert.equal(session.update(request({}, { sessionEpoch: 1 }), VERSION, 0), ErrorCode.NONE);
  assert.equal(
    session.update(request({}, { sessionEpoch: 1 }), VERSION, 0),
    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  );
  assert.equal(
    session.update(request({}, { sessionEpoch: 2 }), 12, 0),
    ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
  );
});

test('a partition that gave data goes behind the others', () => {
  const session = newSession(newCache(), { 0: 0, 1: 0, 2: 0 });
  const [first] = session.targets();
  assert.ok(first);
  session.rotate(first);
  assert.deepEqual(
    [...session.targets()].map((t) => t.index),
    [1, 2, 0],
  );
});

test('sessions are bounded: a new one takes the place of one that is idle, or older and smaller, never of one in use', () => {
  const cache = newCache(2);
  const old = newSession(cache, { 0: 0 }, 0);
  const used = newSession(cache, { 0: 0 }, 0);
  assert.equal(cache.create(true, targetsOf(request({ 0: 0 }), VERSION), 1000), undefined);
  old.lastUsedMs = SESSION_EVICTION_MS;
  cache.touch(used);
  const later = SESSION_EVICTION_MS + 1;
  assert.equal(cache.create(true, targetsOf(request({ 0: 0 }), VERSION), later), undefined);
  assert.ok(cache.create(true, targetsOf(request({ 0: 0, 1: 0 }), VERSION), later));
  assert.equal(cache.get(old.id), undefined);
  assert.equal(cache.get(used.id), used);
  assert.equal(cache.size, 2);
});
