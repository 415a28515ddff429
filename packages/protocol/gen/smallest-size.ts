/**
 * The fewest bytes that a value can take on the wire. Decoders refuse an array length that the bytes left cannot hold at
 * this size per element, so it must never be more than what a real value takes, and never zero.
 */

import {
  contains,
  type FieldSchema,
  type MessageSchema,
  type PrimitiveName,
  type StructSchema,
  structOf,
  type VersionRange,
  versionsOf,
} from './schema.ts';

const FIXED: Partial<Record<PrimitiveName, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  bits64: 8,
  float64: 8,
  uuid: 16,
};

/** Smallest size of an array's element over the versions of `known` that are flexible, or over those that are not. */
export function smallestElement(
  message: MessageSchema,
  element: PrimitiveName | StructSchema,
  known: VersionRange,
  flexible: boolean,
): number {
  const sizes = versionsOf(known)
    .filter((version) => version >= message.flexibleFrom === flexible)
    .map((version) =>
      typeof element === 'string' ? primitiveSize(element, flexible) : structSize(message, element, version),
    );
  const smallest = Math.min(...sizes);
  if (smallest === 0)
    throw new Error(`${message.name}: an array of elements without bytes cannot be bounded`);
  return smallest;
}

function primitiveSize(name: PrimitiveName, flexible: boolean): number {
  return FIXED[name] ?? (flexible ? 1 : name === 'string' ? 2 : 4);
}

function structSize(message: MessageSchema, struct: StructSchema, version: number): number {
  const flexible = version >= message.flexibleFrom;
  let size = flexible ? 1 : 0;
  for (const field of struct.fields) {
    if (field.tag === null && contains(field.versions, version))
      size += fieldSize(message, field, version, flexible);
  }
  return size;
}

function fieldSize(message: MessageSchema, field: FieldSchema, version: number, flexible: boolean): number {
  if (field.type.kind === 'array') return flexible ? 1 : 4;
  if (field.type.kind === 'primitive') return primitiveSize(field.type.name, flexible && !field.rigid);
  return contains(field.nullable, version) ? 1 : structSize(message, structOf(field.type)!, version);
}
