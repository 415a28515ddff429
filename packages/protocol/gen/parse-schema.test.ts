import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameStructs, parseSchema, SchemaError } from './parse-schema.ts';
import type { ApiSchema, FieldSchema } from './schema.ts';

const EXAMPLE = `
# Does a thing.

api Example key 7, versions 1-5, flexible 3+, on broker controller

request
  name: string?2+ 1-4 = null ignorable
  part: [Part] 2+
    index: int32 = -1
    limit: int64 4+ tag 0 = max saturating
  owner: Owner

  struct Owner
    id: uuid

response
  part: Part? tag 1 3+ 
`;

function fields(text: string): FieldSchema[] {
  const schema = parseSchema('x', `data X versions 0-3, flexible 2+\n${text}`);
  return schema.messages[0]!.root.fields;
}

test('a file becomes its messages, structs and fields', () => {
  const text = EXAMPLE.replace(/  part: Part\? .*\n/, '  part: Part?3+\n    x: bool\n');
  const api = parseSchema('example', text) as ApiSchema;
  assert.equal(api.note, 'Does a thing.');
  assert.deepEqual([api.key, api.versions, api.flexibleFrom], [7, { from: 1, to: 5 }, 3]);
  assert.deepEqual(api.listeners, ['broker', 'controller']);
  const [request] = api.messages;
  const [name, part, owner] = request!.root.fields;
  assert.deepEqual(
    [name!.versions, name!.nullable, name!.default],
    [{ from: 1, to: 4 }, { from: 2, to: 4 }, null],
  );
  assert.ok(name!.ignorable && part!.type.kind === 'array' && typeof part!.type.element !== 'string');
  const [index, limit] = part!.type.element.fields;
  assert.deepEqual([index!.versions, index!.default, index!.tag], [{ from: 2, to: 5 }, -1, null]);
  assert.deepEqual(
    [limit!.versions, limit!.tag, limit!.default],
    [{ from: 4, to: 5 }, 0, Number.MAX_SAFE_INTEGER],
  );
  assert.ok(owner!.type.kind === 'struct' && owner!.type.struct.fields[0]!.name === 'id');
});

test('structs of one name in one file get their message in front', () => {
  const text = EXAMPLE.replace(/  part: Part\? .*\n/, '  part: Part?3+\n    x: bool\n');
  const { messages } = parseSchema('example', text);
  nameStructs(messages, new Set(['Owner']));
  const names = messages.flatMap((message) => message.structs.map((struct) => struct.typeName));
  assert.deepEqual(names, [
    'ExampleRequestPart',
    'ExampleRequestOwner',
    'ExampleRequest',
    'ExampleResponsePart',
    'ExampleResponse',
  ]);
});

test('what is not in the notation is refused with its line', () => {
  const mistakes: [string, RegExp][] = [
    ['  a int32', /x:2: not a field/],
    ['  a: Unknown', /no fields for Unknown/],
    ['  a: int32 1-9', /versions outside/],
    ['  a: int32 4+', /versions outside/],
    ['  a: int32 tag 0', /a tag needs flexible versions/],
    ['  a: string = null', /null is the default of a field that is never null/],
    ['  a: int32 = many', /not a number/],
    ['  a: string saturating', /only an int64 saturates/],
    ['  a: int8\n  a: int8', /a field occurs twice/],
    ['   a: int8', /indentation/],
    ['  a: int8\n    b: int8', /indented too deep/],
    ['  a: [int8', /unbalanced brackets/],
  ];
  for (const [text, message] of mistakes) {
    assert.throws(
      () => fields(text),
      (error) => error instanceof SchemaError && message.test(error.message),
      text,
    );
  }
  assert.throws(() => parseSchema('x', 'message X'), /expected api, record, data or header/);
});
