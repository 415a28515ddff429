/**
 * What a generated codec is: one TypeScript type for all versions of a message, read and written in each of them.
 *
 * - Decoding gives fields that the version does not have their defaults.
 * - Encoding refuses (EncodeError) a value other than the default in a version that cannot carry it, unless Kafka's
 *   schema calls the field ignorable: then it is left out.
 * - Tagged fields unknown here are kept in `unknownTaggedFields` and written again.
 * - int64 fields are safe integers: others are refused, or saturate where a client may mean "no limit" (see schemas/).
 */

import { DecodeError, EncodeError, inMessage } from './protocol-error.ts';
import type { Reader, UnknownTaggedField } from './reader.ts';
import type { Writer } from './writer.ts';

export interface Codec<T> {
  /** Kafka's name of the message, e.g. `ProduceRequest`. */
  readonly name: string;
  /** Key of the API; -1 for messages of none: headers and records. */
  readonly apiKey: number;
  readonly lowestVersion: number;
  readonly highestVersion: number;
  /** First flexible version (KIP-482); Infinity when there is none. */
  readonly flexibleFrom: number;
  /** Reads one message; the caller decides whether bytes may be left over (`reader.expectEnd()`). Throws a DecodeError. */
  decode(reader: Reader, version: number): T;
  /** Appends the message. Throws an EncodeError, after which the writer is of no use. */
  encode(writer: Writer, message: T, version: number): void;
}

/** The shared frame of all generated codecs: version check, and the message's name in errors. */
export function defineCodec<T>(
  name: string,
  apiKey: number,
  lowestVersion: number,
  highestVersion: number,
  flexibleFrom: number,
  read: (reader: Reader, version: number) => T,
  write: (writer: Writer, message: T, version: number) => void,
): Codec<T> {
  const supported = `versions ${lowestVersion} to ${highestVersion} are supported`;
  return {
    name,
    apiKey,
    lowestVersion,
    highestVersion,
    flexibleFrom,
    decode(reader, version) {
      try {
        if (!(version >= lowestVersion && version <= highestVersion)) {
          throw new DecodeError('', supported, reader.position);
        }
        return read(reader, version);
      } catch (error) {
        throw inMessage(error, name, version);
      }
    },
    encode(writer, message, version) {
      try {
        if (!(version >= lowestVersion && version <= highestVersion)) throw new EncodeError('', supported);
        write(writer, message, version);
      } catch (error) {
        throw inMessage(error, name, version);
      }
    },
  };
}

/** For generated code: the default of bytes. Shared, so nobody may have a reason to write into it: it has no bytes. */
export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** For generated code: a value that the version cannot carry. */
export function notInVersion(field: string): EncodeError {
  return new EncodeError(field, 'has a value, but this version has no such field');
}

/** For generated code: how many unknown tagged fields there are; refuses one whose tag the version defines itself. */
export function countUnknownTags(fields: readonly UnknownTaggedField[], known: readonly number[]): number {
  const tags = new Set(known);
  for (const { tag } of fields) {
    if (tags.has(tag))
      throw new EncodeError('unknownTaggedFields', `tag ${tag} is a known field or occurs twice`);
    tags.add(tag);
  }
  return fields.length;
}

/** For generated code: a version without tag sections cannot carry unknown tagged fields. */
export function refuseUnknownTags(fields: readonly UnknownTaggedField[] | undefined): void {
  if (fields !== undefined && fields.length > 0) throw notInVersion('unknownTaggedFields');
}
