// ListTransactions: the transactions that this broker coordinates.
import {
  listTransactionsRequest,
  listTransactionsResponse,
  type ListTransactionsRequest,
  type ListTransactionsResponse,
} from '@moldau/protocol/generated/list-transactions.ts';
import { listTransactions as guard } from './access/transaction-guards.ts';
import { defineApi } from './services.ts';

export const listTransactions = defineApi<ListTransactionsRequest, ListTransactionsResponse>({
  request: listTransactionsRequest,
  response: listTransactionsResponse,
  guard,
  handle: (services, _context, request) => services.transactions.listTransactions(request),
});
