import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '@moldau/runtime';
import { applyChange, emptyImage } from '../metadata/apply-change.ts';
import { ClientQuotas } from '../security/quotas/client-quotas.ts';
import type { Peer } from './dispatch.ts';
import { RunningRequest } from './running-request.ts';

/** Requests of one client that may use one percent of the time: 100 ms in the first ten seconds. */
class World {
  nowMs = 0;
  readonly #clock = { monotonic: () => this.nowMs } as Clock;
  readonly #quotas: ClientQuotas;

  constructor() {
    const image = applyChange(emptyImage(), {
      kind: 'client-quotas-changed',
      entity: { user: 'ANONYMOUS' },
      values: { request_percentage: 1 },
    });
    this.#quotas = new ClientQuotas(() => image, { number: 11, sizeMs: 1000 });
    assert(this.#quotas.active);
  }

  request(measured = true): RunningRequest {
    return new RunningRequest(
      { frame: Buffer.alloc(10), memory: undefined },
      { principal: 'ANONYMOUS' } as Peer,
      { apiVersion: 1, clientId: 'c' },
      this.#clock,
      measured ? this.#quotas : undefined,
    );
  }

  /** One whole request; how long its client is held back. */
  run(handleMs: number, waitMs: number, encodeMs: number): number {
    const request = this.request();
    request.startWork();
    this.nowMs += handleMs;
    request.pauseWork();
    this.nowMs += waitMs;
    request.startWork();
    request.throttleForWork();
    this.nowMs += encodeMs;
    request.finishWork();
    return request.throttleMs;
  }
}

test('the time that a request is worked on counts, the time that it waits does not', () => {
  const world = new World();
  assert.equal(world.run(50, 9000, 40), 0);
  assert.equal(world.run(5, 100, 0), 0);
  assert.ok(world.run(20, 0, 0) > 0);
});

test('encoding an answer counts for the next request', () => {
  const world = new World();
  assert.equal(world.run(0, 0, 500), 0);
  assert.equal(world.run(0, 0, 0), 1000);
});

test('a handler that asks is told once, and its client waits for the longest of all reasons', () => {
  const world = new World();
  const request = world.request();
  request.startWork();
  world.nowMs += 105;
  request.throttle(200);
  assert.ok(request.throttleForWork() > 400);
  assert.equal(request.throttleForWork(), 0);
  request.throttle(300);
  assert.ok(request.throttleMs > 400);
});

test('a request without an answer does not count', () => {
  const world = new World();
  const request = world.request();
  request.startWork();
  world.nowMs += 1000;
  request.pauseWork();
  request.finishWork();
  assert.equal(world.run(50, 0, 0), 0);
});

test('without quotas nothing is measured', () => {
  const world = new World();
  const request = world.request(false);
  request.startWork();
  world.nowMs += 5000;
  assert.equal(request.throttleForWork(), 0);
  assert.equal(request.throttleMs, 0);
});
