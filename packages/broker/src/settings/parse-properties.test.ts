import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseProperties } from './parse-properties.ts';

const entries = (text: string): Record<string, string> =>
  Object.fromEntries(parseProperties(text).entries.map(({ key, value }) => [key, value]));

describe('a .properties file', () => {
  const cases: readonly [string, string, Record<string, string>][] = [
    [
      'separates by =, : or blanks, with blanks around',
      'a=1\nb:2\nc 3\n d = 4 \ne\t:\t5\nf',
      { a: '1', b: '2', c: '3', d: '4 ', e: '5', f: '' },
    ],
    [
      'takes only the first separator',
      'a==1\nb = :2\nlisteners=PLAINTEXT://:9092',
      { a: '=1', b: ':2', listeners: 'PLAINTEXT://:9092' },
    ],
    [
      'leaves out comments and blank lines',
      '# a=1\n  ! b=2\n\n \t\nc=3 # not a comment',
      { c: '3 # not a comment' },
    ],
    [
      'joins lines, without the blanks at the beginning of the next',
      'a=1,\\\n   2,\\\r\n\t3\nb=4',
      { a: '1,2,3', b: '4' },
    ],
    ['does not join after an escaped backslash', 'a=C:\\\\\nb=1', { a: 'C:\\', b: '1' }],
    ['goes on with a line that looks like a comment', 'a=1\\\n#2', { a: '1#2' }],
    [
      'knows the escapes',
      'a=\\t\\n\\r\\f\\\\\\q\nk\\ 1\\=x=v\nu=\\u00e4\\u20AC',
      { a: '\t\n\r\f\\q', 'k 1=x': 'v', u: 'ä€' },
    ],
    ['ends at a backslash at the end', 'a=1\\', { a: '1' }],
    ['lets the last of two win', 'a=1\na=2', { a: '2' }],
  ];
  for (const [what, text, expected] of cases) {
    it(what, () => assert.deepEqual(entries(text), expected));
  }

  it('reports a unicode escape that is none, with its line', () => {
    assert.deepEqual(parseProperties('a=1\nb=\\u12x4').problems, [
      'line 2: "\\u12x4" is not a unicode escape (a backslash, u and four hexadecimal digits)',
    ]);
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\\', '=', ':', ' ', '\n', '\r', '#', 'u', 'a', '0', '\t') }),
        (text) => void parseProperties(text),
      ),
    );
  });

  it('gives back what was escaped', () => {
    const escape = (text: string): string =>
      text.replace(/[^a-z0-9]/gu, (c) =>
        [...Array(c.length).keys()]
          .map((i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`)
          .join(''),
      );
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (key, value) => {
          const [entry] = parseProperties(`${escape(key)} = ${escape(value)}\n`).entries;
          assert.deepEqual([entry?.key, entry?.value], [key, value]);
        },
      ),
    );
  });
});
