/**
 * Bytes being written: every primitive of Kafka's protocol, into memory that grows.
 *
 *   chunks:   [ ........ ][ records ][ .... ][ records ]     done; record batches by reference
 *   current:  [ start ....... position ........ ]            being filled
 *
 * Bytes of SPLICE_FROM and more are not copied: the output is a list of chunks, good for one writev. They must not change
 * until the output has been used. Values that do not fit their type are refused with an EncodeError that names the field.
 */

import { EncodeError } from './protocol-error.ts';
import { MAX_STRING_LENGTH, type UnknownTaggedField } from './reader.ts';
import { allocate, encodeUtf8, utf8Length } from './text.ts';
import { UUID_LENGTH } from './uuid.ts';

/** Bytes fields of this size and more become chunks of their own; below, copying is cheaper than another chunk. */
export const SPLICE_FROM = 1024;

/** Strings of up to this many characters are tried as ASCII: their length in bytes is then known beforehand. */
const SHORT = 64;

const TWO_TO_32 = 2 ** 32;

export class Writer {
  #bytes: Uint8Array;
  /** Begin of the part of `#bytes` that is not in a chunk yet. */
  #start = 0;
  #position = 0;
  readonly #chunks: Uint8Array[] = [];
  /** Bytes in the chunks. */
  #chunked = 0;
  /** Tagged fields that are open: their content has to stay in one piece. */
  #openTags = 0;

  constructor(initialSize = 512) {
    this.#bytes = allocate(initialSize);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#chunked + this.#position - this.#start;
  }

  /** The output as chunks, in order. The writer must not be used afterwards. */
  finish(): Uint8Array[] {
    this.#closeChunk();
    return this.#chunks;
  }

  /** The output in one piece. The writer must not be used afterwards. */
  toBytes(): Uint8Array {
    this.#closeChunk();
    if (this.#chunks.length === 1) return this.#chunks[0]!;
    const bytes = allocate(this.#chunked);
    let at = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }

  /** Overwrites four bytes at `offset` of the output: for sizes that are known only afterwards. */
  patchInt32(offset: number, value: number): void {
    let bytes = this.#bytes;
    let at = offset - this.#chunked + this.#start;
    if (offset < this.#chunked) {
      at = offset;
      for (const chunk of this.#chunks) {
        bytes = chunk;
        if (at < chunk.length) break;
        at -= chunk.length;
      }
    }
    for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (24 - 8 * i);
  }

  bool(value: boolean, field: string): void {
    if (typeof value !== 'boolean') throw new EncodeError(field, `${String(value)} is not a boolean`);
    this.#reserve(1);
    this.#bytes[this.#position++] = value ? 1 : 0;
  }

  int8(value: number, field: string): void {
    if ((value << 24) >> 24 !== value) throw outOfRange(value, 'int8', field);
    this.#reserve(1);
    this.#bytes[this.#position++] = value;
  }

  int16(value: number, field: string): void {
    if ((value << 16) >> 16 !== value) throw outOfRange(value, 'int16', field);
    this.#reserve(2);
    this.#put16(value);
  }

  uint16(value: number, field: string): void {
    if ((value & 0xffff) !== value) throw outOfRange(value, 'uint16', field);
    this.#reserve(2);
    this.#put16(value);
  }

  int32(value: number, field: string): void {
    if ((value | 0) !== value) throw outOfRange(value, 'int32', field);
    this.#reserve(4);
    this.#put32(value);
  }

  uint32(value: number, field: string): void {
    if (value >>> 0 !== value) throw outOfRange(value, 'uint32', field);
    this.#reserve(4);
    this.#put32(value);
  }

  int64(value: number, field: string): void {
    if (!Number.isSafeInteger(value)) throw outOfRange(value, 'safe integer', field);
    this.#reserve(8);
    this.#put32(Math.floor(value / TWO_TO_32));
    this.#put32(value);
  }

  /** As `int64`, with the two ends of the safe integers standing for the ends of an int64. */
  saturatingInt64(value: number, field: string): void {
    if (value === Number.MAX_SAFE_INTEGER) this.bits64(0x7fff_ffff_ffff_ffffn, field);
    else if (value === Number.MIN_SAFE_INTEGER) this.bits64(-0x8000_0000_0000_0000n, field);
    else this.int64(value, field);
  }

  bits64(value: bigint, field: string): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
      throw outOfRange(value, 'bigint of 64 bits', field);
    this.#reserve(8);
    this.#put32(Number(value >> 32n));
    this.#put32(Number(value & 0xffff_ffffn));
  }

  float64(value: number, field: string): void {
    if (typeof value !== 'number') throw outOfRange(value, 'number', field);
    this.#reserve(8);
    new DataView(this.#bytes.buffer, this.#bytes.byteOffset + this.#position, 8).setFloat64(0, value);
    this.#position += 8;
  }

  uuid(value: Uint8Array, field: string): void {
    if (value.length !== UUID_LENGTH) throw new EncodeError(field, `a uuid of ${value.length} bytes`);
    this.#reserve(UUID_LENGTH);
    const bytes = this.#bytes;
    const at = this.#position;
    for (let i = 0; i < UUID_LENGTH; i++) bytes[at + i] = value[i]!;
    this.#position = at + UUID_LENGTH;
  }

  /** An unsigned number of up to 32 bits in groups of seven, lowest first. */
  uvarint(value: number): void {
    this.#reserve(5);
    const bytes = this.#bytes;
    let at = this.#position;
    let rest = value;
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#position = at;
  }

  string(value: string | null, field: string): void {
    const at = this.#shortText(value, field, 2);
    if (at < 0) {
      const length = this.#longLength(value!, field);
      this.#reserve(2 + length);
      this.#put16(length);
      this.#longText(value!);
    } else {
      const length = this.#position - at - 2;
      this.#bytes[at] = length >>> 8;
      this.#bytes[at + 1] = length;
    }
  }

  nullableString(value: string | null, field: string): void {
    if (value === null) this.int16(-1, field);
    else this.string(value, field);
  }

  compactString(value: string | null, field: string): void {
    const at = this.#shortText(value, field, 1);
    if (at < 0) {
      const length = this.#longLength(value!, field);
      this.#reserve(5 + length);
      this.uvarint(length + 1);
      this.#longText(value!);
    } else {
      this.#bytes[at] = this.#position - at;
    }
  }

  compactNullableString(value: string | null, field: string): void {
    if (value === null) this.uvarint(0);
    else this.compactString(value, field);
  }

  /** Several pieces are written as if they were one, here and below. */
  byteString(value: Uint8Array | readonly Uint8Array[] | null, field: string): void {
    if (value === null) throw isNull(field);
    this.int32(lengthOf(value), field);
    this.#appendAll(value);
  }

  nullableByteString(value: Uint8Array | readonly Uint8Array[] | null, field: string): void {
    if (value === null) this.int32(-1, field);
    else this.byteString(value, field);
  }

  compactByteString(value: Uint8Array | readonly Uint8Array[] | null, field: string): void {
    if (value === null) throw isNull(field);
    this.uvarint(lengthOf(value) + 1);
    this.#appendAll(value);
  }

  compactNullableByteString(value: Uint8Array | readonly Uint8Array[] | null, field: string): void {
    if (value === null) this.uvarint(0);
    else this.compactByteString(value, field);
  }

  arrayLength(array: readonly unknown[] | null, field: string): void {
    if (array === null) throw isNull(field);
    this.int32(array.length, field);
  }

  nullableArrayLength(array: readonly unknown[] | null, field: string): void {
    this.int32(array === null ? -1 : array.length, field);
  }

  compactArrayLength(array: readonly unknown[] | null, field: string): void {
    if (array === null) throw isNull(field);
    this.uvarint(array.length + 1);
  }

  compactNullableArrayLength(array: readonly unknown[] | null, _field: string): void {
    this.uvarint(array === null ? 0 : array.length + 1);
  }

  /** The elements alone, here and below: the length has been written. */
  int8Array(array: readonly number[], field: string): void {
    for (let i = 0; i < array.length; i++) this.int8(array[i]!, field);
  }

  int16Array(array: readonly number[], field: string): void {
    for (let i = 0; i < array.length; i++) this.int16(array[i]!, field);
  }

  int32Array(array: readonly number[], field: string): void {
    for (let i = 0; i < array.length; i++) this.int32(array[i]!, field);
  }

  int64Array(array: readonly number[], field: string): void {
    for (let i = 0; i < array.length; i++) this.int64(array[i]!, field);
  }

  uuidArray(array: readonly Uint8Array[], field: string): void {
    for (let i = 0; i < array.length; i++) this.uuid(array[i]!, field);
  }

  stringArray(array: readonly string[], field: string, compact: boolean): void {
    for (let i = 0; i < array.length; i++) {
      if (compact) this.compactString(array[i]!, field);
      else this.string(array[i]!, field);
    }
  }

  /** Begins a tagged field; what is written until `endTag` is its content. */
  beginTag(tag: number): number {
    this.uvarint(tag);
    this.#openTags++;
    this.#reserve(1);
    this.#position++;
    return this.length;
  }

  /** Ends the tagged field begun at `begin`, and writes its size in front of it. */
  endTag(begin: number): void {
    const size = this.length - begin;
    this.#openTags--;
    const at = this.#position - size - 1;
    if (size < 0x80) {
      this.#bytes[at] = size;
      return;
    }
    let sizeLength = 1;
    for (let rest = size >>> 7; rest > 0; rest >>>= 7) sizeLength++;
    this.#reserve(sizeLength);
    const end = this.#position;
    const moved = end - size - 1;
    this.#bytes.copyWithin(moved + sizeLength, moved + 1, end);
    this.#position = moved;
    this.uvarint(size);
    this.#position = end + sizeLength - 1;
  }

  /** The tag section of a struct without tagged fields of its own. */
  unknownTags(fields: readonly UnknownTaggedField[] | undefined): void {
    if (fields === undefined) {
      this.#reserve(1);
      this.#bytes[this.#position++] = 0;
      return;
    }
    this.uvarint(fields.length);
    this.unknownTagsBetween(fields, -1, Infinity);
  }

  /** Those of the unknown tagged fields whose tags are between two known ones, in ascending order. */
  unknownTagsBetween(fields: readonly UnknownTaggedField[], after: number, before: number): void {
    const between = fields.filter(({ tag }) => tag > after && tag < before);
    for (const { tag, bytes } of between.sort((a, b) => a.tag - b.tag)) {
      this.uvarint(tag);
      this.uvarint(bytes.length);
      this.#append(bytes);
    }
  }

  #appendAll(value: Uint8Array | readonly Uint8Array[]): void {
    if (value instanceof Uint8Array) this.#append(value);
    else for (const piece of value) this.#append(piece);
  }

  #append(value: Uint8Array): void {
    const length = value.length;
    if (length >= SPLICE_FROM && this.#openTags === 0) {
      this.#closeChunk();
      this.#chunks.push(value);
      this.#chunked += length;
      return;
    }
    this.#reserve(length);
    this.#bytes.set(value, this.#position);
    this.#position += length;
  }

  /**
   * Writes a short ASCII text behind `prefix` free bytes and returns where they are; -1, with nothing written, when the
   * text is long or not ASCII.
   */
  #shortText(value: string | null, field: string, prefix: number): number {
    if (value === null) throw isNull(field);
    if (typeof value !== 'string') throw new EncodeError(field, `${String(value)} is not a string`);
    const length = value.length;
    if (length >= SHORT) return -1;
    this.#reserve(prefix + length);
    const bytes = this.#bytes;
    const at = this.#position;
    const start = at + prefix;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) return -1;
      bytes[start + i] = code;
    }
    this.#position = start + length;
    return at;
  }

  #longLength(value: string, field: string): number {
    const length = utf8Length(value);
    if (length > MAX_STRING_LENGTH) {
      throw new EncodeError(field, `a string of ${length} bytes, more than ${MAX_STRING_LENGTH}`);
    }
    return length;
  }

  #longText(value: string): void {
    this.#position += encodeUtf8(value, this.#bytes, this.#position);
  }

  #put16(value: number): void {
    const bytes = this.#bytes;
    const at = this.#position;
    bytes[at] = value >>> 8;
    bytes[at + 1] = value;
    this.#position = at + 2;
  }

  #put32(value: number): void {
    const bytes = this.#bytes;
    const at = this.#position;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.#position = at + 4;
  }

  #reserve(size: number): void {
    if (this.#position + size > this.#bytes.length) this.#grow(size);
  }

  /** Chunks keep the old memory; only the part being filled moves. */
  #grow(size: number): void {
    const filled = this.#position - this.#start;
    const bytes = allocate(Math.max(2 * this.#bytes.length, 2 * (filled + size)));
    bytes.set(this.#bytes.subarray(this.#start, this.#position), 0);
    this.#bytes = bytes;
    this.#start = 0;
    this.#position = filled;
  }

  #closeChunk(): void {
    if (this.#position === this.#start && this.#chunked > 0) return;
    const chunk = this.#bytes.subarray(this.#start, this.#position);
    this.#chunks.push(chunk);
    this.#chunked += chunk.length;
    this.#start = this.#position;
  }
}

function isNull(field: string): EncodeError {
  return new EncodeError(field, 'null, which this version cannot carry');
}

function outOfRange(value: unknown, type: string, field: string): EncodeError {
  return new EncodeError(field, `${String(value)} is no ${type}`);
}

function lengthOf(value: Uint8Array | readonly Uint8Array[]): number {
  if (value instanceof Uint8Array) return value.length;
  let length = 0;
  for (const piece of value) length += piece.length;
  return length;
}
