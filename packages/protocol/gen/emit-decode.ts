/**
 * Emits the functions that read a struct:
 *
 *   readX(r, v)                 one struct: an object literal whose properties are evaluated in wire order, then its tags
 *   readXArray(r, v, n, field)  n of them; puts `field[i]` in front of an error's path
 *   readXField(r, v, field)     one, as a field of another struct; likewise
 */

import { defaultExpression, isNullable } from './emit-types.ts';
import { quote } from './names.ts';
import {
  type FieldSchema,
  intersect,
  type MessageSchema,
  type PrimitiveName,
  type StructSchema,
} from './schema.ts';
import { smallestElement } from './smallest-size.ts';
import { chooseExpression, chooseStatement, type Condition, inRange } from './version-condition.ts';

export function emitRead(message: MessageSchema, struct: StructSchema): string {
  const name = struct.typeName;
  const flexible = isFlexible(message, struct.versions);
  const literal = struct.fields.map((field) => {
    if (field.tag !== null) return `    ${field.name}: ${defaultExpression(field)},`;
    const present = inRange(field.versions, struct.versions);
    return `    ${field.name}: ${chooseExpression(present, readExpression(message, struct, field), defaultExpression(field))},`;
  });
  const body =
    flexible === false
      ? ['  return {', ...literal, '  };']
      : [
          `  const m: ${name} = {`,
          ...literal,
          '  };',
          `  ${chooseStatement(flexible, readTags(message, struct), '')}`,
          '  return m;',
        ];
  return functionText(`read${name}`, 'r: Reader', ': ' + name, body);
}

export function emitReadArray(struct: StructSchema): string {
  const name = struct.typeName;
  return `function read${name}Array(r: Reader, v: number, n: number, field: string): ${name}[] {
  const array: ${name}[] = [];
  try {
    for (let i = 0; i < n; i++) array.push(read${name}(r, v));
  } catch (error) {
    throw within(error, field, array.length);
  }
  return array;
}`;
}

export function emitReadArrayOrNull(struct: StructSchema): string {
  const name = struct.typeName;
  return `function read${name}ArrayOrNull(r: Reader, v: number, n: number, field: string): ${name}[] | null {
  return n < 0 ? null : read${name}Array(r, v, n, field);
}`;
}

export function emitReadField(struct: StructSchema): string {
  const name = struct.typeName;
  return `function read${name}Field(r: Reader, v: number, field: string): ${name} {
  try {
    return read${name}(r, v);
  } catch (error) {
    throw within(error, field);
  }
}`;
}

/** A function of the version, whose parameter is marked as unused when it is. */
export function functionText(name: string, parameters: string, result: string, body: string[]): string {
  const version = body.some((line) => /\bv\b/.test(line)) ? 'v' : '_v';
  return `function ${name}(${parameters}, ${version}: number)${result} {\n${body.join('\n')}\n}`;
}

export function isFlexible(message: MessageSchema, known: StructSchema['versions']): Condition {
  return inRange({ from: message.flexibleFrom, to: Infinity }, known);
}

function readExpression(message: MessageSchema, struct: StructSchema, field: FieldSchema): string {
  const known = intersect(field.versions, struct.versions);
  const flexible = field.rigid ? false : isFlexible(message, known);
  const nullable = inRange(field.nullable, known);
  const name = quote(field.name);
  const { type } = field;
  if (type.kind === 'primitive') {
    const method = (compact: boolean, orNull: boolean): string =>
      `r.${primitiveMethod(type.name, compact, orNull, field.saturating)}(${name})`;
    const choose = (compact: boolean): string =>
      chooseExpression(nullable, method(compact, true), method(compact, false));
    return chooseExpression(flexible, choose(true), choose(false));
  }
  if (type.kind === 'struct') {
    const read = `read${type.struct.typeName}Field(r, v, ${name})`;
    const present = field.tag === null ? 'present' : 'presentInTag';
    return chooseExpression(nullable, `(r.${present}(${name}) ? ${read} : null)`, read);
  }
  const length = (compact: boolean): string => {
    const size = smallestElement(message, type.element, known, compact);
    const method = (orNull: boolean): string => `r.${lengthMethod(compact, orNull)}(${name}, ${size})`;
    return chooseExpression(nullable, method(true), method(false));
  };
  const lengths =
    flexible === true
      ? length(true)
      : flexible === false
        ? length(false)
        : chooseExpression(flexible, length(true), length(false));
  const suffix = isNullable(field) ? 'ArrayOrNull' : 'Array';
  if (typeof type.element !== 'string')
    return `read${type.element.typeName}${suffix}(r, v, ${lengths}, ${name})`;
  if (type.element === 'string') return `r.string${suffix}(${lengths}, ${name}, ${String(flexible)})`;
  return `r.${type.element}${suffix}(${lengths}, ${name})`;
}

/** The statements that read a tag section into `m`. */
function readTags(message: MessageSchema, struct: StructSchema): string {
  const tagged = struct.fields.filter((field) => field.tag !== null);
  if (tagged.length === 0) {
    return `const unknown = r.unknownTags();\n    if (unknown !== undefined) m.unknownTaggedFields = unknown;`;
  }
  const cases = tagged.map((field) => {
    const name = quote(field.name);
    const known = intersect(struct.versions, { from: message.flexibleFrom, to: Infinity });
    const missing = inRange(field.versions, known);
    const check =
      missing === true ? '' : `if (!(${String(missing)})) throw r.misplacedTag(${name}, v);\n          `;
    return `        case ${field.tag}:
          ${check}m.${field.name} = ${readExpression(message, struct, field)};
          r.expectTagEnd(end, ${name});
          break;`;
  });
  return `for (let count = r.tagCount(); count > 0; count--) {
      const tag = r.uvarint('tag');
      const end = r.tagEnd('tag');
      switch (tag) {
${cases.join('\n')}
        default:
          m.unknownTaggedFields = r.unknownTag(m.unknownTaggedFields, tag, end);
      }
    }`;
}

/** The reader's and the writer's method of a primitive have one name. */
export function primitiveMethod(
  name: PrimitiveName,
  compact: boolean,
  orNull: boolean,
  saturating: boolean,
): string {
  if (name === 'int64') return saturating ? 'saturatingInt64' : 'int64';
  if (name !== 'string' && name !== 'bytes' && name !== 'records') return name;
  const base = name === 'string' ? 'String' : 'ByteString';
  const method = `${compact ? 'compact' : ''}${orNull ? 'Nullable' : ''}${base}`;
  return method.charAt(0).toLowerCase() + method.slice(1);
}

export function lengthMethod(compact: boolean, orNull: boolean): string {
  if (compact) return orNull ? 'compactNullableArrayLength' : 'compactArrayLength';
  return orNull ? 'nullableArrayLength' : 'arrayLength';
}
