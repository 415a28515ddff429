/**
 * A position in bytes, and every primitive of Kafka's protocol read from there.
 *
 * What must stay true, whatever the bytes are:
 * - No read goes beyond `end`; what does not fit throws a DecodeError that names the field.
 * - Nothing is allocated for a length before the bytes left were found to hold it, at the smallest size that an element
 *   can have; and one reader gives out at most `maxElements` array elements, so that a frame of one-byte elements cannot
 *   become gigabytes of objects.
 * - bytes, records and uuids are views of the input: valid as long as it is, and never to be written to.
 *
 * Every read takes its field's name first-hand and uses it only to fail.
 */

import { DecodeError } from './protocol-error.ts';
import { decodeUtf8 } from './text.ts';
import { UUID_LENGTH } from './uuid.ts';

/** A tagged field that this schema does not know: kept, and written again. */
export interface UnknownTaggedField {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

/**
 * Array elements that one reader gives out at most, nested ones included: the largest of them take some 150 bytes of memory
 * each, whatever few bytes they have on the wire. A client that reads the metadata of very large clusters wants more.
 */
export const DEFAULT_MAX_ELEMENTS = 1_000_000;

/** An unknown tagged field counts as this many elements: honest messages have a handful of them. */
const ELEMENTS_PER_TAG = 16;

/** Longest string in the protocol, in bytes of UTF-8. */
export const MAX_STRING_LENGTH = 0x7fff;

const TWO_TO_32 = 2 ** 32;

export class Reader {
  readonly bytes: Uint8Array;
  /** Index in `bytes` of what is read next. */
  position: number;
  /** Index in `bytes` where the readable part ends. */
  readonly end: number;
  #elementsLeft: number;

  constructor(
    bytes: Uint8Array,
    start = 0,
    end: number = bytes.length,
    maxElements: number = DEFAULT_MAX_ELEMENTS,
  ) {
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new RangeError(`reader of ${start} to ${end} over ${bytes.length} bytes`);
    }
    this.bytes = bytes;
    this.position = start;
    this.end = end;
    this.#elementsLeft = maxElements;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Fails when bytes are left after the message. */
  expectEnd(): void {
    if (this.position !== this.end) {
      throw new DecodeError(
        '',
        `${this.end - this.position} bytes left over after the message`,
        this.position,
      );
    }
  }

  bool(field: string): boolean {
    return this.int8(field) !== 0;
  }

  int8(field: string): number {
    const at = this.position;
    if (at >= this.end) throw this.#truncated(field, 1);
    this.position = at + 1;
    return (this.bytes[at]! << 24) >> 24;
  }

  int16(field: string): number {
    const at = this.position;
    if (at + 2 > this.end) throw this.#truncated(field, 2);
    this.position = at + 2;
    return (((this.bytes[at]! << 8) | this.bytes[at + 1]!) << 16) >> 16;
  }

  uint16(field: string): number {
    const at = this.position;
    if (at + 2 > this.end) throw this.#truncated(field, 2);
    this.position = at + 2;
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  int32(field: string): number {
    const at = this.position;
    if (at + 4 > this.end) throw this.#truncated(field, 4);
    this.position = at + 4;
    const bytes = this.bytes;
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }

  uint32(field: string): number {
    return this.int32(field) >>> 0;
  }

  /** A safe integer; any other value is refused. */
  int64(field: string): number {
    const value = this.#int64(field);
    if (!Number.isSafeInteger(value)) {
      throw new DecodeError(field, 'an int64 beyond the safe integers (2^53 - 1)', this.position - 8);
    }
    return value;
  }

  /** A safe integer; a value beyond them becomes the nearest one. */
  saturatingInt64(field: string): number {
    return Math.min(Math.max(this.#int64(field), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  }

  /** All 64 bits, for values that are no quantities: hashes. */
  bits64(field: string): bigint {
    const high = this.int32(field);
    return (BigInt(high) << 32n) | BigInt(this.uint32(field));
  }

  float64(field: string): number {
    const at = this.position;
    if (at + 8 > this.end) throw this.#truncated(field, 8);
    this.position = at + 8;
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0);
  }

  uuid(field: string): Uint8Array {
    return this.#view(UUID_LENGTH, field);
  }

  /** An unsigned number of up to 32 bits in groups of seven, lowest first. */
  uvarint(field: string): number {
    const at = this.position;
    if (at < this.end) {
      const first = this.bytes[at]!;
      if (first < 0x80) {
        this.position = at + 1;
        return first;
      }
    }
    return this.#longUvarint(field);
  }

  string(field: string): string {
    const length = this.int16(field);
    if (length < 0) throw this.#isNull(field, 2);
    return this.#text(length, field);
  }

  nullableString(field: string): string | null {
    const length = this.int16(field);
    if (length < 0) return length === -1 ? null : this.#negative(field, length, 2);
    return this.#text(length, field);
  }

  compactString(field: string): string {
    const length = this.uvarint(field) - 1;
    if (length < 0) throw this.#isNull(field, 1);
    return this.#text(length, field);
  }

  compactNullableString(field: string): string | null {
    const length = this.uvarint(field) - 1;
    return length < 0 ? null : this.#text(length, field);
  }

  byteString(field: string): Uint8Array {
    const length = this.int32(field);
    if (length < 0) throw this.#isNull(field, 4);
    return this.#view(length, field);
  }

  nullableByteString(field: string): Uint8Array | null {
    const length = this.int32(field);
    if (length < 0) return length === -1 ? null : this.#negative(field, length, 4);
    return this.#view(length, field);
  }

  compactByteString(field: string): Uint8Array {
    const length = this.uvarint(field) - 1;
    if (length < 0) throw this.#isNull(field, 1);
    return this.#view(length, field);
  }

  compactNullableByteString(field: string): Uint8Array | null {
    const length = this.uvarint(field) - 1;
    return length < 0 ? null : this.#view(length, field);
  }

  /** Length of an array whose elements take at least `elementSize` bytes each. */
  arrayLength(field: string, elementSize: number): number {
    const length = this.int32(field);
    if (length < 0) throw this.#isNull(field, 4);
    return this.#elements(length, elementSize, field);
  }

  /** As `arrayLength`; -1 for null. */
  nullableArrayLength(field: string, elementSize: number): number {
    const length = this.int32(field);
    if (length < 0) return length === -1 ? -1 : this.#negative(field, length, 4);
    return this.#elements(length, elementSize, field);
  }

  compactArrayLength(field: string, elementSize: number): number {
    const length = this.uvarint(field) - 1;
    if (length < 0) throw this.#isNull(field, 1);
    return this.#elements(length, elementSize, field);
  }

  compactNullableArrayLength(field: string, elementSize: number): number {
    const length = this.uvarint(field) - 1;
    return length < 0 ? -1 : this.#elements(length, elementSize, field);
  }

  /** The elements alone, here and below: `length` has been read, and checked. */
  int8Array(length: number, field: string): number[] {
    const array: number[] = [];
    for (let i = 0; i < length; i++) array.push(this.int8(field));
    return array;
  }

  int8ArrayOrNull(length: number, field: string): number[] | null {
    return length < 0 ? null : this.int8Array(length, field);
  }

  int16Array(length: number, field: string): number[] {
    const array: number[] = [];
    for (let i = 0; i < length; i++) array.push(this.int16(field));
    return array;
  }

  int16ArrayOrNull(length: number, field: string): number[] | null {
    return length < 0 ? null : this.int16Array(length, field);
  }

  int32Array(length: number, field: string): number[] {
    const array: number[] = [];
    for (let i = 0; i < length; i++) array.push(this.int32(field));
    return array;
  }

  int32ArrayOrNull(length: number, field: string): number[] | null {
    return length < 0 ? null : this.int32Array(length, field);
  }

  int64Array(length: number, field: string): number[] {
    const array: number[] = [];
    for (let i = 0; i < length; i++) array.push(this.int64(field));
    return array;
  }

  int64ArrayOrNull(length: number, field: string): number[] | null {
    return length < 0 ? null : this.int64Array(length, field);
  }

  uuidArray(length: number, field: string): Uint8Array[] {
    const array: Uint8Array[] = [];
    for (let i = 0; i < length; i++) array.push(this.uuid(field));
    return array;
  }

  uuidArrayOrNull(length: number, field: string): Uint8Array[] | null {
    return length < 0 ? null : this.uuidArray(length, field);
  }

  stringArray(length: number, field: string, compact: boolean): string[] {
    const array: string[] = [];
    for (let i = 0; i < length; i++) array.push(compact ? this.compactString(field) : this.string(field));
    return array;
  }

  stringArrayOrNull(length: number, field: string, compact: boolean): string[] | null {
    return length < 0 ? null : this.stringArray(length, field, compact);
  }

  /** Whether a nullable struct follows: 1, or -1 for null. */
  present(field: string): boolean {
    return this.int8(field) >= 0;
  }

  /** As `present`, in a tagged field: Kafka marks null with a zero there. */
  presentInTag(field: string): boolean {
    return this.uvarint(field) > 0;
  }

  /** Number of tagged fields that follow. */
  tagCount(): number {
    const count = this.uvarint('tagged fields');
    if (count > 0) {
      this.#elements(count, 2, 'tagged fields');
      this.#charge(count * ELEMENTS_PER_TAG, 'tagged fields');
    }
    return count;
  }

  /** Reads the size of a tagged field: the position where it must end. */
  tagEnd(field: string): number {
    const size = this.uvarint(field);
    const end = this.position + size;
    if (end > this.end) throw this.#truncated(field, size);
    return end;
  }

  /** Checks that a tagged field ended where its size said. */
  expectTagEnd(end: number, field: string): void {
    if (this.position !== end) {
      throw new DecodeError(field, `tagged field ends at byte ${this.position}, its size says ${end}`, end);
    }
  }

  /** The tag section of a struct that has no tagged fields of its own: undefined when it is empty, as nearly always. */
  unknownTags(): UnknownTaggedField[] | undefined {
    let fields: UnknownTaggedField[] | undefined;
    for (let count = this.tagCount(); count > 0; count--) {
      const tag = this.uvarint('tag');
      fields = this.unknownTag(fields, tag, this.tagEnd('tag'));
    }
    return fields;
  }

  unknownTag(fields: UnknownTaggedField[] | undefined, tag: number, end: number): UnknownTaggedField[] {
    const field = { tag, bytes: this.#view(end - this.position, 'tag') };
    if (fields === undefined) return [field];
    fields.push(field);
    return fields;
  }

  /** A tag that the schema knows, but not in this version. */
  misplacedTag(field: string, version: number): DecodeError {
    return new DecodeError(
      field,
      `tagged field in version ${version}, which does not have it`,
      this.position,
    );
  }

  #int64(field: string): number {
    const at = this.position;
    if (at + 8 > this.end) throw this.#truncated(field, 8);
    this.position = at + 8;
    const bytes = this.bytes;
    const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const low = (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!;
    return high * TWO_TO_32 + (low >>> 0);
  }

  #longUvarint(field: string): number {
    const start = this.position;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      if (start + i >= this.end) throw this.#truncated(field, i + 1);
      const byte = this.bytes[start + i]!;
      if (i === 4 && byte > 0x0f) break;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) {
        this.position = start + i + 1;
        return value;
      }
    }
    throw new DecodeError(field, 'an unsigned varint of more than 32 bits', start);
  }

  #text(length: number, field: string): string {
    const at = this.position;
    if (length > MAX_STRING_LENGTH) {
      throw new DecodeError(field, `a string of ${length} bytes, more than ${MAX_STRING_LENGTH}`, at);
    }
    if (at + length > this.end) throw this.#truncated(field, length);
    this.position = at + length;
    return decodeUtf8(this.bytes, at, at + length);
  }

  #view(length: number, field: string): Uint8Array {
    const at = this.position;
    if (at + length > this.end) throw this.#truncated(field, length);
    this.position = at + length;
    return this.bytes.subarray(at, at + length);
  }

  #elements(length: number, elementSize: number, field: string): number {
    if (length * elementSize > this.end - this.position) {
      const need = `${length} elements of at least ${elementSize} bytes`;
      throw new DecodeError(field, `${need}, but ${this.end - this.position} bytes left`, this.position);
    }
    this.#charge(length, field);
    return length;
  }

  #charge(elements: number, field: string): void {
    this.#elementsLeft -= elements;
    if (this.#elementsLeft < 0) {
      throw new DecodeError(field, 'more array elements than one message may have', this.position);
    }
  }

  #truncated(field: string, need: number): DecodeError {
    const left = this.end - this.position;
    return new DecodeError(field, `${left} bytes left, ${need} needed`, this.position);
  }

  #isNull(field: string, lengthSize: number): DecodeError {
    return new DecodeError(
      field,
      'null (a negative length) where a value is required',
      this.position - lengthSize,
    );
  }

  #negative(field: string, length: number, lengthSize: number): never {
    throw new DecodeError(field, `a length of ${length}`, this.position - lengthSize);
  }
}
