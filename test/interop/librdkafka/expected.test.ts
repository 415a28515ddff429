import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExpected } from './expected.ts';

test('only what passes with Kafka is expected, and what comes later is named', () => {
  const text = `# a comment with PASS
0001_multiobj          PASS    PASS   0/0
0103_transactions      PASS    PASS  13/13
0092_mixed_msgver      SKIP    SKIP   0/0    # skips itself
0107_topic_recreate    ?       ?      0/0
0171_share_consumer_consume PASS - 24/0
`;
  assert.deepEqual(
    [...parseExpected(text)],
    [
      ['0001_multiobj', 'pass'],
      ['0103_transactions', { later: 'transactions' }],
      ['0092_mixed_msgver', 'either'],
      ['0107_topic_recreate', 'either'],
      ['0171_share_consumer_consume', { later: 'share groups' }],
    ],
  );
});
