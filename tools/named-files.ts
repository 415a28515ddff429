// Checks the source files that documents name without linking them (`partition/find-offset.ts`): a file with that path, or with a path
// that ends so, has to be there. What moves or is renamed is then mended in the documents too.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const NAMED = /(?<![\w./@*-])(?:[\w-]+\/)*[\w.-]+\.(?:ts|mjs)\b(?!\.)/g;
/** Stand-ins in instructions, and what the reader is told to write: `x.test.ts`, `NAME.ts`, `hello.mjs`. */
const STAND_IN = /(?:^|\/)(?:x|hello|[A-Z]+)(?:\.test)?\.\w+$/;

/** Each name that leads nowhere, as `page: name`. */
export function missingFiles(root: string, pages: readonly string[]): string[] {
  const files = globSync('{packages,tools,bench,test}/**/*.{ts,mjs}', {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name.endsWith('/node_modules'),
  }).map((file) => `/${file}`);
  return pages.flatMap((page) =>
    [...new Set(readFileSync(join(root, page), 'utf8').match(NAMED))]
      .filter((name) => !STAND_IN.test(name) && !files.some((file) => file.endsWith(`/${name}`)))
      .map((name) => `${page}: ${name}`),
  );
}
