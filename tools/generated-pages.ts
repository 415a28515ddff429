// Writes the sections of the documents that follow from the code (part of `npm run gen`). With --check nothing is written: exit status 1
// if a page is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_SECTIONS } from './api-table.ts';
import { replaceSection } from './replace-section.ts';
import { SETTINGS_SECTIONS } from './settings-tables.ts';
import { STORAGE_SECTIONS } from './storage-limits.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PAGES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  'docs/configuration.md': SETTINGS_SECTIONS,
  'docs/compatibility.md': API_SECTIONS,
  'docs/operations.md': STORAGE_SECTIONS,
};

const onlyCheck = process.argv.includes('--check');
for (const [path, sections] of Object.entries(PAGES)) {
  const before = readFileSync(join(root, path), 'utf8');
  let after = before;
  for (const [name, render] of Object.entries(sections)) after = replaceSection(after, name, render());
  if (after === before) continue;
  if (onlyCheck) {
    process.stdout.write(`${path} is out of date\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(root, path), after);
    process.stdout.write(`${path} written\n`);
  }
}
