// TxnOffsetCommit: how far a group will have read once the producer's transaction is committed.
import {
  txnOffsetCommitRequest,
  txnOffsetCommitResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from '@moldau/protocol/generated/txn-offset-commit.ts';
import { txnOffsetCommit as guard } from './access/offset-guards.ts';
import { defineApi } from './services.ts';

export const txnOffsetCommit = defineApi<TxnOffsetCommitRequest, TxnOffsetCommitResponse>({
  request: txnOffsetCommitRequest,
  response: txnOffsetCommitResponse,
  guard,
  handle: (services, context, request) => services.groups.txnOffsetCommit(request, context),
});
