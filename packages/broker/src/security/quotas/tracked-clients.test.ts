import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRACKED_CLIENT_IDLE_MS, TrackedClients } from './tracked-clients.ts';

describe('what is remembered about clients', () => {
  it('is the same as long as the client is seen', () => {
    const tracked = new TrackedClients<object>();
    const first = tracked.get('a', 0, () => ({}));
    assert.equal(
      tracked.get('a', TRACKED_CLIENT_IDLE_MS - 1, () => ({})),
      first,
    );
  });

  it('goes an hour after it was last used, when another comes', () => {
    const tracked = new TrackedClients<number>();
    tracked.get('idle', 0, () => 1);
    tracked.get('busy', 0, () => 1);
    tracked.get('busy', 1000, () => 1);
    tracked.get('new', TRACKED_CLIENT_IDLE_MS, () => 1);
    assert.equal(tracked.size, 2);
    assert.equal(
      tracked.get('busy', TRACKED_CLIENT_IDLE_MS, () => 2),
      1,
    );
    assert.equal(
      tracked.get('idle', TRACKED_CLIENT_IDLE_MS, () => 2),
      2,
    );
  });

  it('is bounded: who was not seen for longest goes first', () => {
    const tracked = new TrackedClients<number>(3);
    for (const key of ['a', 'b', 'c', 'a', 'd']) tracked.get(key, 0, () => 1);
    assert.equal(tracked.size, 3);
    assert.equal(
      tracked.get('a', 0, () => 2),
      1,
    );
    assert.equal(
      tracked.get('b', 0, () => 2),
      2,
    );
    assert.equal(tracked.size, 3);
  });
});
