// AddOffsetsToTxn: a transaction is going to commit offsets of a group.
import {
  addOffsetsToTxnRequest,
  addOffsetsToTxnResponse,
  type AddOffsetsToTxnRequest,
  type AddOffsetsToTxnResponse,
} from '@moldau/protocol/generated/add-offsets-to-txn.ts';
import { addOffsetsToTxn as guard } from './access/transaction-guards.ts';
import { defineApi } from './services.ts';

export const addOffsetsToTxn = defineApi<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>({
  request: addOffsetsToTxnRequest,
  response: addOffsetsToTxnResponse,
  guard,
  handle: (services, context, request) => services.transactions.addOffsetsToTxn(request, context),
});
