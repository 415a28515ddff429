// How soon a group notices that a member died without a word. Kafka's default floor (group.min.session.timeout.ms), so that
// the suite needs no special broker.
export const SESSION_TIMEOUT_MS = 6000;
