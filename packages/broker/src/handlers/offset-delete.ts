// OffsetDelete: forgets how far a group has read some partitions (KIP-496).
import {
  offsetDeleteRequest,
  offsetDeleteResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
} from '@moldau/protocol/generated/offset-delete.ts';
import { offsetDelete as guard } from './access/offset-guards.ts';
import { defineApi } from './services.ts';

export const offsetDelete = defineApi<OffsetDeleteRequest, OffsetDeleteResponse>({
  request: offsetDeleteRequest,
  response: offsetDeleteResponse,
  guard,
  handle: (services, context, request) => services.groups.offsetDelete(request, context),
});
