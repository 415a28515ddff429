// The broker's own topics.

/** Where consumer groups live. */
export const GROUP_METADATA_TOPIC = '__consumer_offsets';

/** Where transactions live. */
export const TRANSACTION_STATE_TOPIC = '__transaction_state';

export const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  GROUP_METADATA_TOPIC,
  TRANSACTION_STATE_TOPIC,
  '__share_group_state',
]);
