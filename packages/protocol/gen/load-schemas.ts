/** Reads every file of schemas/ into the model, in a fixed order: APIs by key, then headers and records by name. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nameStructs, parseSchema } from './parse-schema.ts';
import type { ApiSchema, SchemaFile } from './schema.ts';

/** Names that the generated files import or that are global types they use. */
const RESERVED: ReadonlySet<string> = new Set([
  'Reader',
  'Writer',
  'Codec',
  'UnknownTaggedField',
  'Partial',
  'Object',
]);

export interface NamedSchema {
  /** Path below schemas/ without the ending, e.g. `produce` or `records/offset-commit`: the generated file's path too. */
  readonly path: string;
  readonly schema: SchemaFile;
}

export function loadSchemas(): NamedSchema[] {
  const root = fileURLToPath(new URL('../schemas/', import.meta.url));
  const named = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.schema'))
    .map((path): NamedSchema => {
      const schema = parseSchema(path, readFileSync(root + path, 'utf8'));
      nameStructs(schema.messages, RESERVED);
      return { path: path.slice(0, -'.schema'.length), schema };
    });
  return named.sort((a, b) => rank(a.schema) - rank(b.schema) || (a.path < b.path ? -1 : 1));
}

export function apiSchemas(named: readonly NamedSchema[]): ApiSchema[] {
  return named.map(({ schema }) => schema).filter((schema) => schema.kind === 'api');
}

function rank(schema: SchemaFile): number {
  return schema.kind === 'api' ? schema.key : 1_000_000;
}
