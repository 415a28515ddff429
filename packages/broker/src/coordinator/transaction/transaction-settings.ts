// Settings and limits of the transaction coordinator, named as in Kafka where Kafka has them.

export interface TransactionSettings {
  /** `transaction.max.timeout.ms`: the longest time-out that a producer may ask for. */
  readonly maxTimeoutMs: number;
  /** `transaction.abort.timed.out.transaction.cleanup.interval.ms`: how often transactions that ran out of time are looked for. */
  readonly abortTimedOutIntervalMs: number;
  /** `transactional.id.expiration.ms`: an id without a transaction for so long is forgotten. */
  readonly idExpirationMs: number;
  /** `transaction.remove.expired.transaction.cleanup.interval.ms`: how often such ids are looked for. */
  readonly removeExpiredIntervalMs: number;
  /** `transaction.two.phase.commit.enable` (KIP-939) */
  readonly twoPhaseCommit: boolean;
  /** Transactional ids of one partition of `__transaction_state`. Beyond it, new ones are refused. */
  readonly maxIdsPerPartition: number;
  /** Requests that may wait for an answer at once in one partition. */
  readonly maxPendingRequests: number;
  /** How long a client's request waits for the end of a transaction that is decided, before it is answered CONCURRENT_TRANSACTIONS. */
  readonly clientWaitsForEndMs: number;
  /** Likewise a broker's, which asks for many transactions at once: the others of its request wait too. */
  readonly brokerWaitsForEndMs: number;
  /** How long until a deadline whose records could not be stored is tried again. */
  readonly retryDelayMs: number;
}

export const DEFAULT_TRANSACTION_SETTINGS: TransactionSettings = {
  maxTimeoutMs: 900_000,
  abortTimedOutIntervalMs: 10_000,
  idExpirationMs: 7 * 24 * 3_600_000,
  removeExpiredIntervalMs: 3_600_000,
  twoPhaseCommit: false,
  maxIdsPerPartition: 1_000_000,
  maxPendingRequests: 100_000,
  clientWaitsForEndMs: 50,
  brokerWaitsForEndMs: 10,
  retryDelayMs: 1_000,
};
