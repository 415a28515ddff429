// DescribeTransactions and ListTransactions in the versions of the wire.
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  newTransactionState,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
  type TransactionState as DescribedState,
} from '@moldau/protocol/generated/describe-transactions.ts';
import {
  newListTransactionsResponse,
  type ListTransactionsRequest,
  type ListTransactionsResponse,
} from '@moldau/protocol/generated/list-transactions.ts';
import { RE2JS } from 're2js';
import {
  describeTransaction,
  listTransactions,
  type DescribedTransaction,
  type TransactionFilter,
} from './describe-transactions.ts';
import type { Transaction } from './transaction.ts';
import { unanswered } from '../unanswered.ts';
import type { TransactionShards } from './transaction-shards.ts';
import { TRANSACTION_STATUSES, type TransactionStatus } from './transaction-status.ts';

export async function handleDescribeTransactions(
  shards: TransactionShards,
  request: DescribeTransactionsRequest,
): Promise<DescribeTransactionsResponse> {
  const transactionStates = await Promise.all(
    request.transactionalIds.map((transactionalId) => describe(shards, transactionalId)),
  );
  return { throttleTimeMs: 0, transactionStates };
}

async function describe(shards: TransactionShards, transactionalId: string): Promise<DescribedState> {
  const failed = (errorCode: number): DescribedState => newTransactionState({ transactionalId, errorCode });
  if (transactionalId === '') return failed(ErrorCode.INVALID_REQUEST);
  let described: DescribedTransaction;
  try {
    described = await shards.decide<DescribedTransaction>(transactionalId, (state, context) =>
      describeTransaction(state, context, transactionalId),
    );
  } catch (error) {
    return failed(ErrorCode[unanswered(error)]);
  }
  if (described.error !== 'NONE') return failed(ErrorCode[described.error]);
  const { transaction } = described;
  return newTransactionState({
    transactionalId,
    transactionState: transaction.status,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startMs,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: [...transaction.partitions].map(([topic, partitions]) => ({
      topic,
      partitions: [...partitions],
    })),
  });
}

export async function handleListTransactions(
  shards: TransactionShards,
  request: ListTransactionsRequest,
): Promise<ListTransactionsResponse> {
  const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = request;
  const matches = matcherOf(transactionalIdPattern);
  if (matches === 'invalid')
    return newListTransactionsResponse({ errorCode: ErrorCode.INVALID_REGULAR_EXPRESSION });
  const known = new Set<string>(TRANSACTION_STATUSES);
  const filter: TransactionFilter = {
    statuses: stateFilters.length === 0 ? undefined : new Set(stateFilters as TransactionStatus[]),
    producerIds: producerIdFilters.length === 0 ? undefined : new Set(producerIdFilters),
    openForMs: durationFilter < 0 ? undefined : durationFilter,
    matches,
  };
  let found: Transaction[][];
  try {
    found = await shards.decideInAll<Transaction[]>((state, context) =>
      listTransactions(state, context, filter),
    );
  } catch (error) {
    return newListTransactionsResponse({ errorCode: ErrorCode[unanswered(error)] });
  }
  return newListTransactionsResponse({
    unknownStateFilters: stateFilters.filter((name) => !known.has(name)),
    transactionStates: found.flat().map(({ transactionalId, producerId, status }) => ({
      transactionalId,
      producerId,
      transactionState: status,
    })),
  });
}

/** A pattern of RE2, as in Kafka: it takes time in proportion to the text, whatever a client sends. */
function matcherOf(pattern: string | null): ((text: string) => boolean) | 'invalid' | undefined {
  if (pattern === null || pattern === '') return undefined;
  try {
    const compiled = RE2JS.compile(pattern);
    return (text) => compiled.matches(text);
  } catch {
    return 'invalid';
  }
}
