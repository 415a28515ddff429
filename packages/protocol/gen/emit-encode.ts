/**
 * Emits the functions that write a struct: writeX, writeXArray and writeXField, the mirror of emit-decode.ts. A field that
 * the version does not have must hold its default, unless it is ignorable.
 */

import { functionText, isFlexible, lengthMethod, primitiveMethod } from './emit-decode.ts';
import { differsFromDefault, isNullable } from './emit-types.ts';
import { quote } from './names.ts';
import { type FieldSchema, intersect, type MessageSchema, type StructSchema } from './schema.ts';
import { chooseStatement, inRange } from './version-condition.ts';

export function emitWrite(message: MessageSchema, struct: StructSchema): string {
  const body: string[] = [];
  for (const field of struct.fields) {
    const present = inRange(field.versions, struct.versions);
    const refuse = `if (${differsFromDefault(field)}) throw notInVersion(${quote(field.name)});`;
    if (field.tag === null) {
      body.push(
        `  ${chooseStatement(present, writeStatement(message, struct, field), field.ignorable ? '' : refuse)}`,
      );
    } else if (present !== true && !field.ignorable) {
      body.push(
        `  if (!(${String(present)}) && (${differsFromDefault(field)})) throw notInVersion(${quote(field.name)});`,
      );
    }
  }
  const flexible = isFlexible(message, struct.versions);
  if (flexible !== false) {
    body.push(
      `  ${chooseStatement(flexible, writeTags(message, struct), 'refuseUnknownTags(m.unknownTaggedFields);')}`,
    );
  }
  return functionText(`write${struct.typeName}`, `w: Writer, m: ${struct.typeName}`, ': void', body);
}

export function emitWriteArray(struct: StructSchema): string {
  const name = struct.typeName;
  return `function write${name}Array(w: Writer, array: readonly ${name}[], v: number, field: string): void {
  let i = 0;
  try {
    for (; i < array.length; i++) write${name}(w, array[i]!, v);
  } catch (error) {
    throw within(error, field, i);
  }
}`;
}

export function emitWriteField(struct: StructSchema): string {
  const name = struct.typeName;
  return `function write${name}Field(w: Writer, m: ${name}, v: number, field: string): void {
  try {
    write${name}(w, m, v);
  } catch (error) {
    throw within(error, field);
  }
}`;
}

function writeStatement(message: MessageSchema, struct: StructSchema, field: FieldSchema): string {
  const known = intersect(field.versions, struct.versions);
  const flexible = field.rigid ? false : isFlexible(message, known);
  const nullable = inRange(field.nullable, known);
  const name = quote(field.name);
  const value = `m.${field.name}`;
  const { type } = field;
  const choose = (statement: (compact: boolean, orNull: boolean) => string): string =>
    chooseStatement(
      flexible,
      chooseStatement(nullable, statement(true, true), statement(true, false)),
      chooseStatement(nullable, statement(false, true), statement(false, false)),
    );
  if (type.kind === 'primitive') {
    return choose(
      (compact, orNull) =>
        `w.${primitiveMethod(type.name, compact, orNull, field.saturating)}(${value}, ${name});`,
    );
  }
  if (type.kind === 'struct') {
    const write = `write${type.struct.typeName}Field(w, ${value}, v, ${name});`;
    if (nullable === false) return write;
    if (nullable !== true)
      throw new Error(`${message.name}.${field.name}: a struct is nullable in all its versions or none`);
    const absent = field.tag === null ? `w.int8(-1, ${name})` : 'w.uvarint(0)'; // Kafka marks null differently in a tag.
    return `if (${value} === null) { ${absent}; } else { w.int8(1, ${name}); ${write} }`;
  }
  const length = choose((compact, orNull) => `w.${lengthMethod(compact, orNull)}(${value}, ${name});`);
  const elements =
    typeof type.element !== 'string'
      ? `write${type.element.typeName}Array(w, ${value}, v, ${name});`
      : type.element === 'string'
        ? `w.stringArray(${value}, ${name}, ${String(flexible)});`
        : `w.${type.element}Array(${value}, ${name});`;
  return `${length} ${isNullable(field) ? `if (${value} !== null) ${elements}` : elements}`;
}

function writeTags(message: MessageSchema, struct: StructSchema): string {
  const tagged = struct.fields.filter((field) => field.tag !== null).sort((a, b) => a.tag! - b.tag!);
  if (tagged.length === 0) return 'w.unknownTags(m.unknownTaggedFields);';
  const known = intersect(struct.versions, { from: message.flexibleFrom, to: Infinity });
  const lines = [
    'const unknown = m.unknownTaggedFields;',
    `let count = unknown === undefined ? 0 : countUnknownTags(unknown, [${tagged.map((field) => field.tag).join(', ')}]);`,
  ];
  for (const field of tagged) {
    const present = inRange(field.versions, known);
    const differs = differsFromDefault(field);
    lines.push(
      `const has${field.tag} = ${present === true ? differs : `${String(present)} && (${differs})`};`,
      `if (has${field.tag}) count++;`,
    );
  }
  lines.push('w.uvarint(count);');
  let previous = -1;
  for (const field of tagged) {
    lines.push(
      `if (unknown !== undefined) w.unknownTagsBetween(unknown, ${previous}, ${field.tag});`,
      `if (has${field.tag}) { const tag = w.beginTag(${field.tag}); ${writeStatement(message, struct, field)} w.endTag(tag); }`,
    );
    previous = field.tag!;
  }
  lines.push(`if (unknown !== undefined) w.unknownTagsBetween(unknown, ${previous}, Infinity);`);
  return lines.join('\n    ');
}
