// OffsetCommit: how far a group has read.
import {
  offsetCommitRequest,
  offsetCommitResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
} from '@moldau/protocol/generated/offset-commit.ts';
import { offsetCommit as guard } from './access/offset-guards.ts';
import { defineApi } from './services.ts';

export const offsetCommit = defineApi<OffsetCommitRequest, OffsetCommitResponse>({
  request: offsetCommitRequest,
  response: offsetCommitResponse,
  guard,
  handle: (services, context, request) => services.groups.offsetCommit(request, context),
});
