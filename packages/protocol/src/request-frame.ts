/**
 * A request as it goes over the wire: length, header in the version that goes with it, message. For whoever is a client: brokers among
 * themselves, and tests.
 */

import type { Codec } from './codec.ts';
import { newRequestHeader, requestHeader } from './generated/request-header.ts';
import { requestHeaderVersion } from './header-version.ts';
import { Writer } from './writer.ts';

const LENGTH_SIZE = 4;

/** The bytes, in one piece that nothing else refers to. @throws EncodeError when `version` cannot carry the message */
export function requestFrame<Request>(
  codec: Codec<Request>,
  message: Request,
  version: number,
  correlationId: number,
  clientId: string,
): Uint8Array {
  const writer = new Writer();
  writer.int32(0, 'length');
  const header = newRequestHeader({
    requestApiKey: codec.apiKey,
    requestApiVersion: version,
    correlationId,
    clientId,
  });
  requestHeader.encode(writer, header, requestHeaderVersion(codec.apiKey, version));
  codec.encode(writer, message, version);
  writer.patchInt32(0, writer.length - LENGTH_SIZE);
  return writer.toBytes();
}
