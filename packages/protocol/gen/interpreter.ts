/**
 * The oracle: encodes and decodes by walking the schema, one field at a time. Slow, plain, and made without the reader,
 * the writer and the emitters, so that a mistake in them shows as a difference. Messages look as those of the generated
 * codecs. Malformed input throws some error or other; only tests use this.
 */

import {
  contains,
  type FieldSchema,
  type FieldType,
  type MessageSchema,
  type PrimitiveName,
  type StructSchema,
} from './schema.ts';

export type Value = unknown;
export type StructValue = Record<string, Value>;
interface Tagged {
  tag: number;
  bytes: Uint8Array;
}

export function interpretEncode(message: MessageSchema, value: StructValue, version: number): Buffer {
  return encodeStruct(message, message.root, value, version);
}

export function interpretDecode(message: MessageSchema, bytes: Uint8Array, version: number): StructValue {
  const source = { bytes: Buffer.from(bytes), at: 0 };
  const value = decodeStruct(message, message.root, source, version);
  if (source.at !== bytes.length) throw new Error(`${bytes.length - source.at} bytes left over`);
  return value;
}

export function interpretDefault(field: FieldSchema): Value {
  if (field.default === null || typeof field.default !== 'object') return field.default;
  if (field.type.kind === 'struct') return newStruct(field.type.struct);
  if (field.type.kind === 'array') return [];
  return Buffer.alloc(field.default.make === 'zero-uuid' ? 16 : 0);
}

export function newStruct(struct: StructSchema): StructValue {
  return Object.fromEntries(struct.fields.map((field) => [field.name, interpretDefault(field)]));
}

function encodeStruct(
  message: MessageSchema,
  struct: StructSchema,
  value: StructValue,
  version: number,
): Buffer {
  const flexible = version >= message.flexibleFrom;
  const parts: Buffer[] = [];
  const tagged = [...((value['unknownTaggedFields'] ?? []) as Tagged[])];
  if (!flexible && tagged.length > 0) throw new Error('unknown tagged fields in a version without');
  for (const field of struct.fields) {
    const item = value[field.name];
    if (!contains(field.versions, version)) {
      if (!field.ignorable && !isDefault(field, item))
        throw new Error(`${field.name} is not in version ${version}`);
    } else if (field.tag === null) {
      parts.push(encodeField(message, field, item, version));
    } else if (!isDefault(field, item)) {
      tagged.push({ tag: field.tag, bytes: encodeField(message, field, item, version) });
    }
  }
  if (flexible) {
    parts.push(uvarint(tagged.length));
    for (const { tag, bytes } of tagged.sort((a, b) => a.tag - b.tag)) {
      parts.push(uvarint(tag), uvarint(bytes.length), Buffer.from(bytes));
    }
  }
  return Buffer.concat(parts);
}

function isDefault(field: FieldSchema, item: Value): boolean {
  const normal = JSON.stringify(interpretDefault(field), comparable);
  return JSON.stringify(item, comparable) === normal;
}

function comparable(_key: string, value: Value): Value {
  if (typeof value === 'bigint') return `${value}n`;
  return value;
}

function encodeField(message: MessageSchema, field: FieldSchema, item: Value, version: number): Buffer {
  const flexible = version >= message.flexibleFrom && !field.rigid;
  const { type } = field;
  if (item === null && !contains(field.nullable, version)) throw new Error(`${field.name} must not be null`);
  if (type.kind === 'struct') {
    if (item === null) return Buffer.from([field.tag === null ? 0xff : 0]);
    const bytes = encodeStruct(message, type.struct, item as StructValue, version);
    return contains(field.nullable, version) ? Buffer.concat([Buffer.from([1]), bytes]) : bytes;
  }
  if (type.kind === 'primitive') return encodePrimitive(type.name, item, flexible, field.saturating);
  if (item === null) return flexible ? uvarint(0) : fixed('int32', -1);
  const array = item as Value[];
  const { element } = type;
  return Buffer.concat([
    flexible ? uvarint(array.length + 1) : fixed('int32', array.length),
    ...array.map((one) =>
      typeof element === 'string'
        ? encodePrimitive(element, one, flexible, false)
        : encodeStruct(message, element, one as StructValue, version),
    ),
  ]);
}

function encodePrimitive(name: PrimitiveName, item: Value, flexible: boolean, saturating: boolean): Buffer {
  if (name === 'uuid') return Buffer.from(item as Uint8Array);
  if (name === 'string' || name === 'bytes' || name === 'records') {
    if (item === null) return flexible ? uvarint(0) : fixed(name === 'string' ? 'int16' : 'int32', -1);
    const bytes = Buffer.from(item as string);
    const length = flexible
      ? uvarint(bytes.length + 1)
      : fixed(name === 'string' ? 'int16' : 'int32', bytes.length);
    return Buffer.concat([length, bytes]);
  }
  if (name === 'bits64') return fixed(name, item as bigint);
  if (saturating && item === Number.MAX_SAFE_INTEGER) return fixed('int64', 2n ** 63n - 1n);
  if (saturating && item === Number.MIN_SAFE_INTEGER) return fixed('int64', -(2n ** 63n));
  return fixed(name, item as number);
}

function fixed(name: PrimitiveName, value: number | bigint | boolean): Buffer {
  const buffer = Buffer.alloc(8);
  if (name === 'int64' || name === 'bits64') return buffer.subarray(0, buffer.writeBigInt64BE(BigInt(value)));
  const number = Number(value);
  switch (name) {
    case 'bool':
    case 'int8':
      return buffer.subarray(0, buffer.writeInt8(number));
    case 'int16':
      return buffer.subarray(0, buffer.writeInt16BE(number));
    case 'uint16':
      return buffer.subarray(0, buffer.writeUInt16BE(number));
    case 'int32':
      return buffer.subarray(0, buffer.writeInt32BE(number));
    case 'uint32':
      return buffer.subarray(0, buffer.writeUInt32BE(number));
    case 'float64':
      return buffer.subarray(0, buffer.writeDoubleBE(number));
    default:
      throw new Error(`${name} has no fixed size`);
  }
}

function uvarint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest /= 128n) bytes.push(Number(rest % 128n) + 128);
  return Buffer.from([...bytes, Number(rest)]);
}

interface Source {
  readonly bytes: Buffer;
  at: number;
}

function take(source: Source, length: number): Buffer {
  if (length < 0 || source.at + length > source.bytes.length) throw new Error('out of bytes');
  source.at += length;
  return source.bytes.subarray(source.at - length, source.at);
}

function takeUvarint(source: Source): number {
  let value = 0n;
  for (let i = 0n; i < 5n; i++) {
    const byte = BigInt(take(source, 1)[0]!);
    value += (byte % 128n) * 128n ** i;
    if (byte < 128n) return Number(value);
  }
  throw new Error('varint too long');
}

function decodeStruct(
  message: MessageSchema,
  struct: StructSchema,
  source: Source,
  version: number,
): StructValue {
  const value = newStruct(struct);
  const here = struct.fields.filter((field) => contains(field.versions, version));
  for (const field of here) {
    if (field.tag === null) value[field.name] = decodeField(message, field, source, version);
  }
  if (version < message.flexibleFrom) return value;
  const unknown: Tagged[] = [];
  for (let count = takeUvarint(source); count > 0; count--) {
    const tag = takeUvarint(source);
    const bytes = take(source, takeUvarint(source));
    const field = here.find((one) => one.tag === tag);
    if (field === undefined) {
      unknown.push({ tag, bytes });
    } else {
      value[field.name] = decodeField(message, field, { bytes, at: 0 }, version);
    }
  }
  if (unknown.length > 0) value['unknownTaggedFields'] = unknown;
  return value;
}

function decodeField(message: MessageSchema, field: FieldSchema, source: Source, version: number): Value {
  const flexible = version >= message.flexibleFrom && !field.rigid;
  const nullable = contains(field.nullable, version);
  const { type } = field;
  if (type.kind === 'struct') {
    const mark = nullable ? take(source, 1).readInt8() : 1;
    if (mark < 0 || (mark === 0 && field.tag !== null)) return null;
    return decodeStruct(message, type.struct, source, version);
  }
  const length = lengthOf(type, source, flexible);
  if (length !== undefined && length < 0) {
    if (!nullable) throw new Error(`${field.name} is null`);
    return null;
  }
  if (type.kind === 'primitive') return decodePrimitive(type.name, source, length, field.saturating);
  const { element } = type;
  return Array.from({ length: length! }, () => {
    if (typeof element !== 'string') return decodeStruct(message, element, source, version);
    return decodePrimitive(
      element,
      source,
      lengthOf({ kind: 'primitive', name: element }, source, flexible),
      false,
    );
  });
}

/** The length in front of a value; undefined for values of fixed size. */
function lengthOf(type: FieldType, source: Source, flexible: boolean): number | undefined {
  if (type.kind === 'primitive' && !['string', 'bytes', 'records'].includes(type.name)) return undefined;
  if (flexible) return takeUvarint(source) - 1;
  const short = type.kind === 'primitive' && type.name === 'string';
  return short ? take(source, 2).readInt16BE() : take(source, 4).readInt32BE();
}

function decodePrimitive(
  name: PrimitiveName,
  source: Source,
  length: number | undefined,
  saturating: boolean,
): Value {
  switch (name) {
    case 'bool':
      return take(source, 1)[0] !== 0;
    case 'int8':
      return take(source, 1).readInt8();
    case 'int16':
      return take(source, 2).readInt16BE();
    case 'uint16':
      return take(source, 2).readUInt16BE();
    case 'int32':
      return take(source, 4).readInt32BE();
    case 'uint32':
      return take(source, 4).readUInt32BE();
    case 'bits64':
      return take(source, 8).readBigInt64BE();
    case 'float64':
      return take(source, 8).readDoubleBE();
    case 'uuid':
      return take(source, 16);
    case 'string':
      return take(source, length!).toString();
    case 'bytes':
    case 'records':
      return take(source, length!);
    default: {
      const value = Number(take(source, 8).readBigInt64BE());
      if (Number.isSafeInteger(value)) return value;
      if (!saturating) throw new Error('not a safe integer');
      return value < 0 ? Number.MIN_SAFE_INTEGER : Number.MAX_SAFE_INTEGER;
    }
  }
}
