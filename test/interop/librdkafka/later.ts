// What librdkafka's tests need and Moldau does not have yet, by name of test. A feature that comes takes its lines away, and from then on
// Kafka's results are the target.

export interface LaterTest {
  readonly test: string;
  /** The feature that it needs. */
  readonly needs: string;
  /** How many of its subtests come before the first that needs it, and have to pass already; 0: the test is not run. */
  readonly subtestsBefore: number;
}

export const LATER: readonly LaterTest[] = [
  { test: '0055_producer_latency', needs: 'transactions in its last subtest', subtestsBefore: 7 },
  { test: '0061_consumer_lag', needs: 'transactions in its last subtest', subtestsBefore: 1 },
  { test: '0077_compaction', needs: 'compaction', subtestsBefore: 0 },
  {
    test: '0081_admin',
    needs: 'ACLs from its ninth subtest on, and SCRAM users at its end',
    subtestsBefore: 8,
  },
  { test: '0098_consumer_txn', needs: 'transactions', subtestsBefore: 0 },
  { test: '0103_transactions', needs: 'transactions', subtestsBefore: 0 },
  { test: '0109_auto_create_topics', needs: 'ACLs', subtestsBefore: 0 },
  { test: '0115_producer_auth', needs: 'ACLs', subtestsBefore: 0 },
  { test: '0119_consumer_auth', needs: 'ACLs', subtestsBefore: 0 },
  { test: '0129_fetch_aborted_msgs', needs: 'transactions', subtestsBefore: 0 },
  { test: '0137_barrier_batch_consume', needs: 'transactions in its last two subtests', subtestsBefore: 4 },
  { test: '0170_share_consumer_subscription', needs: 'share groups', subtestsBefore: 0 },
  { test: '0171_share_consumer_consume', needs: 'share groups', subtestsBefore: 0 },
  { test: '0172_share_consumer_acknowledge', needs: 'share groups', subtestsBefore: 0 },
  { test: '0173_share_consumer_commit_async', needs: 'share groups', subtestsBefore: 0 },
  { test: '0174_share_consumer_concurrency', needs: 'share groups', subtestsBefore: 0 },
  { test: '0175_share_consumer_groups', needs: 'share groups', subtestsBefore: 0 },
  { test: '0176_share_consumer_commit_sync', needs: 'share groups', subtestsBefore: 0 },
  { test: '0177_share_consumer_transactions', needs: 'share groups', subtestsBefore: 0 },
  { test: '0178_share_consumer_close', needs: 'share groups', subtestsBefore: 0 },
  { test: '0179_share_consumer_destroy', needs: 'share groups', subtestsBefore: 0 },
  { test: '0180_share_consumer_config', needs: 'share groups', subtestsBefore: 0 },
  { test: '0181_share_consumer_topic_delete', needs: 'share groups', subtestsBefore: 0 },
  { test: '0184_share_consumer_topic_recreate', needs: 'share groups', subtestsBefore: 0 },
  { test: '0185_share_consumer_max_poll_interval', needs: 'share groups', subtestsBefore: 0 },
];
