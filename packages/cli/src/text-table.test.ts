import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesText, textTable } from './text-table.ts';

test('columns are as wide as they have to be, numbers to the right', () => {
  assert.equal(
    textTable(
      ['topic', 'n'],
      [
        ['orders', '5'],
        ['a', '1000'],
      ],
    ),
    'topic      n\norders     5\na       1000\n',
  );
});

test('sizes in the unit that leaves few digits', () => {
  assert.deepEqual([0, 999, 1000, 15_400, 3_000_000, 7.25e14].map(bytesText), [
    '0 B',
    '999 B',
    '1.0 kB',
    '15 kB',
    '3.0 MB',
    '725 TB',
  ]);
});
