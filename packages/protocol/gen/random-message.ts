/**
 * Random messages for tests. Edge cases are as likely as ordinary values: empty, null, default, the ends of a type, text
 * that is not ASCII. The same seed makes the same message.
 */

import { interpretDefault, type StructValue, type Value } from './interpreter.ts';
import {
  contains,
  type FieldSchema,
  type MessageSchema,
  type PrimitiveName,
  type StructSchema,
} from './schema.ts';

/** An integer from 0 to below `limit`. */
export type RandomBelow = (limit: number) => number;

/** A small generator (mulberry32): good enough for test data, and the same everywhere. */
export function randomBelow(seed: number): RandomBelow {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/**
 * A message that `version` can carry. With `careless`, fields are set and null whether or not the version allows it:
 * such a message may be refused.
 */
export function randomMessage(
  message: MessageSchema,
  version: number,
  random: RandomBelow,
  careless = false,
): StructValue {
  return randomStruct({ message, version, random, careless }, message.root, 0);
}

interface Context {
  readonly message: MessageSchema;
  readonly version: number;
  readonly random: RandomBelow;
  readonly careless: boolean;
}

function randomStruct(context: Context, struct: StructSchema, depth: number): StructValue {
  const value: StructValue = {};
  for (const field of struct.fields) {
    const set = contains(field.versions, context.version) || (context.careless && context.random(16) === 0);
    const item = set && context.random(8) > 0 ? randomField(context, field, depth) : interpretDefault(field);
    value[field.name] = item === null && !mayBeNull(context, field) ? interpretNonNull(field) : item;
  }
  if (context.version >= context.message.flexibleFrom && context.random(12) === 0) {
    value['unknownTaggedFields'] = Array.from({ length: 1 + context.random(2) }, (_, i) => ({
      tag: 100 + 1000 * i + context.random(200),
      bytes: randomBytes(context.random, context.random(200)),
    }));
  }
  return value;
}

/** A field that is not in the version keeps its default, which may be null although the version never carries null. */
function mayBeNull(context: Context, field: FieldSchema): boolean {
  return (
    contains(field.nullable, context.version) ||
    !contains(field.versions, context.version) ||
    context.careless
  );
}

function interpretNonNull(field: FieldSchema): Value {
  if (field.type.kind === 'array') return [];
  if (field.type.kind === 'primitive' && field.type.name === 'string') return '';
  return Buffer.alloc(0);
}

function randomField(context: Context, field: FieldSchema, depth: number): Value {
  const { random } = context;
  const { type } = field;
  if (
    random(5) === 0 &&
    (contains(field.nullable, context.version) || (context.careless && field.nullable.to >= 0))
  ) {
    return null;
  }
  if (type.kind === 'primitive') return randomPrimitive(type.name, random);
  if (type.kind === 'struct') return randomStruct(context, type.struct, depth + 1);
  const { element } = type;
  const most = depth === 0 ? 4 : 3;
  return Array.from({ length: random(most) }, () =>
    typeof element === 'string'
      ? randomPrimitive(element, random)
      : randomStruct(context, element, depth + 1),
  );
}

function randomPrimitive(name: PrimitiveName, random: RandomBelow): Value {
  switch (name) {
    case 'bool':
      return random(2) === 1;
    case 'int8':
      return randomInteger(random, -(2 ** 7), 2 ** 7 - 1);
    case 'int16':
      return randomInteger(random, -(2 ** 15), 2 ** 15 - 1);
    case 'uint16':
      return randomInteger(random, 0, 2 ** 16 - 1);
    case 'int32':
      return randomInteger(random, -(2 ** 31), 2 ** 31 - 1);
    case 'uint32':
      return randomInteger(random, 0, 2 ** 32 - 1);
    case 'int64':
      return randomInteger(random, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    case 'bits64':
      return randomBytes(random, 8).readBigInt64BE();
    case 'float64':
      return (random(2 ** 30) - 2 ** 29) / 64;
    case 'uuid':
      return randomBytes(random, 16);
    case 'string':
      return randomText(random);
    default:
      return randomBytes(random, random(10) === 0 ? 1000 + random(200) : random(40));
  }
}

function randomInteger(random: RandomBelow, lowest: number, highest: number): number {
  switch (random(6)) {
    case 0:
      return lowest;
    case 1:
      return highest;
    case 2:
      return Math.max(lowest, -1);
    case 3:
      return random(100);
    default: {
      const bits = 2 ** random(54);
      return Math.max(lowest, Math.min(highest, Math.floor((random(2 ** 32) / 2 ** 32 - 0.5) * bits)));
    }
  }
}

function randomText(random: RandomBelow): string {
  const letters = random(4) === 0 ? ['a', 'é', '안', '🦫', '\u0000', ' '] : ['a', 'b', '-', '0', 'Z', '.'];
  const length = random(12) === 0 ? 50 + random(200) : random(20);
  return Array.from({ length }, () => letters[random(letters.length)]).join('');
}

function randomBytes(random: RandomBelow, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random(256)));
}
