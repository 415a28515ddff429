// Messages from the fields that matter: the rest takes the defaults of the schema. For tests that go over all APIs, where the builders of the
// generated code would have to be named one by one.
import assert from 'node:assert/strict';
import { generatedCodecs } from '../../../protocol/gen/generated-codecs.ts';
import { interpretDefault, type StructValue } from '../../../protocol/gen/interpreter.ts';
import { structOf, type StructSchema } from '../../../protocol/gen/schema.ts';

const roots: ReadonlyMap<string, StructSchema> = new Map(
  (await generatedCodecs()).map(({ message }) => [message.name, message.root]),
);

/** The message called `name` (`FetchRequest`) with the fields given, at any depth. An unknown field is an error of the test. */
export function wholeMessage(name: string, fields: Readonly<Record<string, unknown>>): StructValue {
  const root = roots.get(name);
  assert(root !== undefined, `there is a message ${name}`);
  return wholeStruct(root, fields);
}

function wholeStruct(struct: StructSchema, given: Readonly<Record<string, unknown>>): StructValue {
  const unknown = Object.keys(given).filter((key) => !struct.fields.some((field) => field.name === key));
  assert.deepEqual(unknown, [], `fields of ${struct.name}`);
  const value: StructValue = {};
  for (const field of struct.fields) {
    const item = given[field.name];
    if (item === undefined) {
      value[field.name] = interpretDefault(field);
      continue;
    }
    const below = structOf(field.type);
    if (below === null || item === null) value[field.name] = item;
    else if (Array.isArray(item))
      value[field.name] = item.map((element) => wholeStruct(below, element as Record<string, unknown>));
    else value[field.name] = wholeStruct(below, item as Record<string, unknown>);
  }
  return value;
}

/** Every error code anywhere in an answer. */
export function errorCodesIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(errorCodesIn);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    /^(errorCode|partitionErrorCode|topicConfigErrorCode)$/.test(key) ? [item as number] : errorCodesIn(item),
  );
}
