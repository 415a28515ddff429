/**
 * @moldau/protocol: bytes <-> messages of Kafka's wire protocol. Pure: no I/O, and nothing of Node that a browser lacks.
 *
 *   schemas/*.schema --npm run gen--> src/generated/*.ts       one codec file per API, generated/records/ for the layouts
 *                                                              of internal topics; import the ones you need:
 *
 *   import { newProduceResponse, produceRequest } from '@moldau/protocol/generated/produce.ts';
 *   const request = produceRequest.decode(reader, version);
 *
 * This file has what all of them share. It loads no codec, so that a program loads only those it uses.
 */

export type { Codec } from './codec.ts';
export { type Api, ApiKey, type ApiName, APIS } from './generated/apis.ts';
export {
  ErrorCode,
  errorMessage,
  errorName,
  type ErrorName,
  isRetriable,
  refreshesMetadata,
} from './generated/errors.ts';
export { requestHeaderVersion, responseHeaderVersion } from './header-version.ts';
export { DecodeError, EncodeError } from './protocol-error.ts';
export { DEFAULT_MAX_ELEMENTS, MAX_STRING_LENGTH, Reader, type UnknownTaggedField } from './reader.ts';
export { isZeroUuid, UUID_LENGTH, uuidEquals, uuidFromString, uuidToString, ZERO_UUID } from './uuid.ts';
export { SPLICE_FROM, Writer } from './writer.ts';
