// The states of a transaction, by Kafka's names and numbers:
//
//              InitProducerId                 partitions added            EndTxn: commit            every marker durable
//   (nothing) ----------------> Empty --------------------------> Ongoing --------------> PrepareCommit --------------> CompleteCommit
//                                 ^  |                            ^     |                                                   |
//                                 |  | EndTxn: abort (version 2)  |     | EndTxn: abort, time-out, fenced                   |
//                                 |  +---------------------+      |     v                                                   |
//                                 |                        +------|-> PrepareAbort -------------> CompleteAbort             |
//                                 |                               |                                     |                   |
//                                 |                               +-------- partitions added -----------+-------------------+
//                                 +------------------------------------------ InitProducerId -----------+-------------------+
//
// Dead (being forgotten) and PrepareEpochFence (being fenced) are what Kafka calls steps on the way; they are never stored, and not kept here
// either, since a decision of this coordinator takes each of those ways in one step. Both may be asked for by name.

export const TRANSACTION_STATUSES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const;

export type TransactionStatus = (typeof TRANSACTION_STATUSES)[number];

/** The number by which a record of `__transaction_state` knows it. */
export const statusNumber = (status: TransactionStatus): number => TRANSACTION_STATUSES.indexOf(status);

/** Decided and being carried out: nothing else can happen until every marker is written. */
export const isPrepared = (status: TransactionStatus): status is 'PrepareCommit' | 'PrepareAbort' =>
  status === 'PrepareCommit' || status === 'PrepareAbort';

export const isComplete = (status: TransactionStatus): status is 'CompleteCommit' | 'CompleteAbort' =>
  status === 'CompleteCommit' || status === 'CompleteAbort';
