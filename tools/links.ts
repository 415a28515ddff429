// Checks the relative links of Markdown pages: the file is there, and so is the heading, if one is named.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const OUTSIDE = /^[a-z][a-z0-9+.-]*:/i;

/** Each broken link of the pages (paths relative to `root`), as `page: link: why`. */
export function brokenLinks(root: string, pages: readonly string[]): string[] {
  const problems: string[] = [];
  for (const page of pages) {
    for (const link of linksOf(readFileSync(join(root, page), 'utf8'))) {
      const problem = OUTSIDE.test(link) ? undefined : linkProblem(root, page, link);
      if (problem !== undefined) problems.push(`${page}: ${link}: ${problem}`);
    }
  }
  return problems;
}

function linkProblem(root: string, page: string, link: string): string | undefined {
  const [path = '', heading] = link.split('#', 2);
  const target = path === '' ? join(root, page) : resolve(join(root, dirname(page)), decodeURI(path));
  if (path.startsWith('/') || relative(root, target).startsWith('..')) return 'leads out of the project';
  if (!existsSync(target)) return 'there is no such file';
  if (heading === undefined || statSync(target).isDirectory()) return undefined;
  return headingsOf(readFileSync(target, 'utf8')).has(decodeURI(heading))
    ? undefined
    : 'there is no such heading';
}

/** Without code: examples are no links, and a `#` there is no heading. */
function prose(page: string): string {
  return page
    .replaceAll(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => 'x'.repeat(code.length));
}

function linksOf(page: string): string[] {
  const text = prose(page);
  const inline = text.matchAll(/\]\(\s*<?([^\s)>]+)>?[^)]*\)/g);
  const defined = text.matchAll(/^\[[^\]]+\]:\s+<?([^\s>]+)>?/gm);
  return [...inline, ...defined].map((match) => match[1] ?? '').filter((link) => link !== '');
}

/** The names that a page's headings have in links, as GitHub makes them. */
function headingsOf(page: string): ReadonlySet<string> {
  const withoutFences = page.replaceAll(/^(`{3,}|~{3,})[\s\S]*?^\1/gm, '');
  const seen = new Map<string, number>();
  const names = new Set<string>();
  for (const [, title = ''] of withoutFences.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const name = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    names.add(count === 0 ? name : `${name}-${count}`);
  }
  return names;
}
