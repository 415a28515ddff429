import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { logLines } from './log-lines.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test('docs/operations.md says of every warning and error what it means', () => {
  const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8');
  const lines = logLines(root);
  assert.ok(lines.length > 10, 'the lines were found');
  const missing = lines.filter(({ message }) => !page.includes(message.replace(/[:\s]+$/, '')));
  assert.deepEqual(missing, []);
});
