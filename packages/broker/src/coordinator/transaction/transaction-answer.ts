// What decisions answer, apart from the versions of the wire.
import type { ErrorName } from '@moldau/protocol/generated/errors.ts';

/** A producer, or why there is none. */
export interface ProducerAnswer {
  readonly error: ErrorName;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** No producer id was at hand; the request may be decided again once there is one. Never leaves the coordinator. */
export const NO_PRODUCER_ID_AT_HAND: unique symbol = Symbol('no producer id at hand');

export const refused = (error: ErrorName): ProducerAnswer => ({ error, producerId: -1, producerEpoch: -1 });
