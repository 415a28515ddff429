/**
 * `npm run gen`: writes packages/protocol/src/generated/ from schemas/. With `--check` it writes nothing and exits with 1
 * when a file there differs from what it would write, is missing, or has no schema.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { emitApis } from './emit-apis.ts';
import { emitErrors } from './emit-errors.ts';
import { emitFile } from './emit-file.ts';
import { formatCode } from './format-code.ts';
import { apiSchemas, loadSchemas } from './load-schemas.ts';

const output = fileURLToPath(new URL('../src/generated/', import.meta.url));
const check = process.argv.includes('--check');

const wanted = await generate();
const present = new Set(filesBelow(output));
const stale = [...wanted].filter(
  ([path, text]) => !present.has(path) || readFileSync(output + path, 'utf8') !== text,
);
const orphans = [...present].filter((path) => !wanted.has(path));

if (check) {
  for (const [path] of stale) console.error(`src/generated/${path} is not what the schemas say: npm run gen`);
  for (const path of orphans) console.error(`src/generated/${path} has no schema: npm run gen`);
  process.exitCode = stale.length + orphans.length > 0 ? 1 : 0;
} else {
  for (const [path, text] of stale) {
    mkdirSync(dirname(output + path), { recursive: true });
    writeFileSync(output + path, text);
  }
  for (const path of orphans) rmSync(output + path);
  console.log(`${wanted.size} files, ${stale.length} written, ${orphans.length} removed`);
}

/** Every file's text by its path below src/generated/. */
async function generate(): Promise<Map<string, string>> {
  const schemas = loadSchemas();
  const files = new Map<string, string>();
  for (const { path, schema } of schemas) {
    if (schema.messages.length > 0) files.set(`${path}.ts`, emitFile(path, schema));
  }
  files.set('apis.ts', emitApis(apiSchemas(schemas)));
  files.set('errors.ts', emitErrors(readFileSync(new URL('../schemas/errors.txt', import.meta.url), 'utf8')));
  await Promise.all([...files].map(async ([path, text]) => files.set(path, await formatCode(path, text))));
  return files;
}

function filesBelow(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/').slice(output.length).replace(/^\/+/, ''),
    );
}
