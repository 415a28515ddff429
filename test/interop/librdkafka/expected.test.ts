import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDue, isExpected, isMet, parseExpected, parseResult, type Expectation } from './expected.ts';
import type { LaterTest } from './later.ts';

const EXPECTED_KAFKA = `# a comment with PASS
0001_multiobj          PASS    PASS   0/0
0045_subscribe_update_topic_remove PASS ? 1/0  # consumer: in two steps
0061_consumer_lag      PASS    PASS   2/2
0092_mixed_msgver      SKIP    SKIP   0/0    # skips itself
0103_transactions      PASS    PASS  13/13
0107_topic_recreate    ?       ?      0/0
`;
const TESTS = `0001_multiobj default \n0045_subscribe_update_topic_remove noautocreate \n0061_consumer_lag default\n0107_topic_recreate noautocreate\n`;
const LATER: readonly LaterTest[] = [
  { test: '0061_consumer_lag', needs: 'something', subtestsBefore: 1 },
  { test: '0103_transactions', needs: 'something', subtestsBefore: 0 },
];

function expectations(): Map<string, Expectation> {
  return new Map(
    parseExpected(EXPECTED_KAFKA, TESTS, LATER).map((expectation) => [
      expectation.test.slice(0, 4),
      expectation,
    ]),
  );
}

test('only what passes with Kafka is expected, and what is for later only in part or not at all', () => {
  const expected = expectations();
  const names = (wanted: (expectation: Expectation) => boolean): string[] =>
    [...expected].filter(([, expectation]) => wanted(expectation)).map(([name]) => name);
  assert.deepEqual(names(isExpected), ['0001', '0045', '0061']);
  assert.deepEqual(names(isDue), ['0001', '0045', '0061', '0092', '0107']);
  assert.deepEqual(
    names(({ scenario }) => scenario === 'noautocreate'),
    ['0045', '0107'],
  );
});

test('a test that is for later in part is met when the subtests before that have passed', () => {
  const lag = expectations().get('0061')!;
  assert.equal(isMet(lag, parseResult('FAIL 0061_consumer_lag 30.2 1')!), true);
  assert.equal(isMet(lag, parseResult('FAIL 0061_consumer_lag 30.2 0')!), false);
  assert.equal(isMet(lag, parseResult('PASS 0061_consumer_lag 30.2 2')!), true);
});

test('any other test is met by PASS alone, however many subtests passed', () => {
  const whole = expectations().get('0001')!;
  assert.equal(isMet(whole, parseResult('PASS 0001_multiobj 1.0 0')!), true);
  for (const state of ['FAIL', 'TIMEOUT', 'SKIP'])
    assert.equal(isMet(whole, parseResult(`${state} 0001_multiobj 1.0 9`)!), false);
});

test('lines that are no results are left alone', () => {
  assert.equal(parseResult('3 passed, 0 failed, 0 skipped'), undefined);
  assert.equal(parseResult('logs: out'), undefined);
});
