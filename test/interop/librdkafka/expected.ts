// What is to be expected of librdkafka's own tests: what Apache Kafka gives, less what Moldau does not claim yet.

/**
 * Features that these tests need and that come later, by name of test. A new feature takes its line away. Naming a test with
 * `--tests` runs it all the same.
 */
const LATER: readonly (readonly [RegExp, string])[] = [
  [/^0103_transactions|^0098_consumer_txn|^0129_fetch_aborted_msgs/, 'transactions'],
  [
    /^0055_producer_latency|^0061_consumer_lag|^0137_barrier_batch_consume/,
    'transactions, in one of its subtests',
  ],
  [/^01[78]\d_share_consumer/, 'share groups'],
  [/^0109_auto_create_topics|^0115_producer_auth|^0119_consumer_auth/, 'ACLs'],
  [/^0077_compaction/, 'compaction'],
  [/^0081_admin/, 'ACLs, quotas and SCRAM users in part of its subtests'],
];

export type Expectation = 'pass' | 'either' | { readonly later: string };

/** Reads expected-kafka.txt: `name CLASSIC CONSUMER subtests # note`; what is not PASS there does not count here. */
export function parseExpected(text: string): Map<string, Expectation> {
  const expected = new Map<string, Expectation>();
  for (const line of text.split('\n')) {
    const [name, classic] = line.trim().split(/\s+/);
    if (name === undefined || classic === undefined || name.startsWith('#')) continue;
    const later = LATER.find(([pattern]) => pattern.test(name))?.[1];
    expected.set(name, later !== undefined ? { later } : classic === 'PASS' ? 'pass' : 'either');
  }
  return expected;
}
