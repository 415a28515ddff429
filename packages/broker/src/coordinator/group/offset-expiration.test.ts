import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@moldau/runtime/simulated/seeded-random.ts';
import { UndoLog } from '../undo-log.ts';
import { emptyGroup } from './classic-group.ts';
import type { ClassicGroup } from './classic-group.ts';
import { offsetRecord, readGroupRecord } from './group-records.ts';
import { DEFAULT_GROUP_SETTINGS } from './group-settings.ts';
import { GroupState } from './group-state.ts';
import { expireOffsets } from './offset-expiration.ts';

const RETENTION_MS = DEFAULT_GROUP_SETTINGS.offsetsRetentionMs;
const COMMITTED = 1_000;

/** What expires `afterMs` after a commit to `orders` and `payments`, in a group that is otherwise as given. */
function expiring(afterMs: number, group: Partial<ClassicGroup>, expireTimestampMs = -1): string[] {
  const state = new GroupState(DEFAULT_GROUP_SETTINGS, new UndoLog());
  const offset = {
    offset: 1,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs: COMMITTED,
    expireTimestampMs,
    topicId: undefined,
  };
  for (const [at, topic] of ['orders', 'payments'].entries())
    state.apply(offsetRecord('g', topic, 0, offset), at);
  const whole = { ...emptyGroup('g', COMMITTED), ...group };
  state.applyChange({ kind: 'group', groupId: 'g', group: whole, sessions: [], nowMs: 0, settled: false });
  return expireOffsets(state, COMMITTED + afterMs).map((record) => {
    assert.equal(record.value, null);
    const read = readGroupRecord(record);
    return read.kind === 'offset' ? read.topic : read.kind;
  });
}

const ALL = ['orders', 'payments', 'group'];
const stable = { state: 'Stable', protocolType: 'consumer', subscribedTopics: new Set(['orders']) } as const;

void test('offsets of nobody expire by the time of the commit, and the group with them', () => {
  assert.deepEqual(expiring(RETENTION_MS - 1, {}), []);
  assert.deepEqual(expiring(RETENTION_MS, {}), ALL);
});

void test('those of a group whose members have gone, by the time since when it is empty', () => {
  const emptied = {
    protocolType: 'consumer',
    stateTimestampMs: COMMITTED + 500,
    subscribedTopics: new Set<string>(),
  };
  assert.deepEqual(expiring(RETENTION_MS, emptied), []);
  assert.deepEqual(expiring(RETENTION_MS + 500, emptied), ALL);
  assert.deepEqual(
    expiring(RETENTION_MS, { ...emptied, stateTimestampMs: -1 }),
    ALL,
    'an old record does not say since when',
  );
});

void test('those of a stable group of consumers, where nobody subscribes to the topic', () => {
  assert.deepEqual(expiring(RETENTION_MS, stable), ['payments']);
  assert.deepEqual(
    expiring(RETENTION_MS, { ...stable, subscribedTopics: undefined }),
    [],
    'unknown subscriptions keep all',
  );
});

void test('nothing expires in a rebalance, or under members of another kind', () => {
  assert.deepEqual(expiring(RETENTION_MS, { ...stable, state: 'PreparingRebalance' }), []);
  assert.deepEqual(
    expiring(RETENTION_MS, { ...stable, protocolType: 'connect', subscribedTopics: undefined }),
    [],
  );
});

void test('an expiry that was asked for wins', () => {
  assert.deepEqual(expiring(99, {}, COMMITTED + 100), []);
  assert.deepEqual(expiring(100, {}, COMMITTED + 100), ALL);
  assert.deepEqual(expiring(RETENTION_MS, {}, COMMITTED + 2 * RETENTION_MS), []);
});

void test('a group whose member is about to come stays', () => {
  assert.deepEqual(expiring(RETENTION_MS, { pendingJoin: new Set(['m']) }), ['orders', 'payments']);
});

void test('the check comes round by itself', () => {
  const state = new GroupState(DEFAULT_GROUP_SETTINGS, new UndoLog());
  const context = { nowMs: COMMITTED, monotonicMs: 5, random: new SeededRandom(1), reply: 1 };
  for (const change of state.loaded(context).changes) state.applyChange(change);
  const checkMs = 5 + DEFAULT_GROUP_SETTINGS.offsetsRetentionCheckIntervalMs;
  assert.equal(state.nextDeadline(), checkMs);
  const offset = {
    offset: 1,
    leaderEpoch: -1,
    metadata: '',
    commitTimestampMs: COMMITTED,
    expireTimestampMs: -1,
    topicId: undefined,
  };
  state.apply(offsetRecord('g', 'orders', 0, offset), 0);
  const decision = state.expire({ ...context, nowMs: COMMITTED + RETENTION_MS, monotonicMs: checkMs });
  assert.equal(decision.records.length, 2);
  for (const change of decision.changes) state.applyChange(change);
  assert.equal(state.nextDeadline(), checkMs + DEFAULT_GROUP_SETTINGS.offsetsRetentionCheckIntervalMs);
});
