// Stories of groups, told to whatever coordinator there is. The tests hold what has to come out; a real Kafka comes to the same.
//
// They count on SCENARIO_SETTINGS, and on topics `orders` and `payments`.
import type { GroupSettings } from './group-settings.ts';
import type { GroupTranscript } from './group-transcript.ts';
import { TRANSACTION_SCENARIOS } from './transaction-scenarios.ts';

export const SCENARIO_SETTINGS: Partial<GroupSettings> = {
  initialRebalanceDelayMs: 300,
  minSessionTimeoutMs: 500,
  maxSessionTimeoutMs: 60_000,
  maxGroupSize: 3,
};

export type Scenario = (t: GroupTranscript) => Promise<void>;

async function joinTwice(
  t: GroupTranscript,
  name: string,
  options: Parameters<GroupTranscript['join']>[1] = {},
): Promise<void> {
  await t.join(name, options);
  await t.join(name, options);
}

/** a and b in generation 1, a leading. */
async function pair(t: GroupTranscript, options: Parameters<GroupTranscript['join']>[1] = {}): Promise<void> {
  await joinTwice(t, 'a', options);
  await joinTwice(t, 'b', options);
  await t.pass(700);
  await t.sync('b');
  await t.sync('a', { a: 'p0', b: 'p1' });
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'two members join, sync, beat and leave': async (t) => {
    await pair(t, { protocols: ['range:orders', 'roundrobin:orders'] });
    await t.heartbeat('a');
    await t.heartbeat('b');
    await t.describe();
    await t.list();
    await t.leave('b');
    await t.heartbeat('a');
    await t.join('a', { protocols: ['range:orders', 'roundrobin:orders'] });
    await t.sync('a', { a: 'p0 p1' });
    await t.leave('a');
    await t.describe();
    await t.heartbeat('a');
    await t.leave('a');
    await t.join('a');
  },
  'requests that do not fit': async (t) => {
    await t.join('a', { memberId: 'made-up' });
    await t.join('a', { session: 100 });
    await t.join('a', { session: 100_000 });
    await t.join('a', { protocols: [] });
    await t.join('a', { type: '' });
    await t.heartbeat('a', { memberId: 'made-up', generation: 1 });
    await t.sync('a', {}, { memberId: 'made-up', generation: 1 });
    await t.leave('a');
    await pair(t);
    await t.join('c', { protocols: ['sticky'] });
    await t.join('c', { type: 'connect' });
    await t.join('a', { protocols: ['sticky'] });
    await t.heartbeat('a', { generation: 7 });
    await t.heartbeat('a', { memberId: 'made-up' });
    await t.heartbeat('a', { instance: 'made-up' });
    await t.sync('a', {}, { generation: 0 });
    await t.sync('a', {}, { protocol: 'roundrobin' });
    await t.sync('a', {}, { memberId: 'made-up' });
    await t.sync('b');
  },
  'old clients join without being asked to come again': async (t) => {
    await t.join('a', { version: 3 });
    await t.join('b', { version: 0 });
    await t.pass(700);
    await t.sync('a', { a: 'p0' });
    await t.sync('b');
  },
  'joining again': async (t) => {
    await pair(t);
    // A follower with nothing new is told the same; with something new everyone is called.
    await t.join('b');
    await t.heartbeat('a');
    await t.join('b', { protocols: ['range:orders,payments'] });
    await t.heartbeat('a');
    await t.join('a');
    await t.join('b', { protocols: ['range:orders,payments'] });
    await t.sync('b');
    // The leader, with nothing new, calls everyone too, and those who wait for an assignment learn it.
    await t.sync('a', { a: 'p0', b: 'p1' });
    await t.join('a');
    await t.heartbeat('b');
    await t.join('b', { protocols: ['range:orders,payments'] });
    await t.sync('b');
    await t.join('a', { protocols: ['range:orders,refunds'] });
    await t.sync('b');
    await t.join('b', { protocols: ['range:orders,payments'] });
  },
  'those who do not join again in time are out': async (t) => {
    await pair(t, { rebalance: 1_000 });
    await joinTwice(t, 'c', { rebalance: 1_000 });
    await t.heartbeat('b');
    await t.join('a', { rebalance: 1_000 });
    await t.pass(1_300);
    await t.heartbeat('b');
    await t.sync('a', { a: 'p0', c: 'p1' });
    await t.sync('c');
  },
  'a member that is silent is removed': async (t) => {
    await pair(t, { session: 800 });
    await t.pass(500);
    await t.heartbeat('a');
    await t.pass(500);
    await t.heartbeat('a');
    await t.join('a', { session: 800 });
    await t.sync('a', { a: 'p0' });
    await t.commit('a', 5);
    await t.pass(1_200);
    await t.describe();
    await t.fetch();
  },
  'an id that is not used holds up the group until its session ends': async (t) => {
    await pair(t, { rebalance: 5_000 });
    await t.join('c', { session: 900 });
    await t.heartbeat('a');
    await t.join('a', { rebalance: 5_000 });
    await t.join('b', { protocols: ['range:payments'], rebalance: 5_000 });
    await t.pass(1_300);
    await t.sync('b');
  },
  'those who do not sync in time are out': async (t) => {
    await pair(t, { rebalance: 1_000 });
    await t.join('a', { rebalance: 1_000 });
    await t.join('b', { rebalance: 1_000 });
    await t.sync('a', { a: 'p0', b: 'p1' });
    await t.pass(1_300);
    await t.heartbeat('a');
    await t.heartbeat('b');
  },
  'a leader that does not sync is replaced': async (t) => {
    await pair(t, { rebalance: 1_000 });
    await t.join('a', { rebalance: 1_000 });
    await t.join('b', { rebalance: 1_000 });
    await t.sync('b');
    await t.pass(1_300);
    await t.join('b', { rebalance: 1_000 });
    await t.heartbeat('a');
  },
  'a full group': async (t) => {
    await joinTwice(t, 'a');
    await joinTwice(t, 'b');
    await joinTwice(t, 'c');
    await t.join('d');
    await t.pass(900);
    await t.join('d');
    await t.join('d', { version: 3 });
    await t.sync('a', { a: 'p0' });
    await t.join('d', { version: 3 });
    await t.join('a');
  },
  'the initial delay is extended while members come': async (t) => {
    await t.join('a', { rebalance: 1_000, version: 3 });
    await t.pass(100);
    await t.join('b', { rebalance: 1_000, version: 3 });
    await t.pass(200);
    await t.join('c', { rebalance: 1_000, version: 3 });
    await t.pass(700);
  },
  'the protocol that most prefer': async (t) => {
    await joinTwice(t, 'a', { protocols: ['range', 'roundrobin', 'sticky'] });
    await joinTwice(t, 'b', { protocols: ['roundrobin', 'range'] });
    await joinTwice(t, 'c', { protocols: ['roundrobin', 'range'] });
    await t.pass(1_000);
  },
  'a static member comes back': async (t) => {
    await t.join('a', { instance: 'i1' });
    await t.join('b', { instance: 'i2' });
    await t.pass(700);
    await t.sync('a', { a: 'p0', b: 'p1' }, { instance: 'i1' });
    await t.sync('b', {}, { instance: 'i2' });
    const before = t.idOf('b');
    await t.join('b', { instance: 'i2', memberId: '' });
    await t.heartbeat('b', { instance: 'i2' });
    await t.heartbeat('b', { instance: 'i2', memberId: before });
    await t.heartbeat('b', { memberId: before });
    await t.commit('b', 1, { instance: 'i2', memberId: before });
    await t.join('b', { instance: 'i2', memberId: before });
    await t.sync('b', {}, { instance: 'i2', memberId: before });
    await t.sync('b', {}, { instance: 'i2' });
    await t.heartbeat('a', { instance: 'i1' });
    await t.describe();
  },
  'a static leader comes back': async (t) => {
    await t.join('a', { instance: 'i1' });
    await t.join('b', { instance: 'i2' });
    await t.pass(700);
    await t.sync('a', { a: 'p0', b: 'p1' }, { instance: 'i1' });
    await t.join('a', { instance: 'i1', memberId: '' });
    await t.sync('a', {}, { instance: 'i1' });
    await t.join('a', { instance: 'i1', memberId: '', version: 8 });
    await t.sync('a', {}, { instance: 'i1' });
    await t.join('a', { instance: 'i1', memberId: '', protocols: ['range:payments'] });
    await t.join('b', { instance: 'i2', memberId: '', protocols: ['sticky', 'range'] });
  },
  'a static member comes back while others wait': async (t) => {
    await t.join('a', { instance: 'i1' });
    await t.join('b', { instance: 'i2' });
    await t.join('b', { instance: 'i2', memberId: '' });
    await t.pass(700);
    await t.sync('b', {}, { instance: 'i2' });
    await t.join('b', { instance: 'i2', memberId: '' });
    await t.join('a', { instance: 'i1' });
    await t.sync('a', { a: 'p0', b: 'p1' }, { instance: 'i1' });
    await t.sync('b', {}, { instance: 'i2' });
  },
  'static members outlive a rebalance, not their session': async (t) => {
    await t.join('a', { instance: 'i1', session: 1_500, rebalance: 700 });
    await t.join('b', { instance: 'i2', session: 1_500, rebalance: 700 });
    await t.pass(900);
    await t.sync('a', { a: 'p0', b: 'p1' }, { instance: 'i1' });
    await t.sync('b', {}, { instance: 'i2' });
    await t.join('a', { instance: 'i1', session: 1_500, rebalance: 700 });
    await t.pass(900);
    await t.sync('a', { a: 'p0' }, { instance: 'i1' });
    await t.pass(800);
    await t.heartbeat('a', { instance: 'i1' });
  },
  'administrators remove members': async (t) => {
    await t.join('a', { instance: 'i1' });
    await joinTwice(t, 'b');
    await t.pass(700);
    await t.leave('=i1', '=i9', 'b', 'nobody');
    await t.describe();
    await t.join('c');
    await t.leave('c');
    await t.join('c');
  },
  'leaving while others wait': async (t) => {
    await pair(t);
    await joinTwice(t, 'c');
    await t.leave('b');
    await t.join('a');
    await t.leave('c');
    await t.heartbeat('a');
  },
  'commits of members': async (t) => {
    await t.commit('a', 1, { generation: 3, memberId: 'made-up' });
    await t.commit('a', 1, { generation: 3, memberId: 'made-up', version: 8 });
    await pair(t);
    await t.commit('a', 2);
    await t.commit('a', 3, { metadata: 'x'.repeat(4_096) });
    await t.commit('a', 4, { metadata: 'x'.repeat(4_097) });
    await t.commit('a', 5, { generation: 0 });
    await t.commit('a', 6, { memberId: 'made-up' });
    await t.commit('a', 6, { instance: 'made-up' });
    await t.commit(undefined, 7);
    await t.commit('a', 7, { topic: 'no-such-topic' });
    await t.fetch();
    await t.join('a');
    await t.commit('b', 8);
    await t.join('b');
    await t.commit('b', 9);
    await t.sync('a');
    await t.deleteOffsets('orders');
    await t.deleteOffsets('payments');
    await t.deleteGroup();
    await t.fetch();
  },
  'a group of offsets only': async (t) => {
    await t.fetch();
    await t.describe();
    await t.describe(5);
    await t.deleteGroup();
    await t.deleteOffsets('orders');
    await t.commit(undefined, 1);
    await t.commit(undefined, 2, { topic: 'payments' });
    await t.fetch();
    await t.describe();
    await t.list(['empty'], ['Classic']);
    await t.list([' Stable ']);
    await t.list([], ['consumer']);
    await t.list([], ['made-up']);
    await t.deleteOffsets('orders');
    await t.fetch();
    await t.join('a');
    await t.commit(undefined, 3);
    await t.join('a');
    await t.commit(undefined, 4);
    await t.pass(700);
    await t.sync('a', { a: 'p0' });
    await t.deleteGroup();
    await t.leave('a');
    await t.deleteGroup();
    await t.fetch();
    await t.describe();
  },
  ...TRANSACTION_SCENARIOS,
};
