// The broker's own topics.

/** Where consumer groups live. */
export const GROUP_METADATA_TOPIC = '__consumer_offsets';

export const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  GROUP_METADATA_TOPIC,
  '__transaction_state',
  '__share_group_state',
]);
