/** Emits a struct's interface and its `new` function, which fills in the schema's defaults. */

import { lowerCamel, quote } from './names.ts';
import {
  type FieldSchema,
  isEmptyRange,
  type MessageSchema,
  type PrimitiveName,
  type StructSchema,
  structOf,
} from './schema.ts';

const TYPES: Record<PrimitiveName, string> = {
  bool: 'boolean',
  int8: 'number',
  int16: 'number',
  uint16: 'number',
  int32: 'number',
  uint32: 'number',
  int64: 'number',
  bits64: 'bigint',
  float64: 'number',
  uuid: 'Uint8Array',
  string: 'string',
  bytes: 'Uint8Array',
  records: 'Uint8Array',
};

export function isNullable(field: FieldSchema): boolean {
  return !isEmptyRange(field.nullable);
}

export function emitInterface(message: MessageSchema, struct: StructSchema): string {
  const lines = struct.fields.map((field) => {
    const note = versionNote(struct, field);
    return `${note === '' ? '' : `  /** ${note} */\n`}  ${field.name}: ${fieldType(message, field)};`;
  });
  if (struct.versions.to >= message.flexibleFrom) {
    lines.push(
      '  /** Tagged fields that this schema does not know, when there are any. */',
      '  unknownTaggedFields?: UnknownTaggedField[];',
    );
  }
  const title =
    struct === message.root
      ? `${message.name}, ${versions(message.versions.from, message.versions.to)}.`
      : '';
  return `${title === '' ? '' : `/** ${title} */\n`}export interface ${struct.typeName} {\n${lines.join('\n')}\n}`;
}

/** One literal, field by field: several times as fast as Object.assign, and the shape that decoding makes. */
export function emitNew(message: MessageSchema, struct: StructSchema): string {
  const name = struct.typeName;
  const fields = struct.fields.map((field) => {
    const given = `init.${field.name}`;
    const absent = defaultExpression(field);
    const keepsNull = isNullable(field) && field.default !== null;
    const value = keepsNull ? `${given} === undefined ? ${absent} : ${given}` : `${given} ?? ${absent}`;
    return `    ${field.name}: ${value},`;
  });
  return [
    `/** A ${name} with the schema's defaults, and over them what \`init\` has. */`,
    `export function new${name}(init: Partial<${name}> = {}): ${name} {`,
    `  const m: ${name} = {`,
    ...fields,
    '  };',
    ...(struct.versions.to >= message.flexibleFrom
      ? ['  if (init.unknownTaggedFields !== undefined) m.unknownTaggedFields = init.unknownTaggedFields;']
      : []),
    '  return m;',
    '}',
  ].join('\n');
}

/** The default as an expression; objects are new each time, except for the shared zero uuid and empty bytes. */
export function defaultExpression(field: FieldSchema): string {
  if (field.default === null) return 'null';
  if (typeof field.default === 'object') {
    switch (field.default.make) {
      case 'zero-uuid':
        return 'ZERO_UUID';
      case 'empty-bytes':
        return 'EMPTY_BYTES';
      case 'empty-array':
        return '[]';
      case 'new-struct':
        return `new${structOf(field.type)!.typeName}()`;
    }
  }
  if (typeof field.default === 'bigint') return `${field.default}n`;
  if (typeof field.default === 'string') return quote(field.default);
  return field.default === Number.MAX_SAFE_INTEGER ? 'Number.MAX_SAFE_INTEGER' : String(field.default);
}

/** An expression that is true when the field of `m` differs from its default. */
export function differsFromDefault(field: FieldSchema): string {
  const value = `m.${field.name}`;
  const orNull = isNullable(field) && field.default !== null ? `${value} === null || ` : '';
  if (field.default === null) return `${value} !== null`;
  if (field.type.kind === 'struct') return `${orNull}!isDefault${field.type.struct.typeName}(${value})`;
  if (typeof field.default === 'object') {
    return field.default.make === 'zero-uuid' ? `!isZeroUuid(${value})` : `${orNull}${value}.length > 0`;
  }
  if (typeof field.default === 'boolean') return field.default ? `!${value}` : value;
  return `${value} !== ${defaultExpression(field)}`;
}

export function emitIsDefault(message: MessageSchema, struct: StructSchema): string {
  const tests = struct.fields.map(differsFromDefault);
  if (struct.versions.to >= message.flexibleFrom) {
    tests.push('(m.unknownTaggedFields !== undefined && m.unknownTaggedFields.length > 0)');
  }
  return `function isDefault${struct.typeName}(m: ${struct.typeName}): boolean {\n  return !(${tests.join(' || ')});\n}`;
}

/** Name of the message's codec constant. */
export function codecName(message: MessageSchema): string {
  return lowerCamel(message.name);
}

function fieldType(message: MessageSchema, field: FieldSchema): string {
  // Whoever answers with records has them in several pieces; decoding gives one.
  if (message.name.endsWith('Response') && field.type.kind === 'primitive' && field.type.name === 'records') {
    return `Uint8Array | readonly Uint8Array[]${isNullable(field) ? ' | null' : ''}`;
  }
  const nullable = isNullable(field) ? ' | null' : '';
  if (field.type.kind === 'primitive') return TYPES[field.type.name] + nullable;
  if (field.type.kind === 'struct') return field.type.struct.typeName + nullable;
  const element = field.type.element;
  return `${typeof element === 'string' ? TYPES[element] : element.typeName}[]${nullable}`;
}

function versionNote(struct: StructSchema, field: FieldSchema): string {
  const notes: string[] = [];
  const { from, to } = field.versions;
  if (from !== struct.versions.from || to !== struct.versions.to) {
    notes.push(to === struct.versions.to ? `versions ${from}+` : versions(from, to));
    notes.push(field.ignorable ? 'left out of others' : 'an error in others');
  }
  if (isNullable(field) && field.nullable.from > from)
    notes.push(`null from version ${field.nullable.from} on`);
  if (field.saturating) notes.push('the largest safe integer stands for all larger values');
  if (field.type.kind === 'primitive' && field.type.name === 'records')
    notes.push('record batches, not copied');
  const note = notes.join('; ');
  return note === '' ? '' : `${note.charAt(0).toUpperCase()}${note.slice(1)}.`;
}

function versions(from: number, to: number): string {
  return from === to ? `version ${from}` : `versions ${from} to ${to}`;
}
