/**
 * The notation of schemas/*.schema, and its parser.
 *
 *   # Appends record batches to partitions.                   the purpose: becomes the codec file's comment
 *   api Produce key 0, versions 3-13, flexible 9+, on broker
 *
 *   request                                                   then its fields, two spaces a level
 *     transactionalId: string? = null
 *     topicData: [TopicProduceData]                           an array of structs, whose fields follow one level deeper
 *       name: string 3-12 ignorable                           only in versions 3 to 12
 *       topicId: uuid 13+ ignorable
 *   response
 *     currentLeader: LeaderIdAndEpoch 10+ tag 0               a tagged field
 *     errorMessage: string?2+ 1+                              in versions 1 and later, null allowed from 2
 *
 *     struct LeaderIdAndEpoch                                 a struct used by name in several places
 *       leaderId: int32 = -1
 *
 * Other files open with `record NAME type N` and have a `key` and a `value` section with versions of their own, or with
 * `data NAME versions ...` / `header NAME versions ...` and have the fields right below.
 *
 * A field is `name: type [versions] [tag N] [= default] [ignorable] [saturating] [rigid]`. Types: bool int8 int16 uint16
 * int32 uint32 int64 float64 uuid string bytes records, bits64 (an int64 which is a hash, so a bigint), a struct, or one of
 * them in brackets; `?` makes it nullable. Fields without versions are in all versions of what they stand in.
 */

import {
  type DefaultValue,
  type FieldSchema,
  type FieldType,
  intersect,
  isEmptyRange,
  type MessageSchema,
  NEVER,
  type PrimitiveName,
  type SchemaFile,
  type StructSchema,
  type VersionRange,
} from './schema.ts';

const PRIMITIVES: ReadonlySet<string> = new Set<PrimitiveName>([
  'bool',
  'int8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'bits64',
  'float64',
  'uuid',
  'string',
  'bytes',
  'records',
]);

interface Line {
  readonly number: number;
  readonly depth: number;
  readonly text: string;
}

/** A schema file that does not follow the notation: tells the line. */
export class SchemaError extends Error {
  constructor(file: string, line: Line | undefined, reason: string) {
    super(line === undefined ? `${file}: ${reason}` : `${file}:${line.number}: ${reason}: ${line.text}`);
    this.name = 'SchemaError';
  }
}

export function parseSchema(file: string, text: string): SchemaFile {
  return new Parser(file, text).parse();
}

interface Section {
  readonly name: string;
  readonly apiKey: number;
  readonly versions: VersionRange;
  readonly flexibleFrom: number;
}

class Parser {
  readonly #file: string;
  readonly #lines: Line[] = [];
  readonly #note: string;
  #next = 0;
  #flexibleFrom = Infinity;
  #shared = new Map<string, StructSchema>();
  #order: StructSchema[] = [];

  constructor(file: string, text: string) {
    this.#file = file;
    const notes: string[] = [];
    for (const [index, raw] of text.split('\n').entries()) {
      const trimmed = raw.trim();
      if (trimmed.startsWith('#') && this.#lines.length === 0) notes.push(trimmed.slice(1).trim());
      if (trimmed === '' || trimmed.startsWith('#')) continue;
      const indent = raw.length - raw.trimStart().length;
      this.#lines.push({ number: index + 1, depth: indent / 2, text: trimmed });
      if (indent % 2 !== 0) throw this.#error('indentation is two spaces a level', this.#lines.at(-1));
    }
    this.#note = notes.join('\n');
  }

  parse(): SchemaFile {
    const head = this.#take();
    const [kind, name] = head.text.split(/[\s,]+/);
    if (name === undefined) throw this.#error('a name is missing', head);
    if (kind === 'api') return this.#api(name, head);
    if (kind === 'record') return this.#record(name, head);
    if (kind === 'data' || kind === 'header') {
      const message = this.#message({ name, apiKey: -1, ...this.#versions(head) });
      return { kind, name, note: this.#note, messages: [message] };
    }
    throw this.#error('expected api, record, data or header', head);
  }

  #api(name: string, head: Line): SchemaFile {
    const key = Number(/\bkey (\d+)/.exec(head.text)?.[1]);
    if (!Number.isInteger(key)) throw this.#error('expected "key N"', head);
    const listeners = /, on ([a-z ]+)/.exec(head.text)?.[1]?.split(' ') ?? [];
    const { versions, flexibleFrom } = this.#versions(head);
    const messages: MessageSchema[] = [];
    if (!isEmptyRange(versions)) {
      for (const part of ['Request', 'Response']) {
        const line = this.#take();
        if (line.text !== part.toLowerCase()) throw this.#error(`expected "${part.toLowerCase()}"`, line);
        messages.push(this.#message({ name: name + part, apiKey: key, versions, flexibleFrom }));
      }
    }
    const latestUnstable = head.text.includes(', latest unstable');
    return {
      kind: 'api',
      name,
      note: this.#note,
      key,
      versions,
      flexibleFrom,
      listeners,
      latestUnstable,
      messages,
    };
  }

  #record(name: string, head: Line): SchemaFile {
    const type = Number(/\btype (\d+)/.exec(head.text)?.[1]);
    if (!Number.isInteger(type)) throw this.#error('expected "type N"', head);
    const messages = ['Key', 'Value'].map((part) => {
      const line = this.#take();
      if (!line.text.startsWith(part.toLowerCase()))
        throw this.#error(`expected "${part.toLowerCase()}"`, line);
      return this.#message({ name: name + part, apiKey: -1, ...this.#versions(line) });
    });
    return { kind: 'record', name, note: this.#note, type, messages };
  }

  #versions(line: Line): { versions: VersionRange; flexibleFrom: number } {
    const versions = /\bversions (\S+?)(?:,|$)/.exec(line.text)?.[1];
    if (versions === undefined) throw this.#error('expected "versions A-B"', line);
    const flexible = /\bflexible (\d+)\+/.exec(line.text)?.[1];
    return {
      versions: versions === 'none' ? NEVER : this.#range(versions, { from: 0, to: 32767 }, line),
      flexibleFrom: flexible === undefined ? Infinity : Number(flexible),
    };
  }

  #message(section: Section): MessageSchema {
    this.#flexibleFrom = section.flexibleFrom;
    this.#shared = new Map();
    this.#order = [];
    this.#declareShared(section.versions);
    const root: StructSchema = {
      name: section.name,
      typeName: section.name,
      versions: section.versions,
      fields: [],
    };
    this.#fields(root, 1);
    this.#order.push(root);
    return { ...section, root, structs: this.#order };
  }

  /** Shared structs may be used above their definition: name them first. */
  #declareShared(versions: VersionRange): void {
    for (let i = this.#next; i < this.#lines.length && this.#lines[i]!.depth > 0; i++) {
      const name = /^struct (\w+)$/.exec(this.#lines[i]!.text)?.[1];
      if (name !== undefined) this.#shared.set(name, { name, typeName: name, versions, fields: [] });
    }
  }

  #fields(parent: StructSchema, depth: number): void {
    for (let line = this.#peek(); line !== undefined && line.depth === depth; line = this.#peek()) {
      const shared = /^struct (\w+)$/.exec(line.text)?.[1];
      this.#take();
      if (shared !== undefined) {
        const struct = this.#shared.get(shared)!;
        this.#fields(struct, depth + 1);
        this.#order.push(struct);
      } else {
        parent.fields.push(this.#field(line, parent.versions));
      }
    }
    const rest = this.#peek();
    if (rest !== undefined && rest.depth > depth) throw this.#error('indented too deep', rest);
    if (new Set(parent.fields.map((field) => field.name)).size !== parent.fields.length) {
      throw this.#error(`a field occurs twice in ${parent.name}`, rest);
    }
  }

  #field(line: Line, outer: VersionRange): FieldSchema {
    const match =
      /^(\w+): (\[?\w+\]?)(\?[\d+-]*)?(?: (\d[\d+-]*))?(?: tag (\d+))?(?: = (\S+))?((?: (?:ignorable|saturating|rigid))*)$/.exec(
        line.text,
      );
    if (match === null) throw this.#error('not a field', line);
    const [, name, typeText, nullText, versionText, tagText, defaultText, flags] = match;
    const versions = versionText === undefined ? outer : this.#range(versionText, outer, line);
    const nullable =
      nullText === undefined
        ? NEVER
        : nullText === '?'
          ? versions
          : this.#range(nullText.slice(1), versions, line);
    const type = this.#type(typeText!, versions, line);
    const tag = tagText === undefined ? null : Number(tagText);
    if (tag !== null && versions.from < this.#flexibleFrom)
      throw this.#error('a tag needs flexible versions', line);
    const saturating = flags!.includes('saturating');
    if (saturating && !(type.kind === 'primitive' && type.name === 'int64')) {
      throw this.#error('only an int64 saturates', line);
    }
    return {
      name: name!,
      type,
      versions,
      nullable,
      tag,
      default: this.#default(defaultText, type, nullable, line),
      ignorable: flags!.includes('ignorable'),
      saturating,
      rigid: flags!.includes('rigid'),
    };
  }

  #type(text: string, versions: VersionRange, line: Line): FieldType {
    const array = text.startsWith('[');
    if (array !== text.endsWith(']')) throw this.#error('unbalanced brackets', line);
    const name = array ? text.slice(1, -1) : text;
    if (PRIMITIVES.has(name)) {
      if (!array) return { kind: 'primitive', name: name as PrimitiveName };
      return { kind: 'array', element: name as PrimitiveName };
    }
    const struct = this.#shared.get(name) ?? this.#inlineStruct(name, versions, line);
    return array ? { kind: 'array', element: struct } : { kind: 'struct', struct };
  }

  #inlineStruct(name: string, versions: VersionRange, line: Line): StructSchema {
    const struct: StructSchema = { name, typeName: name, versions, fields: [] };
    const body = this.#peek();
    if (body === undefined || body.depth !== line.depth + 1) throw this.#error(`no fields for ${name}`, line);
    this.#fields(struct, line.depth + 1);
    this.#order.push(struct);
    return struct;
  }

  #default(text: string | undefined, type: FieldType, nullable: VersionRange, line: Line): DefaultValue {
    if (text === 'null') {
      if (isEmptyRange(nullable))
        throw this.#error('null is the default of a field that is never null', line);
      return null;
    }
    if (type.kind === 'array') return { make: 'empty-array' };
    if (type.kind === 'struct') return { make: 'new-struct' };
    switch (type.name) {
      case 'bool':
        return text === 'true';
      case 'string':
        return text === undefined ? '' : (JSON.parse(text) as string);
      case 'bytes':
      case 'records':
        return { make: 'empty-bytes' };
      case 'uuid':
        return { make: 'zero-uuid' };
      case 'bits64':
        return BigInt(text ?? 0);
      default: {
        const value = text === undefined ? 0 : text === 'max' ? Number.MAX_SAFE_INTEGER : Number(text);
        if (Number.isNaN(value)) throw this.#error('not a number', line);
        return value;
      }
    }
  }

  #range(text: string, outer: VersionRange, line: Line): VersionRange {
    const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
    if (match === null) throw this.#error('not a version range', line);
    const from = Number(match[1]);
    const to = match[2] === '+' ? outer.to : match[3] === undefined ? from : Number(match[3]);
    const range = intersect({ from, to }, outer);
    if (isEmptyRange(range) || range.from !== from || range.to !== to) {
      throw this.#error('versions outside of what they stand in', line);
    }
    return range;
  }

  #peek(): Line | undefined {
    return this.#lines[this.#next];
  }

  #take(): Line {
    const line = this.#lines[this.#next++];
    if (line === undefined) throw this.#error('unexpected end', undefined);
    return line;
  }

  #error(reason: string, line: Line | undefined): SchemaError {
    return new SchemaError(this.#file, line, reason);
  }
}

/**
 * Interfaces of one file must not share a name: a struct that occurs in both messages, or like a message or a global type,
 * gets its message's name in front.
 */
export function nameStructs(messages: readonly MessageSchema[], reserved: ReadonlySet<string>): void {
  const count = new Map<string, number>();
  for (const struct of messages.flatMap((message) => message.structs)) {
    count.set(struct.name, (count.get(struct.name) ?? 0) + 1);
  }
  for (const message of messages) {
    for (const struct of message.structs) {
      if (struct === message.root) continue;
      if (count.get(struct.name)! > 1 || reserved.has(struct.name))
        struct.typeName = message.name + struct.name;
    }
  }
}
