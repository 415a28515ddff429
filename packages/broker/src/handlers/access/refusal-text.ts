// What Kafka says with each refusal.
export const TOPIC_REFUSED = 'Topic authorization failed.';
export const GROUP_REFUSED = 'Group authorization failed.';
export const CLUSTER_REFUSED = 'Cluster authorization failed.';
export const TRANSACTIONAL_ID_REFUSED = 'Transactional Id authorization failed.';
