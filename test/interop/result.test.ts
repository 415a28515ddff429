import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resultTable, summary, type Result } from './result.ts';

const results: Result[] = [
  { client: 'one', scenario: 'first', outcome: 'pass', reason: '', seconds: 1.24 },
  { client: 'two', scenario: 'first', outcome: 'fail', reason: 'no answer', seconds: 3 },
  { client: 'two', scenario: 'second', outcome: 'skip', reason: 'it has none', seconds: 0 },
];

test('the table has a column for each client and a note for each failure and gap', () => {
  assert.deepEqual(resultTable(results).split('\n'), [
    '        one        two',
    'first   pass 1.2s  FAIL 3.0s [1]',
    'second             - [2]',
    '',
    '[1] two: no answer',
    '[2] not offered, two: it has none',
  ]);
});

test('one failure makes the whole run fail; skipped ones do not', () => {
  assert.deepEqual(summary(results), { line: '1 passed, 1 failed, 1 skipped', ok: false });
  assert.equal(summary(results.filter(({ outcome }) => outcome !== 'fail')).ok, true);
});
