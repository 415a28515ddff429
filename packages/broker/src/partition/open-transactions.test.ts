import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenTransactions } from './open-transactions.ts';

test('the first transaction that is not decided durably holds back the last stable offset', () => {
  const transactions = new OpenTransactions();
  assert.equal(transactions.firstUnstableOffset, undefined);
  transactions.begin(1, 10);
  transactions.begin(2, 14);
  transactions.begin(3, 20);
  transactions.end(2, 14, 21);
  transactions.durable(22);
  assert.equal(transactions.firstUnstableOffset, 10);
  transactions.end(1, 10, 22);
  assert.equal(transactions.firstUnstableOffset, 10, 'ended, and not durable yet');
  assert.equal(transactions.firstOpenOffset, 20);
  transactions.durable(22);
  assert.equal(transactions.firstUnstableOffset, 10, 'the marker itself is not durable');
  transactions.durable(23);
  assert.equal(transactions.firstUnstableOffset, 20);
});

test('a failed commit opens what its markers had ended, and forgets what had begun', () => {
  const transactions = new OpenTransactions();
  transactions.begin(1, 0);
  transactions.durable(1);
  transactions.end(1, 0, 1);
  transactions.begin(1, 2);
  transactions.end(1, 2, 3);
  transactions.discard(1);
  assert.equal(transactions.firstOpenOffset, 0);
  transactions.durable(9);
  assert.equal(transactions.firstUnstableOffset, 0);
  transactions.end(1, 0, 9);
  transactions.durable(10);
  assert.equal(transactions.firstUnstableOffset, undefined);
});

test('the entries of a snapshot come in any order', () => {
  const transactions = new OpenTransactions();
  for (const offset of [30, 10, 20]) transactions.begin(offset, offset);
  assert.equal(transactions.firstOpenOffset, 10);
  transactions.end(10, 10, 40);
  transactions.durable(41);
  assert.equal(transactions.firstUnstableOffset, 20);
});

test('a hundred thousand transactions behind one that hangs cost no more than a few', () => {
  const transactions = new OpenTransactions();
  transactions.begin(0, 0);
  let offset = 1;
  for (let i = 1; i <= 100_000; i++, offset += 2) {
    transactions.begin(i, offset);
    transactions.end(i, offset, offset + 1);
    transactions.durable(offset + 2);
  }
  assert(transactions.remembered < 200, `${transactions.remembered} are remembered`);
  assert.equal(transactions.firstUnstableOffset, 0);
});

interface Open {
  readonly producerId: number;
  readonly firstOffset: number;
  endedAt: number | undefined;
}

test('it agrees with a list that is searched from end to end', () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('durable' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('discard' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
      const transactions = new OpenTransactions();
      let known: Open[] = [];
      let end = 0;
      let durable = 0;
      for (const each of actions) {
        const open = known.filter((transaction) => transaction.endedAt === undefined);
        if (each.kind === 'begin') {
          known.push({ producerId: end, firstOffset: end, endedAt: undefined });
          transactions.begin(end, end);
          end += 1;
        } else if (each.kind === 'end' && open.length > 0) {
          const transaction = open[each.which % open.length]!;
          transaction.endedAt = end;
          transactions.end(transaction.producerId, transaction.firstOffset, end);
          end += 1;
        } else if (each.kind === 'durable') {
          durable = end;
          known = known.filter(({ endedAt }) => endedAt === undefined || endedAt >= durable);
          transactions.durable(durable);
        } else if (each.kind === 'discard') {
          end = durable;
          known = known.filter(({ firstOffset }) => firstOffset < end);
          for (const transaction of known)
            if (transaction.endedAt !== undefined && transaction.endedAt >= end)
              transaction.endedAt = undefined;
          transactions.discard(end);
        }
        assert.equal(transactions.firstUnstableOffset, known[0]?.firstOffset);
        assert.equal(
          transactions.firstOpenOffset,
          known.find((transaction) => transaction.endedAt === undefined)?.firstOffset,
        );
      }
    }),
    { numRuns: 300 },
  );
});
