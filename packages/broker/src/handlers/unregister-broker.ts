// UnregisterBroker (KIP-500): forgets a broker that is gone for good.
import {
  newUnregisterBrokerResponse,
  unregisterBrokerRequest,
  unregisterBrokerResponse,
  type UnregisterBrokerRequest,
  type UnregisterBrokerResponse,
} from '@moldau/protocol/generated/unregister-broker.ts';
import { unregisterBroker as decide } from '../metadata/unregister-broker.ts';
import { unregisterBroker as guard } from './access/cluster-guards.ts';
import { propose } from './propose.ts';
import { defineApi } from './services.ts';

export const unregisterBroker = defineApi<UnregisterBrokerRequest, UnregisterBrokerResponse>({
  request: unregisterBrokerRequest,
  response: unregisterBrokerResponse,
  guard,
  async handle(services, _context, { brokerId }) {
    const { answer, failure } = await propose(services, (image) => decide(image, brokerId));
    return newUnregisterBrokerResponse(answer ?? failure);
  },
});
