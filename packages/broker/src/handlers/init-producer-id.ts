// InitProducerId without a transactional id: a producer id that no other producer has, for idempotent writes (KIP-98).
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  initProducerIdRequest,
  initProducerIdResponse,
  newInitProducerIdResponse,
  type InitProducerIdRequest,
  type InitProducerIdResponse,
} from '@moldau/protocol/generated/init-producer-id.ts';
import { MetadataError } from '../metadata/metadata-store.ts';
import { defineApi } from './services.ts';

export const initProducerId = defineApi<InitProducerIdRequest, InitProducerIdResponse>({
  request: initProducerIdRequest,
  response: initProducerIdResponse,
  async handle(services, _context, request) {
    if (request.transactionalId === '')
      return newInitProducerIdResponse({ errorCode: ErrorCode.INVALID_REQUEST, producerEpoch: -1 });
    if (request.transactionalId !== null) {
      services.logger.warn(
        { transactionalId: request.transactionalId },
        'a client asked for transactions, which this broker does not have yet',
      );
      return newInitProducerIdResponse({ errorCode: ErrorCode.UNSUPPORTED_VERSION, producerEpoch: -1 });
    }
    try {
      return newInitProducerIdResponse({ producerId: await services.producerIds.next(), producerEpoch: 0 });
    } catch (error) {
      if (!(error instanceof MetadataError)) throw error;
      services.logger.error({ err: error }, 'no block of producer ids could be reserved');
      return newInitProducerIdResponse({ errorCode: ErrorCode.COORDINATOR_NOT_AVAILABLE, producerEpoch: -1 });
    }
  },
});
