// AddPartitionsToTxn: partitions that a transaction is going to write to; from version 4 on it is brokers who ask, for many transactions.
import {
  addPartitionsToTxnRequest,
  addPartitionsToTxnResponse,
  type AddPartitionsToTxnRequest,
  type AddPartitionsToTxnResponse,
} from '@moldau/protocol/generated/add-partitions-to-txn.ts';
import { addPartitionsToTxn as guard } from './access/transaction-guards.ts';
import { defineApi } from './services.ts';

export const addPartitionsToTxn = defineApi<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>({
  request: addPartitionsToTxnRequest,
  response: addPartitionsToTxnResponse,
  guard,
  handle: (services, context, request) => services.transactions.addPartitionsToTxn(request, context),
});
