// DescribeTransactions: the transactions of ids that this broker coordinates.
import {
  describeTransactionsRequest,
  describeTransactionsResponse,
  type DescribeTransactionsRequest,
  type DescribeTransactionsResponse,
} from '@moldau/protocol/generated/describe-transactions.ts';
import { describeTransactions as guard } from './access/transaction-guards.ts';
import { defineApi } from './services.ts';

export const describeTransactions = defineApi<DescribeTransactionsRequest, DescribeTransactionsResponse>({
  request: describeTransactionsRequest,
  response: describeTransactionsResponse,
  guard,
  handle: (services, _context, request) => services.transactions.describeTransactions(request),
});
