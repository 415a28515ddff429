// Java's .properties format, as in server.properties:
//
//   # a comment, ! another               key = value     key: value     key value
//   listeners = PLAINTEXT://:9092,\      a backslash at the end of a line goes on with the next, its leading blanks left out
//       PLAINTEXT://:9093
//   path = C:\\data  tab = \t  umlaut = \u00e4  key\ with\ blanks = 1
//
// Must stay true: total. Any text gives entries; a unicode escape that is none is the only thing reported.

export interface PropertiesEntry {
  readonly key: string;
  readonly value: string;
  /** From 1: where the entry begins. */
  readonly line: number;
}

export interface ParsedProperties {
  /** In the order of the file; a key may come more than once, and then the last one counts. */
  readonly entries: readonly PropertiesEntry[];
  readonly problems: readonly string[];
}

export function parseProperties(text: string): ParsedProperties {
  const entries: PropertiesEntry[] = [];
  const problems: string[] = [];
  for (const { content, line } of logicalLines(text)) {
    const keyEnd = endOfKey(content);
    const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(content.slice(keyEnd)) as RegExpExecArray;
    const bad = (escape: string): void => {
      problems.push(
        `line ${line}: "${escape}" is not a unicode escape (a backslash, u and four hexadecimal digits)`,
      );
    };
    const key = unescape(content.slice(0, keyEnd), bad);
    const value = unescape(content.slice(keyEnd + separator[0].length), bad);
    entries.push({ key, value, line });
  }
  return { entries, problems };
}

/** Lines joined where one goes on with the next; without comments, blank lines and leading blanks. */
function* logicalLines(text: string): Generator<{ content: string; line: number }> {
  const natural = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  let index = 0;
  while (index < natural.length) {
    const line = index + 1;
    let content = withoutLeadingBlanks(natural[index] as string);
    index += 1;
    if (content === '' || content.startsWith('#') || content.startsWith('!')) {
      continue;
    }
    while (goesOn(content)) {
      content = content.slice(0, -1) + withoutLeadingBlanks(natural[index] ?? '');
      index += 1;
    }
    if (content !== '') {
      yield { content, line };
    }
  }
}

function withoutLeadingBlanks(line: string): string {
  return line.replace(/^[ \t\f]+/, '');
}

/** Ends with a backslash that is not itself escaped. */
function goesOn(line: string): boolean {
  let backslashes = 0;
  while (line[line.length - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

/** Where the key ends: the first `=`, `:` or blank that is not escaped. */
function endOfKey(content: string): number {
  let at = 0;
  while (at < content.length && !/[=: \t\f]/.test(content[at] as string)) {
    at += content[at] === '\\' ? 2 : 1;
  }
  return Math.min(at, content.length);
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string, bad: (escape: string) => void): string {
  return text.replace(/\\(u[\da-fA-F]{4}|[^]|$)/g, (all, escape: string, at: number) => {
    if (escape.length === 5) {
      return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
    }
    if (escape === 'u') {
      bad(text.slice(at, at + 6));
      return all;
    }
    return ESCAPES[escape] ?? escape;
  });
}
