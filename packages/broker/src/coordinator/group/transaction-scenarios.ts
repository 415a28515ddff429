// Stories of offsets that are committed in transactions; told with those of group-scenarios.ts.
import type { Scenario } from './group-scenarios.ts';

export const TRANSACTION_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'offsets of a transaction are seen once it is committed': async (t) => {
    await t.init('p');
    await t.addGroup('p');
    await t.commitIn('p', 5);
    await t.fetch();
    await t.fetchOne('orders', true);
    await t.fetchOne('orders', false);
    await t.fetchOne('payments', true);
    await t.describe();
    await t.commitIn('p', 6);
    await t.end('p', 'commit');
    await t.fetch();
    await t.addGroup('p');
    await t.commitIn('p', 7);
    await t.fetch();
    await t.fetch(false);
    await t.fetchOne('orders', true);
    await t.fetchOne('orders', false);
    await t.end('p', 'abort');
    await t.fetch();
    await t.fetchOne('orders', true);
  },
  'the later commit in the log wins': async (t) => {
    await t.init('p');
    await t.init('q');
    await t.addGroup('p');
    await t.addGroup('q');
    await t.commitIn('p', 5);
    await t.commit(undefined, 6);
    await t.fetchOne('orders', false);
    await t.end('p', 'commit');
    await t.fetch();
    await t.commitIn('q', 7);
    await t.addGroup('p');
    await t.commitIn('p', 8);
    await t.end('p', 'commit');
    await t.fetchOne('orders', true);
    await t.fetchOne('orders', false);
    await t.end('q', 'commit');
    await t.fetch();
  },
  'commits of members in transactions': async (t) => {
    await t.init('p');
    await t.addGroup('p');
    await t.commitIn('p', 1, { member: 'a', memberOptions: { generation: 3, memberId: 'made-up' } });
    await t.join('a');
    await t.join('a');
    await t.pass(700);
    await t.commitIn('p', 2, { member: 'a' });
    await t.sync('a', { a: 'p0' });
    await t.commitIn('p', 3, { member: 'a' });
    await t.commitIn('p', 4, { member: 'a', memberOptions: { generation: 0 } });
    await t.commitIn('p', 4, { member: 'a', memberOptions: { memberId: 'made-up' } });
    await t.commitIn('p', 4, { member: 'a', memberOptions: { instance: 'made-up' } });
    await t.commitIn('p', 4, { member: 'a', metadata: 'x'.repeat(4_097) });
    await t.commitIn('p', 4, { topic: 'no-such-topic' });
    await t.commitIn('p', 5);
    await t.commitIn('p', 6, { version: 0 });
    await t.end('p', 'commit');
    await t.fetch();
  },
  'producers that are not in a transaction': async (t) => {
    await t.commitIn('p', 1);
    await t.init('p');
    await t.commitIn('p', 2);
    await t.commitIn('p', 2, { version: 3 });
    await t.addGroup('p');
    await t.commitIn('p', 3, { producerEpoch: 7 });
    await t.commitIn('p', 3, { producerId: 123_456_789 });
    await t.commitIn('p', 3, { transactionalId: 'made-up' });
    await t.commitIn('p', 4);
    await t.commitIn('p', 4, { producerEpoch: 7 });
    await t.commitIn('p', 4, { transactionalId: 'made-up' });
    await t.init('p');
    await t.fetch();
    await t.commitIn('p', 5, { producerEpoch: 0 });
    await t.fetchOne('orders', true);
  },
  'a broker that adds the group to the transaction by itself': async (t) => {
    await t.init('p');
    await t.commitIn('p', 1, { version: 5 });
    await t.fetchOne('orders', true);
    await t.end('p', 'commit');
    await t.fetch();
  },
  'deleting what a transaction has pending': async (t) => {
    await t.init('p');
    await t.addGroup('p');
    await t.commitIn('p', 1);
    await t.commitIn('p', 2, { topic: 'payments' });
    await t.deleteOffsets('orders');
    await t.fetchOne('orders', true);
    await t.fetchOne('payments', true);
    await t.end('p', 'commit');
    await t.fetch();
    await t.addGroup('p');
    await t.commitIn('p', 3);
    await t.deleteGroup();
    await t.describe();
    await t.fetchOne('orders', true);
    await t.commitIn('p', 4, { topic: 'payments' });
    await t.describe();
    await t.end('p', 'commit');
    await t.fetch();
  },
};
