import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingFiles } from './named-files.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test('every source file that a document names is there', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', 'bench/*.md', 'test/*/*.md'], { cwd: root });
  assert.ok(pages.length > 20, 'the documents were found');
  assert.deepEqual(missingFiles(root, pages), []);
});

test('a name is looked for by the end of its path; stand-ins are left alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moldau-names-'));
  try {
    mkdirSync(join(folder, 'packages', 'a', 'src', 'log'), { recursive: true });
    writeFileSync(join(folder, 'packages', 'a', 'src', 'log', 'tail.ts'), '');
    writeFileSync(
      join(folder, 'page.md'),
      'Read `log/tail.ts`, tail.ts and `src/log/tail.ts`; write `handlers/NAME.ts` and `x.test.ts`.\nNot `og/tail.ts`, not gone.mjs, not `log/gone.ts`.\n',
    );
    assert.deepEqual(missingFiles(folder, ['page.md']), [
      'page.md: og/tail.ts',
      'page.md: gone.mjs',
      'page.md: log/gone.ts',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
