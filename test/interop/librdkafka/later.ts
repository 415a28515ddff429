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
