// Stories of transactions, told to whatever coordinator there is. The tests hold what has to come out; a real Kafka comes to the same.
//
// They count on SCENARIO_SETTINGS, and on topics `orders` and `payments` with 3 partitions.
import type { TransactionSettings } from './transaction-settings.ts';
import type { TransactionTranscript } from './transaction-transcript.ts';

export const SCENARIO_SETTINGS: Partial<TransactionSettings> = {
  maxTimeoutMs: 60_000,
  abortTimedOutIntervalMs: 100,
};

export type Scenario = (t: TransactionTranscript) => Promise<void>;

const ORDERS = ['orders-0'];

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'commits and aborts of a client that has its epoch raised': async (t) => {
    await t.describe();
    await t.init('a');
    await t.describe();
    await t.add('a', ['orders-0', 'payments-1'], { version: 5 });
    await t.describe();
    await t.commit('a');
    await t.describe();
    await t.add('a', ORDERS, { version: 5 });
    await t.add('a', ['orders-2', 'payments-0'], { version: 5 });
    await t.addOffsets('a');
    await t.describe();
    await t.abort('a');
    await t.describe();
  },
  'commits and aborts of an older client': async (t) => {
    await t.init('a', { version: 4 });
    await t.add('a', ORDERS);
    await t.addOffsets('a', { version: 3 });
    await t.describe();
    await t.commit('a', { version: 4 });
    await t.describe();
    await t.add('a', ['payments-1']);
    await t.abort('a', { version: 0 });
    await t.describe();
  },
  'an end that is asked for again, with the epoch raised': async (t) => {
    await t.init('a');
    await t.commit('a');
    await t.abort('a', { epoch: -1 });
    await t.add('a', ORDERS, { version: 5 });
    t.copy('a', 'before');
    await t.commit('a');
    await t.commit('before');
    t.copy('a', 'after');
    await t.abort('a', { epoch: -1 });
    await t.commit('a');
    await t.abort('a');
    await t.describe();
    await t.abort('a', { epoch: -1 });
    await t.commit('a', { epoch: -1 });
    await t.commit('a');
    await t.abort('a', { epoch: 1 });
    await t.abort('a', { epoch: -2 });
    await t.abort('a');
  },
  'an end that is asked for again, by an older client': async (t) => {
    await t.init('a', { version: 3 });
    await t.commit('a', { version: 4 });
    await t.abort('a', { version: 4 });
    await t.add('a', ORDERS);
    await t.commit('a', { version: 4 });
    await t.commit('a', { version: 4 });
    await t.abort('a', { version: 4 });
    await t.add('a', ORDERS);
    await t.abort('a', { version: 3 });
    await t.abort('a', { version: 3 });
    await t.commit('a', { version: 3 });
    await t.commit('a', { version: 3, epoch: 1 });
    await t.commit('a', { version: 1, epoch: -1 });
  },
  'a client that changes its version on the way': async (t) => {
    await t.init('a');
    await t.add('a', ORDERS, { version: 5 });
    await t.commit('a', { version: 4 });
    await t.describe();
    await t.commit('a');
    await t.add('a', ORDERS);
    await t.commit('a');
    await t.commit('a', { version: 4, epoch: -1 });
    await t.commit('a', { version: 4 });
    await t.add('a', ORDERS);
    await t.abort('a');
    await t.describe();
  },
  'an abort of what never began': async (t) => {
    await t.init('a');
    await t.abort('a');
    await t.describe();
    await t.abort('a', { version: 4 });
    await t.commit('a', { version: 4 });
    await t.init('b');
    await t.abort('b', { version: 4 });
    await t.abort('b', { version: 2 });
  },
  'requests that do not fit': async (t) => {
    await t.add('nobody', ORDERS);
    await t.add('nobody', ORDERS, { version: 5 });
    await t.verify('nobody', ORDERS);
    await t.addOffsets('nobody');
    await t.commit('nobody');
    await t.commit('nobody', { version: 4 });
    await t.init('a', { timeout: 60_001 });
    await t.init('a', { timeout: 0 });
    await t.init('a', { timeout: -1 });
    await t.init('a', { transactionalId: '' });
    await t.init('a', { expected: { id: 5, epoch: -1 } });
    await t.init('a', { expected: { id: -1, epoch: 5 } });
    await t.init('a', { transactionalId: null, expected: { id: 5, epoch: -1 } });
    await t.init('a', { version: 6, twoPhase: true });
    await t.init('a', { version: 6, twoPhase: true, timeout: 600_000 });
    await t.init('a', { version: 6, keepPrepared: true });
    await t.init('a', { version: 6, keepPrepared: true, timeout: 0 });
    await t.init('a', { version: 6 });
    await t.add('a', ['orders-0', 'orders-7', 'missing-0', 'payments-1']);
    await t.add('a', ['orders-0', 'missing-0'], { version: 5 });
    await t.verify('a', ['missing-0']);
    await t.add('a', ORDERS, { transactionalId: '' });
    await t.add('a', ORDERS, { transactionalId: '', version: 5 });
    await t.verify('a', ORDERS, { transactionalId: '' });
    await t.addOffsets('a', { transactionalId: '' });
    await t.commit('a', { transactionalId: '' });
    await t.add('a', ORDERS, { producerId: 999_999 });
    await t.verify('a', ORDERS, { producerId: 999_999 });
    await t.commit('a', { producerId: 999_999 });
    await t.commit('a', { producerId: 999_999, version: 4 });
    await t.describe('');
    await t.describe('made up');
  },
  'older versions know no fenced producers': async (t) => {
    await t.init('a');
    await t.init('b');
    for (const version of [0, 1, 2, 3, 4, 5]) await t.add('a', ORDERS, { version });
    for (const version of [0, 1, 2, 3, 4]) await t.addOffsets('a', { version });
    for (const version of [0, 1, 2, 3, 4, 5]) await t.commit('a', { version });
    await t.init('a', { version: 3, expected: 'own' });
    await t.init('a', { version: 4, expected: 'own' });
    await t.verify('a', ORDERS);
    await t.describe();
  },
  'whoever begins anew aborts what was left open': async (t) => {
    await t.init('a');
    await t.add('a', ORDERS, { version: 5 });
    await t.init('b');
    await t.describe();
    await t.abort('a', { epoch: 0 });
    t.copy('a', 'kept');
    await t.init('b');
    await t.commit('a');
    await t.abort('kept');
    await t.add('a', ORDERS, { version: 5 });
    await t.add('b', ORDERS, { version: 5 });
    await t.commit('b');
    await t.describe();
  },
  'whoever begins anew aborts what an older client left open': async (t) => {
    await t.init('a', { version: 2 });
    await t.add('a', ORDERS);
    await t.init('b', { version: 2 });
    await t.commit('a', { version: 3 });
    await t.describe();
    await t.init('b', { version: 2 });
    await t.commit('a', { version: 3 });
    await t.add('a', ORDERS, { version: 1 });
    await t.add('b', ORDERS);
    await t.commit('b', { version: 3 });
  },
  'a producer goes on after an error': async (t) => {
    await t.init('a');
    t.copy('a', 'first');
    await t.init('a', { expected: 'own' });
    await t.init('first', { expected: 'own' });
    t.copy('a', 'second');
    await t.init('a', { expected: 'own' });
    await t.init('second', { expected: 'own' });
    await t.add('a', ORDERS, { version: 5 });
    await t.init('a', { expected: 'own' });
    await t.init('a', { expected: 'own' });
    await t.describe();
    await t.init('b');
    await t.init('a', { expected: 'own' });
    await t.init('c', { expected: { id: 123_456, epoch: 0 } });
    await t.init('b', { expected: 'own' });
    await t.add('b', ORDERS, { version: 5 });
    await t.commit('b');
    await t.init('b', { expected: 'own' });
    await t.describe();
  },
  'a new id with a producer of before': async (t) => {
    await t.init('a', { expected: { id: 123_456, epoch: 7 } });
    await t.init('a', { expected: 'own' });
  },
  'partitions are verified': async (t) => {
    await t.init('a');
    await t.verify('a', ORDERS);
    await t.add('a', ORDERS);
    await t.verify('a', ['orders-0', 'orders-1']);
    await t.verify('a', ORDERS, { epoch: 1 });
    await t.verify('a', ORDERS, { epoch: -1 });
    await t.verify('a', ORDERS, { version: 4 });
    await t.commit('a', { version: 4 });
    await t.verify('a', ORDERS);
  },
  'a transaction that outlives its time-out': async (t) => {
    await t.init('a', { timeout: 1_000 });
    await t.add('a', ORDERS, { version: 5 });
    await t.describe();
    await t.pass(2_000);
    await t.describe();
    t.copy('a', 'late');
    await t.commit('a');
    await t.add('a', ORDERS, { version: 5 });
    await t.abort('late');
    await t.add('late', ORDERS, { version: 5 });
    await t.pass(2_000);
    await t.init('a', { expected: 'own' });
    await t.init('late', { expected: 'own' });
    await t.describe();
  },
  'what is listed': async (t) => {
    await t.list();
    await t.init('a');
    await t.init('other', { transactionalId: null });
    await t.list();
    await t.add('a', ORDERS);
    await t.list({ states: ['Ongoing'] });
    await t.list({ states: ['Empty'] });
    await t.list({ states: ['Ongoing', 'Nonsense'] });
    await t.list({ states: ['Nonsense'] });
    await t.list({ states: ['ongoing'] });
    await t.list({ producers: ['a'] });
    await t.list({ producers: ['other'] });
    await t.pass(50);
    await t.list({ duration: 0 });
    await t.list({ duration: 1_000_000 });
    await t.list({ pattern: 'ID' });
    await t.list({ pattern: 'ID.+' });
    await t.list({ pattern: '.*' });
    await t.list({ pattern: '' });
    await t.list({ pattern: '(' });
    await t.commit('a', { version: 4 });
    await t.list({ states: ['CompleteCommit'], duration: 0 });
  },
  'the epochs run out at an end': async (t) => {
    await t.init('a');
    await t.raise('a', 32_766);
    await t.add('a', ORDERS, { version: 5 });
    t.copy('a', 'last');
    await t.commit('a');
    await t.describe();
    await t.commit('last');
    await t.abort('last');
    await t.add('a', ORDERS, { version: 5 });
    await t.commit('last');
    await t.abort('a');
    await t.describe();
  },
  'the epochs run out at a beginning': async (t) => {
    await t.init('a');
    await t.raise('a', 32_766);
    t.copy('a', 'last');
    await t.init('a', { expected: 'own' });
    await t.init('last', { expected: 'own' });
    await t.describe();
    await t.raise('a', 32_766);
    await t.init('a');
    await t.add('a', ORDERS, { version: 5 });
    await t.describe();
  },
  'the epochs run out as a producer is fenced': async (t) => {
    await t.init('a');
    await t.raise('a', 32_766);
    await t.add('a', ORDERS, { version: 5 });
    await t.init('b');
    await t.describe();
    await t.init('b');
    await t.commit('a');
    await t.describe();
  },
  'the epochs of an older client run out': async (t) => {
    await t.init('a');
    await t.raise('a', 32_765);
    await t.init('a', { version: 2 });
    await t.add('a', ORDERS);
    await t.commit('a', { version: 3 });
    await t.init('a', { version: 2 });
    await t.describe();
  },
};
