import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdownTable, replaceSection } from './replace-section.ts';

test('only the named section changes, and writing it again changes nothing', () => {
  const page =
    'before\n<!-- generated: a -->\nold\n<!-- end of generated: a -->\nafter\n<!-- generated: b -->\n<!-- end of generated: b -->\n';
  const once = replaceSection(page, 'a', 'new\n');
  assert.equal(once, page.replace('\nold\n', '\n\nnew\n\n'));
  assert.equal(replaceSection(once, 'a', 'new'), once);
});

test('a page without the section is refused, as is one whose section does not end', () => {
  assert.throws(() => replaceSection('page\n', 'a', ''), /there is no section "<!-- generated: a -->"/);
  assert.throws(() => replaceSection('<!-- generated: a -->\n', 'a', ''), /there is no section/);
});

test('a table has a line of heads, and no cell ends early', () => {
  assert.equal(markdownTable(['x', 'y'], [['1|2', '3']]), '| x | y |\n| --- | --- |\n| 1\\|2 | 3 |');
});
