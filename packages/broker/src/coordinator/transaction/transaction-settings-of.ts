// The transaction coordinator's settings out of the broker's.
import type { BrokerSettings } from '../../settings/broker-settings.ts';
import { DEFAULT_TRANSACTION_SETTINGS, type TransactionSettings } from './transaction-settings.ts';

export function transactionSettingsOf(settings: BrokerSettings): TransactionSettings {
  return {
    ...DEFAULT_TRANSACTION_SETTINGS,
    maxTimeoutMs: settings.transactionMaxTimeoutMs,
    abortTimedOutIntervalMs: settings.transactionAbortTimedOutIntervalMs,
    idExpirationMs: settings.transactionalIdExpirationMs,
    removeExpiredIntervalMs: settings.transactionRemoveExpiredIntervalMs,
    twoPhaseCommit: settings.transactionTwoPhaseCommitEnable,
    maxIdsPerPartition: settings.transactionMaxIdsPerPartition,
    maxPendingRequests: settings.transactionMaxPendingRequests,
  };
}
