/** Every generated codec beside its schema, for tests that go over all of them. */

import type { Codec } from '../src/codec.ts';
import { codecName } from './emit-types.ts';
import type { StructValue } from './interpreter.ts';
import { loadSchemas } from './load-schemas.ts';
import { type MessageSchema, versionsOf } from './schema.ts';

export interface CodecUnderTest {
  readonly message: MessageSchema;
  readonly codec: Codec<StructValue>;
  readonly versions: readonly number[];
}

export async function generatedCodecs(): Promise<CodecUnderTest[]> {
  const all: CodecUnderTest[] = [];
  for (const { path, schema } of loadSchemas()) {
    if (schema.messages.length === 0) continue;
    const module = (await import(`../src/generated/${path}.ts`)) as Record<string, Codec<StructValue>>;
    for (const message of schema.messages) {
      all.push({ message, codec: module[codecName(message)]!, versions: versionsOf(message.versions) });
    }
  }
  return all;
}
