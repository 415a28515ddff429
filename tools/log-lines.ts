// Finds what the sources write to the log as warnings and errors, so that a test can ask whether the documents explain each line.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A message and the file that writes it. Of a template only the longest fixed part. */
export interface LogLine {
  readonly file: string;
  readonly message: string;
}

const CALL = /\b(?:#?logger)\??\.(?:warn|error|fatal)\(/g;
const LITERAL = /'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g;

export function logLines(root: string): LogLine[] {
  const files = globSync('packages/*/src/**/*.ts', { cwd: root }).filter(
    (file) => !file.endsWith('.test.ts') && !file.includes('/testing/'),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const calls = [...text.matchAll(CALL)].filter(({ index }) => !isComment(text, index));
    return calls.flatMap((call) => {
      const message = lastLiteral(argumentsFrom(text, call.index + call[0].length));
      return message === undefined ? [] : [{ file, message }];
    });
  });
}

function isComment(text: string, at: number): boolean {
  return /^\s*(?:\/\/|\/?\*)/.test(text.slice(text.lastIndexOf('\n', at) + 1, at));
}

/** The source text up to the parenthesis that ends the call. */
function argumentsFrom(text: string, begin: number): string {
  let depth = 1;
  let at = begin;
  for (; at < text.length && depth > 0; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
  }
  return text.slice(begin, at - 1);
}

function lastLiteral(source: string): string | undefined {
  const last = [...source.matchAll(LITERAL)].at(-1);
  if (last === undefined) return undefined;
  const [, plain, template = ''] = last;
  if (plain !== undefined) return plain;
  return template
    .split(/\$\{[^}]*\}/)
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '');
}
