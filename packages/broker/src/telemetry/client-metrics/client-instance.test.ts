import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorName } from '@moldau/protocol';
import { ClientInstance, type Push } from './client-instance.ts';

const TASK = { subscriptionId: 7, metrics: ['*'], pushIntervalMs: 1000 };
const limits = { maxBytes: 100, supportsCompression: (type: number) => type <= 4 };

/** `[time, 'ask' | what a push says, the answer]`, in order, of one instance. */
type Scene = readonly [at: number, what: 'ask' | Partial<Push>, answer: string];

const scenes: Readonly<Record<string, readonly Scene[]>> = {
  'asks, pushes at once, then once an interval': [
    [0, 'ask', 'NONE'],
    [1, {}, 'NONE'],
    [500, {}, 'THROTTLING_QUOTA_EXCEEDED'],
    [1000, {}, 'THROTTLING_QUOTA_EXCEEDED'],
    [1001, {}, 'NONE'],
    [2001, {}, 'NONE'],
  ],
  'asks again too early': [
    [0, 'ask', 'NONE'],
    [999, 'ask', 'THROTTLING_QUOTA_EXCEEDED'],
    [1000, 'ask', 'NONE'],
    [1500, {}, 'NONE'],
    [2000, 'ask', 'THROTTLING_QUOTA_EXCEEDED'],
    [2500, 'ask', 'NONE'],
  ],
  'pushes under an old id, asks again at once, and pushes': [
    [0, { subscriptionId: 6 }, 'UNKNOWN_SUBSCRIPTION_ID'],
    [1, 'ask', 'NONE'],
    [2, {}, 'NONE'],
    [3, 'ask', 'THROTTLING_QUOTA_EXCEEDED'],
  ],
  'pushes in a compression that nobody has': [
    [0, 'ask', 'NONE'],
    [1, { compressionType: 5 }, 'UNSUPPORTED_COMPRESSION_TYPE'],
    [2, 'ask', 'NONE'],
    [3, { compressionType: 4 }, 'NONE'],
  ],
  'pushes too much': [
    [0, 'ask', 'NONE'],
    [1, { bytes: 101 }, 'TELEMETRY_TOO_LARGE'],
    [1001, { bytes: 100 }, 'NONE'],
  ],
  'says good-bye early, and then nothing more is taken': [
    [0, 'ask', 'NONE'],
    [1, {}, 'NONE'],
    [2, { terminating: true }, 'NONE'],
    [5000, { terminating: true }, 'INVALID_REQUEST'],
  ],
};

describe('a client instance', () => {
  for (const [name, scene] of Object.entries(scenes)) {
    it(name, () => {
      const instance = new ClientInstance(TASK);
      for (const [at, what, answer] of scene) {
        const push = { subscriptionId: 7, terminating: false, compressionType: 0, bytes: 10 };
        const code = what === 'ask' ? instance.ask(at) : instance.push({ ...push, ...what }, at, limits);
        assert.equal(errorName(code), answer, `at ${at}`);
      }
    });
  }
});
