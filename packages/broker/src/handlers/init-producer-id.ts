// InitProducerId: a producer id that no other producer has (KIP-98), or the one of a transactional id.
import {
  initProducerIdRequest,
  initProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import { initProducerId as guard } from './access/transaction-guards.ts';
import { defineApi } from './services.ts';

export const initProducerId = defineApi<InitProducerIdRequest, InitProducerIdResponse>({
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  guard,
  handle: (services, context, request) => services.transactions.initProducerId(request, context),
});
