// EndTxn: commits or aborts a transaction.
import {
  endTxnRequest,
  endTxnResponse,
  type EndTxnRequest,
  type EndTxnResponse,
} from '@moldau/protocol/generated/end-txn.ts';
import { endTxn as guard } from './access/transaction-guards.ts';
import { defineApi } from './services.ts';

export const endTxn = defineApi<EndTxnRequest, EndTxnResponse>({
  request: endTxnRequest,
  response: endTxnResponse,
  guard,
  handle: (services, context, request) => services.transactions.endTxn(request, context),
});
