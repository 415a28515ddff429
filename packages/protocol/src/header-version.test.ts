import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiKey, APIS } from './generated/apis.ts';
import { requestHeaderVersion, responseHeaderVersion } from './header-version.ts';

test('flexible versions have flexible headers', () => {
  assert.deepEqual(
    [requestHeaderVersion(ApiKey.Produce, 8), responseHeaderVersion(ApiKey.Produce, 8)],
    [1, 0],
  );
  assert.deepEqual(
    [requestHeaderVersion(ApiKey.Produce, 9), responseHeaderVersion(ApiKey.Produce, 9)],
    [2, 1],
  );
  assert.deepEqual(
    [requestHeaderVersion(ApiKey.SaslHandshake, 1), responseHeaderVersion(ApiKey.SaslHandshake, 1)],
    [1, 0],
  );
});

test('ApiVersions is answered with header v0 always', () => {
  for (const version of [0, 3, 4, 99]) assert.equal(responseHeaderVersion(ApiKey.ApiVersions, version), 0);
  assert.equal(requestHeaderVersion(ApiKey.ApiVersions, 3), 2);
});

test('an API that does not exist has the plain headers', () => {
  for (const key of [-1, 93, 1.5, 32767]) {
    assert.deepEqual([requestHeaderVersion(key, 0), responseHeaderVersion(key, 0)], [1, 0]);
  }
});

test('the table holds the 93 APIs, each at its key', () => {
  assert.equal(APIS.length, 93);
  for (const [key, api] of APIS.entries()) {
    assert.equal(api.key, key);
    assert.equal(ApiKey[api.name], key);
  }
});
