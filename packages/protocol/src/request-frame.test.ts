import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heartbeatRequest, newHeartbeatRequest } from './generated/heartbeat.ts';
import { requestHeader } from './generated/request-header.ts';
import { Reader } from './reader.ts';
import { requestFrame } from './request-frame.ts';

const message = newHeartbeatRequest({ groupId: 'readers', generationId: 3, memberId: 'm' });

for (const [version, headerVersion] of [
  [0, 1],
  [4, 2],
] as const) {
  test(`a frame in version ${version} has its length, header version ${headerVersion} and the message`, () => {
    const frame = requestFrame(heartbeatRequest, message, version, 7, 'somebody');
    const reader = new Reader(frame);
    assert.equal(reader.int32('length'), frame.length - 4);
    const header = requestHeader.decode(reader, headerVersion);
    assert.deepEqual(
      [header.requestApiKey, header.requestApiVersion, header.correlationId, header.clientId],
      [heartbeatRequest.apiKey, version, 7, 'somebody'],
    );
    assert.equal(heartbeatRequest.decode(reader, version).groupId, 'readers');
    assert.equal(reader.remaining, 0);
  });
}
