// Sections of a Markdown page that a program writes, between two comments that readers do not see:
//
//   <!-- generated: NAME -->
//   ...
//   <!-- end of generated: NAME -->

/** The page with the section's content replaced. @throws Error when the page has no such section */
export function replaceSection(page: string, name: string, content: string): string {
  const begin = `<!-- generated: ${name} -->\n`;
  const end = `<!-- end of generated: ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`there is no section "${begin.trim()}" ... "${end}"`);
  return `${page.slice(0, from + begin.length)}\n${content.trim()}\n\n${page.slice(to)}`;
}

/** A table from its heads and rows. A `|` in a cell is escaped. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
