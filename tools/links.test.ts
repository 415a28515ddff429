import assert from 'node:assert/strict';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brokenLinks } from './links.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const INSTALLED = ['node_modules', '.cache', 'data'];

test('every relative link in the documents leads somewhere', () => {
  const pages = globSync('**/*.md', {
    cwd: root,
    exclude: (name) => INSTALLED.includes(name) || INSTALLED.some((folder) => name.endsWith(`/${folder}`)),
  });
  assert.ok(pages.includes('README.md') && pages.includes('docs/README.md'), 'the documents were found');
  assert.deepEqual(brokenLinks(root, pages), []);
});

test('missing files, missing headings and ways out of the project are found; code and the web are left alone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'moldau-links-'));
  try {
    mkdirSync(join(folder, 'docs'));
    writeFileSync(
      join(folder, 'docs', 'there.md'),
      '# One `thing`, twice\n\n```\n# no heading\n```\n\n# 두 번째\n',
    );
    const good = [
      'docs/there.md',
      'docs/',
      'docs/there.md#one-thing-twice',
      'docs/there.md#두-번째',
      'https://example.org/x',
    ];
    const bad = ['docs/gone.md', 'docs/there.md#no-heading', '../outside.md', '/docs/there.md', '#nowhere'];
    const text = [...good, ...bad].map((link) => `[text](${link})`).join('\n');
    writeFileSync(
      join(folder, 'page.md'),
      `# Page\n\n${text}\n[own](#page)\n\n    \`[code](gone.md)\`\n\n[ref]: gone-too.md\n`,
    );
    assert.deepEqual(
      brokenLinks(folder, ['page.md']).map((problem) => problem.split(': ')[1]),
      [...bad, 'gone-too.md'],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
