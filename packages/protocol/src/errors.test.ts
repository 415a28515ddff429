import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode, errorMessage, errorName, isRetriable, refreshesMetadata } from './generated/errors.ts';

test('errors have their names, messages and reactions', () => {
  assert.equal(ErrorCode.NOT_LEADER_OR_FOLLOWER, 6);
  assert.equal(errorName(6), 'NOT_LEADER_OR_FOLLOWER');
  assert.equal(errorName(ErrorCode.UNKNOWN_SERVER_ERROR), 'UNKNOWN_SERVER_ERROR');
  assert.ok(isRetriable(6) && refreshesMetadata(6));
  assert.ok(isRetriable(ErrorCode.NOT_ENOUGH_REPLICAS) && !refreshesMetadata(ErrorCode.NOT_ENOUGH_REPLICAS));
  assert.ok(!isRetriable(ErrorCode.NONE) && !isRetriable(ErrorCode.UNKNOWN_SERVER_ERROR));
  for (const code of Object.values(ErrorCode)) assert.match(errorMessage(code), /^[A-Z].*\.$/);
});

test('a code that Kafka does not have is no failure', () => {
  assert.equal(errorName(9999), 'ERROR_9999');
  assert.ok(!isRetriable(9999));
  assert.notEqual(errorMessage(9999), '');
});

test('all codes from -1 on are there, once', () => {
  const codes = Object.values(ErrorCode);
  assert.deepEqual(
    [...codes].sort((a, b) => a - b),
    Array.from({ length: 135 }, (_, i) => i - 1),
  );
});
